import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy
import pytest

from gantool.api.data import Skipped
from gantool.api.specs import Component, Options, Setting
from gantool.engine.trial import try_balance
from gantool.errors import PluginError
from gantool.plugins import host as host_module
from gantool.plugins.adapt import adapt
from gantool.plugins.built_check import check_built
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen


class Loss:
    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any: ...
    def generator(self, real_logits: Any, fake_logits: Any) -> Any: ...


def loss_with(boundary: Any) -> Loss:
    loss = Loss()
    vars(loss).update(boundary=boundary)
    return loss


class Penalty:
    def __init__(self, weight: Any = 1.0, every: Any = 1) -> None:
        self.weight, self.every = weight, every

    def __call__(self, network: Any, real: Any, fake: Any, labels: Any) -> Any: ...


class Augmentation:
    def draw(self, n: int) -> Any: ...


class Source:
    def __init__(self, class_names: Any = (), size: Any = lambda: 0, **more: Any) -> None:
        self.class_names, self.size = class_names, size
        vars(self).update(more)

    def __len__(self) -> int:
        return self.size()

    def __getitem__(self, index: int) -> Any: ...


def plain_penalty(network: Any, real: Any, fake: Any, labels: Any) -> Any: ...


def penalty_with_attributes() -> Any:
    def penalty(network: Any, real: Any, fake: Any, labels: Any) -> Any: ...

    vars(penalty).update(weight=10, every=4)
    return penalty


def extractor_with(**attributes: Any) -> Any:
    def extractor(images: Any) -> Any: ...

    vars(extractor).update(attributes)
    return extractor


def wrong(kind: str, built: object) -> str:
    with pytest.raises(PluginError) as caught:
        check_built(kind, built, f"{kind.capitalize()} 'odd' of gantool-odd")
    assert str(caught.value).startswith(f"{kind.capitalize()} 'odd' of gantool-odd cannot be used: ")
    return str(caught.value)


class Comparison:
    """A metric with these attributes."""

    def __init__(self, **more: object) -> None:
        vars(self).update(more)

    def __call__(self, reals: object, samples: object) -> dict[str, float]:
        return {"a": 0.0}


@pytest.mark.parametrize(
    ("kind", "built"),
    [
        ("loss", Loss()),  # without pairs_real, which the engine takes to be no
        ("penalty", Penalty()),
        ("penalty", Penalty(numpy.float32(0.5), numpy.int64(4))),
        ("penalty", penalty_with_attributes()),
        ("penalty", plain_penalty),
        ("augmentation", Augmentation()),
        ("balance", SimpleNamespace(turn=max)),
        ("source", Source()),  # without skipped
        ("source", [1, 2]),  # without class_names
        ("source", Source(["cat", "dog"], skipped=[Skipped("a.png", "is empty")])),
        ("extractor", lambda images: ()),
        ("observer", print),
        ("metric", Comparison(uses="images", better={"a": "near"})),
    ],
)
def test_what_keeps_its_contract_passes(kind: str, built: object) -> None:
    check_built(kind, built, "it")


