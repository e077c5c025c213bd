"""Files in the layouts of others: pickles of StyleGAN2-ADA's authors, and state dicts of rosinality's code.

The pickles name functions and classes that are not installed here; while one is written, stand-ins bear their names.
"""

import pickle
import re
import sys
from collections import OrderedDict
from types import ModuleType

import authors
import numpy as np
import torch

SOURCE = "raise SystemExit('the source text of a pickle was run')"


def _reconstruct_persistent_obj(meta):
    raise AssertionError("a pickle was run")


class EasyDict(dict):
    pass


class Persistent:
    """An object as `torch_utils.persistence` pickles it."""

    def __init__(self, class_name, state):
        self.meta = {
            "type": "class", "version": 6, "module_src": SOURCE, "class_name": class_name, "state": state,
        }  # fmt: skip

    def __reduce__(self):
        return _reconstruct_persistent_obj, (self.meta,), None


def dumps(value, protocol=4):
    """The pickle of a value in which the stand-ins go by the authors' names."""
    modules = {name: ModuleType(name) for name in ("torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util")}
    modules["torch_utils.persistence"]._reconstruct_persistent_obj = _reconstruct_persistent_obj
    modules["dnnlib.util"].EasyDict = EasyDict
    _reconstruct_persistent_obj.__module__, EasyDict.__module__ = "torch_utils.persistence", "dnnlib.util"
    sys.modules.update(modules)
    try:
        return pickle.dumps(value, protocol)
    finally:
        for name in modules:
            del sys.modules[name]


def network(class_name, state, clamp, architecture):
    """A network of the authors with these tensors, as their modules hold them."""
    root = empty()
    for name, tensor in state.items():
        *path, last = name.split(".")
        module = root
        for part in path:
            module = module["_modules"].setdefault(part, empty())
        buffer = last in ("w_avg", "noise_const", "resample_filter")
        module["_buffers" if buffer else "_parameters"][last] = tensor if buffer else torch.nn.Parameter(tensor)
        if last == "weight":
            linear = tensor.dim() == 2
            module["activation"] = "linear" if path[-1] in ("affine", "skip", "out") else "lrelu"
            module["weight_gain"] = np.sqrt(tensor[0].numel())
            module |= {"bias_gain": 0.01 if name.startswith("mapping.fc") else 1} if linear else {}
            module |= {} if linear else {"conv_clamp": None if path[-1] == "skip" else clamp}
        if re.fullmatch(r"(synthesis\.)?b\d+\..+", name):
            parent = root["_modules"]["synthesis"] if name.startswith("synthesis") else root
            parent["_modules"][re.search(r"b\d+", name)[0]]["architecture"] = architecture
    return as_object(class_name, root)


def empty():
    tables = {name: OrderedDict() for name in ("_parameters", "_buffers", "_modules", "_forward_hooks")}
    return {"training": False, "_non_persistent_buffers_set": set(), "_init_args": (), "_init_kwargs": {}, **tables}


def as_object(class_name, module):
    inner = ((name, as_object("Layer", one)) for name, one in module["_modules"].items())
    return Persistent(class_name, module | {"_modules": OrderedDict(inner)})


def of_authors(generator, discriminator=None, clamp=256, architecture="resnet", skip="skip"):
    """The value of one of their files."""
    value = {"training_set_kwargs": EasyDict(path="photos.zip", resolution=32), "augment_pipe": None}
    value["G_ema"] = network("Generator", generator, clamp, skip)
    if discriminator:
        value["D"] = network("Discriminator", discriminator, clamp, architecture)
        last = value["D"].meta["state"]["_modules"]["b4"].meta["state"]["_modules"]
        last["mbstd"] = Persistent("MinibatchStdLayer", empty() | {"group_size": 2, "num_channels": 1})
    return value


def of_rosinality(generator, discriminator):
    """The value of one of rosinality's files, with its names and its sides of 1."""
    value, judge = {}, {}
    for name, tensor in generator.items():
        if name.startswith("mapping.fc"):
            number, part = re.fullmatch(r"mapping\.fc(\d+)\.(.+)", name).groups()
            value[f"style.{int(number) + 1}.{part}"] = tensor
        elif name == "synthesis.b4.const":
            value["input.input"] = tensor[None]
        elif name.startswith("synthesis") and not name.endswith("resample_filter"):
            value |= rosinality_layer(*name.split(".")[1:], tensor=tensor)
    finest = max(int(name.split(".")[0][1:]) for name in discriminator if name.startswith("b"))
    value["convs.0.conv.blur.kernel"] = value["to_rgbs.0.upsample.kernel"] = authors.FILTER * 4
    ends = {"b4.conv.weight": "final_conv.0.weight", "b4.conv.bias": "final_conv.1.bias"}
    ends |= {f"b4.{ours}.{part}": f"final_linear.{n}.{part}" for n, ours in enumerate(("fc", "out")) for part in PARTS}
    ends |= {f"b{finest}.fromrgb.weight": "convs.0.0.weight", f"b{finest}.fromrgb.bias": "convs.0.1.bias"}
    places = {"conv0.weight": "conv1.0.weight", "conv0.bias": "conv1.1.bias", "conv1.weight": "conv2.1.weight"}
    places |= {"conv1.bias": "conv2.2.bias", "skip.weight": "skip.1.weight", "resample_filter": "conv2.0.kernel"}
    for name, tensor in discriminator.items():
        block, _, rest = name.partition(".")
        number = (finest // int(block[1:])).bit_length()
        judge[ends.get(name) or f"convs.{number}.{places[rest]}"] = tensor
    return {
        "g_ema": value,
        "d": judge,
        "g_optim": {"state": {0: {"step": 3}}},
        "latent_avg": generator["mapping.w_avg"],
    }


PARTS = ("weight", "bias")


def rosinality_layer(block, layer, *rest, tensor):
    level, rest = int(block[1:]).bit_length() - 3, ".".join(rest)
    if layer == "torgb":
        stem = f"to_rgbs.{level - 1}" if level else "to_rgb1"
        tensor = tensor[None] if rest == "weight" else tensor.view(1, -1, 1, 1) if rest == "bias" else tensor
        names = {"weight": "conv.weight", "bias": "bias"}
    else:
        number = 2 * level - 1 + int(layer[-1])
        if rest == "noise_const":
            return {f"noises.noise_{number}": tensor[None, None]}
        stem = f"convs.{number - 1}" if number else "conv1"
        tensor = tensor[None] if rest == "weight" else tensor.view(1) if rest == "noise_strength" else tensor
        names = {"weight": "conv.weight", "bias": "activate.bias", "noise_strength": "noise.weight"}
    return {f"{stem}.{names.get(rest) or rest.replace('affine', 'conv.modulation')}": tensor}
