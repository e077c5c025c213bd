"""The authors' networks by their equations and their names of tensors, the slow and plain way: an oracle for imports.

Weights are modulated for each sample (Karras et al. 2020, equations 1 and 3), and sizes change by zeros put between the
pixels and the filter over them (upfirdn).
"""

import math

import torch
from torch.nn import functional as F

TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
FILTER = TAPS[:, None] * TAPS


def generator_weights(widths=(6, 6, 5, 2), latent=6, layers=2, channels=3, classes=0, noise=True):
    """Weights at random for sides of 4, 8, ... of so many channels, under the authors' names."""
    state = {"mapping.w_avg": torch.randn(latent) / 5} | mapping_weights(latent, latent, layers, classes)
    state["synthesis.b4.const"] = torch.randn(widths[0], 4, 4)
    for level, width in enumerate(widths):
        side, before = 4 * 2**level, widths[max(0, level - 1)]
        block = f"synthesis.b{side}"
        state[f"{block}.resample_filter"] = FILTER
        for conv, inputs in (("conv0", before), ("conv1", width)) if level else (("conv1", width),):
            name = f"{block}.{conv}"
            state |= affine(f"{name}.affine", latent, inputs)
            state |= {f"{name}.weight": torch.randn(width, inputs, 3, 3), f"{name}.bias": torch.randn(width)}
            state[f"{name}.resample_filter"] = FILTER
            if noise:
                state |= {f"{name}.noise_const": torch.randn(side, side), f"{name}.noise_strength": torch.tensor(0.4)}
        state |= affine(f"{block}.torgb.affine", latent, width)
        state[f"{block}.torgb.weight"] = torch.randn(channels, width, 1, 1)
        state[f"{block}.torgb.bias"] = torch.randn(channels)
    return state


def discriminator_weights(widths=(6, 6, 5, 2), channels=3, classes=0, map_layers=8):
    """The same for the residual discriminator."""
    first = widths[0]
    state = mapping_weights(0, first, map_layers, classes) if classes else {}
    side = 2 ** (len(widths) + 1)
    state[f"b{side}.fromrgb.weight"] = torch.randn(widths[-1], channels, 1, 1)
    state[f"b{side}.fromrgb.bias"] = torch.randn(widths[-1])
    for level in range(1, len(widths)):
        block, (small, wide) = f"b{4 * 2**level}", (widths[level], widths[level - 1])
        state |= {f"{block}.conv0.weight": torch.randn(small, small, 3, 3), f"{block}.conv0.bias": torch.randn(small)}
        state |= {f"{block}.conv1.weight": torch.randn(wide, small, 3, 3), f"{block}.conv1.bias": torch.randn(wide)}
        state |= {f"{block}.skip.weight": torch.randn(wide, small, 1, 1), f"{block}.resample_filter": FILTER}
    state |= {"b4.conv.weight": torch.randn(first, first + 1, 3, 3), "b4.conv.bias": torch.randn(first)}
    state |= {"b4.fc.weight": torch.randn(first, first * 16), "b4.fc.bias": torch.randn(first)}
    outputs = first if classes else 1
    return state | {"b4.out.weight": torch.randn(outputs, first), "b4.out.bias": torch.randn(outputs)}


def mapping_weights(inputs, width, layers, classes):
    state = {}
    if classes:
        state = {"mapping.embed.weight": torch.randn(width, classes), "mapping.embed.bias": torch.randn(width)}
    for layer in range(layers):
        size = width if layer else inputs + (width if classes else 0)
        state[f"mapping.fc{layer}.weight"] = 100 * torch.randn(width, size)
        state[f"mapping.fc{layer}.bias"] = 10 * torch.randn(width)
    return state


def affine(name, inputs, outputs):
    return {f"{name}.weight": torch.randn(outputs, inputs), f"{name}.bias": 1 + torch.randn(outputs) / 5}