@pytest.mark.parametrize(
    ("kind", "built", "parts"),
    [
        (
            "loss",
            None,
            ["its factory returned nothing", "A loss needs discriminator(real_logits, fake_logits) and gen"],
        ),
        ("loss", Loss, ["its factory returned the class Loss, not an instance of it"]),
        ("loss", Augmentation(), ["it is of type Augmentation and has no discriminator and no generator."]),
        ("loss", SimpleNamespace(discriminator=max, generator=3), ["and has no generator."]),
        (
            "loss",
            SimpleNamespace(discriminator=lambda real, fake: 0, generator=lambda fake: 0),
            ["and does not take these arguments: generator(real_logits, fake_logits)."],
        ),
        (
            "penalty",
            Loss(),
            ["of type Loss and cannot be called. A penalty needs penalty(network, real, fake, labels)."],
        ),
        ("penalty", SimpleNamespace(weight=1), ["cannot be called"]),
        ("loss", loss_with("zero"), ["its boundary must be a finite number or None, not 'zero'"]),
        ("loss", loss_with(float("nan")), ["not nan"]),
        ("penalty", Penalty(weight="1"), ["its weight must be a finite number, not '1'"]),
        ("penalty", Penalty(weight=float("nan")), ["a finite number, not nan"]),
        ("penalty", Penalty(every=0), ["its every must be an integer, at least 1, not 0"]),
        ("penalty", Penalty(every=1.5), ["not 1.5"]),
        ("penalty", Penalty(every=True), ["not True"]),
        ("augmentation", lambda images: images, ["and has no draw. An augmentation needs draw(n)."]),
        ("source", object(), ["and has no __len__ and no __getitem__."]),
        ("source", SimpleNamespace(__len__=len, __getitem__=max), ["no __len__"]),  # Python looks on the class
        ("source", Source(size=lambda: -1), ["its __len__ fails (ValueError: __len__() should", "an integer, 0 or"]),
        ("source", Source(size=lambda: 2.5), ["its __len__ fails (TypeError: 'float'"]),
        ("source", Source(size=lambda: sys.exit(3)), ["its __len__ fails (it tried to end the program (exit code 3))"]),
        ("source", Source(None), ["has class_names None."]),
        ("source", Source("cat"), ["has class_names 'cat'."]),
        ("source", Source(skipped=3), ["has skipped 3. It may be left out, or is a sequence of gantool.Skipped."]),
        ("source", Source(skipped=["a.png"]), ["has skipped ['a.png']."]),
        ("source", Source(range(3)), ["has class_names range(0, 3)."]),
        ("extractor", 3, ["it is of type int and cannot be called. An extractor needs extractor(images)."]),
        ("extractor", extractor_with(style_loss=7), ["has style_loss 7. It may be left out, or is a text"]),
        (
            "style-network",
            extractor_with(stride=0),
            ["has stride 0. It may be left out, or is an integer, at least 1."],
        ),
        ("style-network", extractor_with(least_side=2.5), ["has least_side 2.5."]),
        ("style-network", extractor_with(bytes_per_pixel=-1), ["has bytes_per_pixel -1.", "or is 0 or more"]),
        ("metric", 3, ["of type int and cannot be called. A metric needs metric(reals, samples)."]),
        ("metric", Comparison(uses="pixels"), ["has uses 'pixels'. It may be left out, or is one of features, images"]),
        ("metric", Comparison(better={"a": "up"}), ["has better {'a': 'up'}.", "one of lower, higher, near"]),
        ("metric", Comparison(better={"a": ["up"]}), ["has better {'a': ['up']}."]),
        ("metric", Comparison(read=lambda values: ""), ["not take these arguments: read(values, reference)."]),
        ("balance", SimpleNamespace(turn=max, observe=lambda: 0), ["not take these arguments: observe(seen)."]),
        ("loss", SimpleNamespace(discriminator=max, generator=max, advance=3), ["arguments: advance(images_seen)."]),
        ("source", Source(batch=32), ["does not take these arguments: batch(start, stop)."]),
        ("observer", lambda: None, ["does not take these arguments: observer(event)."]),
    ],
)
def test_what_is_missing_is_named(kind: str, built: object, parts: list[str]) -> None:
    text = wrong(kind, built)
    assert all(part in text for part in parts), text


class Bare:
    """A penalty without weight and every, and a source without class_names."""

    def __init__(self, options: Options, **shape: int) -> None: ...
    def __call__(self, network: Any, real: Any, fake: Any, labels: Any) -> Any: ...
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any: ...


def test_what_a_class_of_ones_own_leaves_out_has_its_default_once_it_is_built() -> None:
    spec = Component("bare", "Bare", Options, f"{__name__}:Bare")
    penalty = Chosen("penalty", spec, Options(), "gantool-odd").build()
    assert (penalty.side, penalty.weight, penalty.every) == ("discriminator", 1.0, 1)
    assert Chosen("source", spec, Options(), "gantool-odd").build(resolution=8, channels=3).class_names == ()


def test_a_balance_that_observes_nothing_is_tried_and_played() -> None:
    balance = adapt("balance", SimpleNamespace(turn=lambda: (True, False)), "taking-turns", "it")
    try_balance(balance, "it")
    assert balance.learning_rate_scales == (1.0, 1.0)


def build_nothing(options: Options) -> None: ...


def build_raiser(options: Options) -> Any:
    class Raiser(Penalty):
        weight = property(fail)

        def __init__(self) -> None: ...

    return Raiser()


def fail(thing: object) -> None:
    raise ZeroDivisionError("in a property")


@pytest.mark.parametrize(
    ("kind", "factory", "text"),
    [
        ("observer", build_nothing, r"Observer 'odd' of gantool-odd cannot be used: its factory returned nothing"),
        ("penalty", build_raiser, r"Penalty 'odd' of gantool-odd failed: ZeroDivisionError: in a property"),
    ],
)
def test_building_checks_what_was_built(kind: str, factory: Callable[..., Any], text: str) -> None:
    spec = Component("odd", "Odd", Options, f"{__name__}:{factory.__name__}")
    with pytest.raises(PluginError, match=text):
        Chosen(kind, spec, Options(), "gantool-odd").build()


class Wide(Options):
    width: int | Literal["auto"] = "auto"
    depth: int = 2


def settle_oddly(options: Wide, setting: Setting) -> tuple[Wide, str]:
    return options.model_copy(update=ODD), "as is usual"


