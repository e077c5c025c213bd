"""Convolutions as matrix products (Chellapilla et al. 2006), which are faster on a CPU where maps are small.

Maps are `[n, h, w, c]` here, so that a window is a few stretches of memory. Sums are made inside a product, and rounded
once, as torch's own are; all is equal to those but for the order of sums.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

Maps = Float[Tensor, "n _h _w _c"]


class Convolved(torch.autograd.Function):
    """`convolved(x, weight, stride, padding)`: a convolution by a square kernel, without bias."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        """The products of windows of x and kernels."""
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return _own(_pictures(_gathered(_maps(x), weight, stride, padding), like=weight))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        """Torch's own where gradients are to be differentiated, as penalties do, or are several at once."""
        x, weight = ctx.saved_tensors
        stride, padding, wanted = ctx.stride, ctx.padding, _wanted(ctx)
        if _needs_torch(gradient):
            return *_by_torch(gradient, x, weight, stride, padding, False, wanted), None, None
        of_x = of_weight = None
        if wanted[0]:
            of_x = _pictures(_spread(_maps(gradient), weight, stride, padding, x.shape[-2:]), like=weight)
        if wanted[1]:
            of_weight = _kernels(_maps(x), _maps(gradient), weight.shape[-1], stride, padding)
        return of_x, of_weight, None, None


class Spread(torch.autograd.Function):
    """`spread(x, weight, stride, padding)`: a transposed convolution by a square kernel, without bias."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        """Each residue of the result's rows and columns by the stride is one product."""
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        height, width = ((side - 1) * stride + weight.shape[-1] - 2 * padding for side in x.shape[-2:])
        return _own(_pictures(_spread(_maps(x), weight, stride, padding, (height, width)), like=weight))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        """Torch's own where gradients are to be differentiated, or are several at once."""
        x, weight = ctx.saved_tensors
        stride, padding, wanted = ctx.stride, ctx.padding, _wanted(ctx)
        if _needs_torch(gradient):
            return *_by_torch(gradient, x, weight, stride, padding, True, wanted), None, None
        of_x = of_weight = None
        if wanted[0]:
            of_x = _pictures(_gathered(_maps(gradient), weight, stride, padding), like=weight)
        if wanted[1]:
            of_weight = _kernels(_maps(gradient), _maps(x), weight.shape[-1], stride, padding)
        return of_x, of_weight, None, None


def _wanted(ctx: Any) -> tuple[bool, bool]:
    """Which gradients this pass is made for, of x and of the weight: `needs_input_grad` is true for all that learn."""
    both = zip(ctx.needs_input_grad[:2], ctx.next_functions[:2], strict=True)
    of_x, of_weight = (needs and _is_visited(node) for needs, (node, _) in both)
    return of_x, of_weight


def _is_visited(node: Any) -> bool:
    """False for a node of the graph at which the pass does not arrive."""
    try:
        return bool(torch._C._will_engine_execute_node(node))
    except RuntimeError:  # it cannot tell of leaves while `autograd.grad` runs
        return True


def _needs_torch(gradient: Tensor) -> bool:
    """True for a gradient that is to be differentiated, and for several in one, as `is_grads_batched` has them."""
    return torch.is_grad_enabled() or torch._C._functorch.is_legacy_batchedtensor(gradient)


def _maps(pictures: Float[Tensor, "n c h w"]) -> Maps:
    return pictures.permute(0, 2, 3, 1)


def _pictures(maps: Maps, like: Tensor) -> Float[Tensor, "n _c _h _w"]:
    """Maps as pictures in the memory layout of the run, which its weights have."""
    pictures = maps.permute(0, 3, 1, 2)
    return pictures.contiguous() if like.is_contiguous() else pictures


def _own(pictures: Tensor) -> Tensor:
    """A tensor that is no view, which an activation may change in place."""
    return pictures.clone() if pictures._is_view() else pictures


def _windows(x: Maps, kernel: int, stride: int, padding: int) -> Float[Tensor, "positions values"]:
    """The values that each position of the kernel covers, in rows."""
    around = F.pad(x, (0, 0, padding, padding, padding, padding))
    n, height, width, channels = around.shape
    rows, columns = ((side - kernel) // stride + 1 for side in (height, width))
    of_n, of_row, of_column, of_channel = around.stride()
    windows = around.as_strided(
        (n, rows, columns, kernel, kernel, channels),
        (of_n, of_row * stride, of_column * stride, of_row, of_column, of_channel),
    )
    return windows.reshape(n * rows * columns, -1)


def _gathered(x: Maps, weight: Float[Tensor, "o c k k"], stride: int, padding: int) -> Maps:
    """The convolution."""
    kernel = weight.shape[-1]
    rows, columns = ((side + 2 * padding - kernel) // stride + 1 for side in x.shape[1:3])
    kernels = weight.permute(0, 2, 3, 1).reshape(len(weight), -1)
    return (_windows(x, kernel, stride, padding) @ kernels.t()).view(len(x), rows, columns, -1)


def _spread(x: Maps, weight: Float[Tensor, "c o k k"], stride: int, padding: int, size: tuple[int, int]) -> Maps:
    """The transposed convolution, of this size."""
    n, kernel, outputs = len(x), weight.shape[-1], weight.shape[1]
    if x.shape[1:3] == (1, 1) and padding == 0 and size == (kernel, kernel):  # no two kernels overlap
        return (x.reshape(n, -1) @ weight.permute(0, 2, 3, 1).reshape(len(weight), -1)).view(n, kernel, kernel, -1)
    margin = kernel // stride + 1
    around = F.pad(x, (0, 0, margin, margin, margin, margin))
    kernels = weight.permute(2, 3, 0, 1)
    result = x.new_empty((n, *size, outputs))
    for row in range(min(stride, size[0])):
        for column in range(min(stride, size[1])):
            part = result[:, row::stride, column::stride]
            first, other = (row + padding) % stride, (column + padding) % stride
            covering = [
                _shifted(around, part.shape[1:3], margin + down, margin + right)
                for down in _shifts(row, kernel, stride, padding)
                for right in _shifts(column, kernel, stride, padding)
            ]
            values = torch.cat(covering, dim=-1).view(part.shape[:3].numel(), -1)
            part.copy_((values @ kernels[first::stride, other::stride].reshape(values.shape[1], -1)).view(part.shape))
    return result


def _shifts(residue: int, kernel: int, stride: int, padding: int) -> list[int]:
    """How far the inputs that reach such rows lie after the row by its number, in the order of the kernel's rows."""
    return [(residue + padding - row) // stride for row in range((residue + padding) % stride, kernel, stride)]


def _shifted(around: Maps, size: torch.Size, down: int, right: int) -> Maps:
    """Maps of this size from there on."""
    return around[:, down:, right:][:, : size[0], : size[1]]


def _kernels(x: Maps, gradient: Maps, kernel: int, stride: int, padding: int) -> Float[Tensor, "o c k k"]:
    """The gradient of a convolution's weight, from its input and the gradient of its output."""
    outputs = gradient.shape[-1]
    values = gradient.reshape(-1, outputs).t() @ _windows(x, kernel, stride, padding)
    return values.view(outputs, kernel, kernel, -1).permute(0, 3, 1, 2)


def _by_torch(
    gradient: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int, transposed: bool, wanted: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients of input and weight, which can be differentiated again."""
    of_x, of_weight, _ = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], transposed, [0, 0], 1, [*wanted, False]
    )
    return of_x, of_weight