def mapped(state, z, one_hot):
    """w, or the mapped label where `z` is None."""
    parts = [] if z is None else [unit(z)]
    if "mapping.embed.weight" in state:
        parts.append(unit(dense(state, "mapping.embed", one_hot)))
    x = torch.cat(parts, dim=1)
    for layer in range(sum(name.startswith("mapping.fc") for name in state) // 2):
        x = active(dense(state, f"mapping.fc{layer}", x, 0.01))
    return x


def drawn(state, w, noise=True, clamp=None):
    """The picture of w [n, layers, d]."""
    sides = sorted(int(name.split(".")[1][1:]) for name in state if name.endswith("torgb.bias"))
    x, picture, layer = state["synthesis.b4.const"].expand(len(w), -1, -1, -1), 0, 0
    for side in sides:
        block = f"synthesis.b{side}"
        for conv in ("conv0", "conv1") if side > 4 else ("conv1",):
            name = f"{block}.{conv}"
            x = modulated(state, name, x, dense(state, f"{name}.affine", w[:, layer]), conv == "conv0", True)
            if noise and f"{name}.noise_const" in state:
                x = x + state[f"{name}.noise_const"] * state[f"{name}.noise_strength"]
            x = active(x + state[f"{name}.bias"][:, None, None], clamp)
            layer += 1
        name = f"{block}.torgb"
        style = dense(state, f"{name}.affine", w[:, layer]) / math.sqrt(x.shape[1])
        rgb = limited(modulated(state, name, x, style, False, False) + state[f"{name}.bias"][:, None, None], clamp)
        picture = rgb if side == 4 else rgb + filtered(spread(picture), 2, 1, 4.0)
    return picture


def judged(state, x, one_hot=None, clamp=None, group=4):
    """The logits [n, 1] of pictures."""
    side = x.shape[-1]
    x = active(plain(state, f"b{side}.fromrgb", x, 0), clamp)
    while side > 4:
        beside = F.conv2d(filtered(x, 1, 1)[..., ::2, ::2], gained(state[f"b{side}.skip.weight"]))
        x = active(plain(state, f"b{side}.conv0", x, 1), clamp)
        weight, bias = state[f"b{side}.conv1.weight"], state[f"b{side}.conv1.bias"]
        x = F.conv2d(filtered(x, 2, 2), gained(weight), stride=2) + bias[:, None, None]
        x = active(x, clamp) * math.sqrt(0.5) + beside * math.sqrt(0.5)
        side //= 2
    groups = x.reshape(min(group, len(x)), -1, *x.shape[1:])
    spread_of = (groups.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    more = torch.stack([spread_of[index % len(spread_of)] for index in range(len(x))])
    x = torch.cat([x, more[:, None, None, None].expand(-1, 1, 4, 4)], dim=1)
    x = active(plain(state, "b4.conv", x, 1), clamp)
    out = dense(state, "b4.out", active(dense(state, "b4.fc", x.flatten(1))))
    if one_hot is None:
        return out
    return (out * mapped(state, None, one_hot)).sum(dim=1, keepdim=True) / math.sqrt(out.shape[1])


def modulated(state, name, x, style, up, demodulate):
    drawn_samples = []
    for one, scales in zip(x, style, strict=True):
        weight = state[f"{name}.weight"] * scales[:, None, None]
        if demodulate:
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if up:
            full = F.conv2d(
                F.pad(spread(one[None]), (2, 1, 2, 1)), weight.flip(2, 3)
            )  # a convolution, not a correlation
            drawn_samples.append(filtered(full, 1, 1, 4.0))
        else:
            drawn_samples.append(F.conv2d(one[None], weight, padding=weight.shape[-1] // 2))
    return torch.cat(drawn_samples)


def spread(x):
    """A zero after each pixel, in both directions."""
    wide = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    wide[..., ::2, ::2] = x
    return wide


def filtered(x, before, after, gain=1.0):
    flat = F.pad(x, (before, after, before, after)).flatten(0, 1)[:, None]
    return F.conv2d(flat, FILTER[None, None] * gain).unflatten(0, x.shape[:2]).squeeze(2)


def plain(state, name, x, padding):
    return F.conv2d(x, gained(state[f"{name}.weight"]), state[f"{name}.bias"], padding=padding)


def gained(weight):
    return weight / math.sqrt(weight[0].numel())


def dense(state, name, x, rate=1.0):
    return x @ (gained(state[f"{name}.weight"]) * rate).T + state[f"{name}.bias"] * rate


def unit(x):
    return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()


def active(x, clamp=None):
    return limited(torch.where(x < 0, 0.2 * x, x) * math.sqrt(2), clamp)


def limited(x, clamp):
    return x if clamp is None else x.clamp(-clamp, clamp)