ODD: dict[str, Any] = {}


def settled(monkeypatch: pytest.MonkeyPatch, **odd: Any) -> Wide:
    monkeypatch.setitem(globals(), "ODD", odd)
    spec = Component("odd", "Odd", Wide, f"{__name__}:build_nothing", settle=f"{__name__}:settle_oddly")
    setting = Setting(resolution=32, channels=3, batch=16, images=1000, count=lambda: 100)
    answer = Chosen("architecture", spec, Wide(), "gantool-odd").resolved(setting)[0].options
    assert isinstance(answer, Wide)
    return answer


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"width": 12.5}, r"settle_oddly, returned 12\.5 for option 'width', which its options refuse"),
        ({"widht": 12}, "returned 12 for option 'widht'"),
    ],
)
def test_options_that_settle_returns_are_checked(
    monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any], words: str
) -> None:
    with pytest.raises(PluginError, match=f"^Architecture 'odd' of gantool-odd: its settle, .*{words}"):
        settled(monkeypatch, **odd)


def test_options_that_settle_returns_are_of_the_declared_type(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settled(monkeypatch, width=12.0)
    assert repr(found.width) == "12"
    assert found.model_fields_set == {"width"}


def test_every_built_in_keeps_its_contract() -> None:
    host = PluginHost(third_party=False, environ={})
    names = [
        (kind, name) for kind in ("loss", "penalty", "augmentation", "balance", "observer") for name in host.specs(kind)
    ]
    assert len(names) >= 10
    setting = Setting(resolution=32, channels=3, batch=16, images=1000, count=lambda: 100)
    for kind, name in names:
        chosen = host.resolve(kind, name)
        chosen.resolved(setting)[0].build()
    host.resolve("source", "shapes").build(resolution=8, channels=3)


PLUGIN = """
import gantool

@gantool.hookimpl
def gantool_penalties():
    return [gantool.Component("bare", "A bare function", gantool.Options, "bare_plugin:build")]

def build(options):
    penalty = lambda network, real, fake, labels: network(real, labels)
    penalty.every = 0
    return penalty

@gantool.hookimpl
def gantool_sources():
    return [gantool.Component("grey", "Eight grey pictures", gantool.Options, "bare_plugin:Grey")]

class Grey:
    class_names = skipped = ()
    def __init__(self, options, resolution, channels):
        self.shape = (channels, resolution, resolution)
    def __len__(self):
        return 8
    def __getitem__(self, index):
        import torch
        return torch.full(self.shape, 20 * index, dtype=torch.uint8), None
"""


def test_a_plugin_that_breaks_its_contract_ends_training_before_there_is_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gantool: Callable[..., Any]
) -> None:
    (tmp_path / "bare_plugin.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTOOL_PLUGINS", "bare_plugin")
    monkeypatch.setattr(host_module, "_host", None)
    ended = gantool(
        "train", "--plugins-dir", tmp_path, "--arch", "mlp", "--data", "grey", "--resolution", "8", "--images", "64",
        "--batch", "4", "--precision", "float32", "--device", "cpu", "--penalty", "bare",
    )  # fmt: skip
    assert ended.code == 1
    (line,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: Penalty 'bare' of bare_plugin cannot be used: its every must be an integer")
    assert not (tmp_path / "runs").exists()


def test_the_checks_import_no_torch() -> None:
    code = "import sys, gantool.plugins.built_check; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


class OfGenerator:
    side, weight, every = "generator", 1.0, 1

    def __call__(self, network: Any, z: Any, labels: Any) -> Any: ...


class Constraint:
    def constrain(self, network: Any) -> Any: ...


def test_the_two_other_forms_of_penalties_are_penalties_too() -> None:
    for built in (OfGenerator(), Constraint()):
        check_built("penalty", built, "Penalty 'even'")


def test_a_form_that_takes_other_arguments_or_another_side_is_explained() -> None:
    odd = Penalty()
    odd.side = "generator"  # type: ignore[attr-defined]
    assert "does not take these arguments: penalty(network, z, labels)" in wrong("penalty", odd)
    odd.side = "both"  # type: ignore[attr-defined]
    assert "its side must be discriminator, generator, discriminator weights, generator weights, not 'both'" in wrong(
        "penalty", odd
    )
    short = OfGenerator()
    short.side = "gen"
    assert wrong("penalty", short).endswith("generator weights, not 'gen'.")
    assert "does not take these arguments: constrain(network)" in wrong(
        "penalty", SimpleNamespace(constrain=lambda: None)
    )


def test_a_constraint_that_also_has_a_value_is_two_components() -> None:
    both = Penalty()
    both.constrain = lambda network: None  # type: ignore[attr-defined]
    assert "both constrain and __call__" in wrong("penalty", both)
