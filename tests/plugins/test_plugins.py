import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from gantool.api.hookspecs import hookimpl
from gantool.api.kinds import KINDS
from gantool.api.specs import API_VERSION, Architecture, Command, Component, ImageShape, Options, option
from gantool.errors import DataError, OptionError, PluginError, UnknownNameError, UsageError
from gantool.plugins import host as host_module
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from sites import Site

GOOD = """
    import gantool

    class Blobs(gantool.Options):
        width: int = gantool.option(64, "channels at the top", ge=8)

    @gantool.hookimpl
    def gantool_architectures():
        return [gantool.Architecture("blobs", "Blobs by convolution", Blobs, "{module}:build")]

    def build(options, shape):
        return options.width * shape.resolution
"""


def loss(name: str = "odd", options: str = "gantool.Options", factory: str = "x:y", summary: str = "Odd") -> str:
    return (
        "    import gantool\n    @gantool.hookimpl\n    def gantool_losses():\n"
        f"        return [gantool.Component({name!r}, {summary!r}, {options}, {factory!r})]"
    )


def command(function: str) -> str:
    return (
        "    import gantool\n    @gantool.hookimpl\n    def gantool_commands():\n"
        f"        return [gantool.Command('odd', 'Odd', {function!r})]"
    )


LOSS_CLASS = """class Packed:
    def __init__(self, options): pass
    def discriminator(self, real_logits, fake_logits): pass
    def generator(self, real_logits, fake_logits): pass
"""
UNCHECKED_OPTIONS = """
        object.__setattr__(spec, "options", dict)
        return [spec]
"""
ODD_OPTIONS = """

    class Odd(gantool.Options):
        size: int = 1

        def model_post_init(self, context):
            print("checking")
            if self.size == 2:
                raise SystemExit(0)
            if self.size == 3:
                raise KeyError("size")
            if self.size == 4:
                raise ValueError("four is too many")
"""
BAD_DEFAULT = "type('O', (gantool.Options,), {'__annotations__': {'a': int}, 'a': gantool.option(0, '', ge=1)})"

AUTO_TYPES = "{'__annotations__': {'a': int | __import__('typing').Literal['auto']}"
LIMITED_AUTO = f"type('O', (gantool.Options,), {AUTO_TYPES}, 'a': gantool.option('auto', '', ge=1)}})"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return Site(folder)


def make_host(**environ: str) -> PluginHost:
    return PluginHost(built_ins=["gantool.builtin.losses"], environ=environ)


def named(host: PluginHost, distribution: str) -> host_module.Plugin:
    return next(plugin for plugin in host.plugins if plugin.distribution == distribution)


def test_four_broken_plugins_leave_a_good_one_and_the_built_ins_working(site: Site) -> None:
    site.add("gantool-blobs", GOOD)
    site.add("gantool-absent", "import nowhere_to_be_found")
    site.add("gantool-leaver", "raise SystemExit(3)")
    site.add("gantool-typo", "import gantool\n@gantool.hookimpl\ndef gantool_loses():\n    return []")
    site.add("gantool-raiser", "import gantool\n@gantool.hookimpl\ndef gantool_losses():\n    raise RuntimeError('no')")
    host = make_host()
    assert host.resolve("architecture", "blobs:width=8").build(ImageShape(4)) == 32
    assert "hinge" in host.specs("loss")
    errors = {plugin.distribution: plugin.error for plugin in host.plugins if plugin.status == "broken"}
    assert errors == {
        "gantool-absent": "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        "gantool-leaver": "it tried to end the program (exit code 3)",
        "gantool-typo": "it implements 'gantool_loses', which is no hook of gantool. Did you mean 'gantool_losses'?",
        "gantool-raiser": "RuntimeError: no",
    }
    assert len(host.complaints()) == 4
    assert all("\n" not in complaint for complaint in host.complaints())


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (loss(name=""), "'' cannot name a loss"),
        (loss(name="Bad name:"), "cannot name a loss"),
        (loss().replace("return [", "spec =").rstrip("]") + UNCHECKED_OPTIONS, "subclass of gantool.Options"),
        (loss(factory="no_colon"), "'module:callable'"),
        (loss(summary=""), "summary of one line"),
        ("    import gantool\n    @gantool.hookimpl\n    def gantool_losses():\n        return 3", "returned int"),
        ("    import gantool\n    @gantool.hookimpl\n    def gantool_losses():\n        pass", "returned None"),
        ("    import gantool\n    @gantool.hookimpl\n    def gantool_losses():\n        return ['x']", "not str"),
        ("    import gantool\n    @gantool.hookimpl\n    def gantool_losses(mode):\n        return []", "mode"),
        (command("x.y"), "the function of command 'odd' must be 'module:callable', not 'x.y'"),
        (loss().replace("losses", "commands"), "a spec of kind command must be a gantool.Command, not Component"),
        ("    def gantool_losses():\n        return []", "lacks the @gantool.hookimpl"),
        ("    x = 1", "implements no hook"),
        ("    gantool_api_version = 99\n" + loss(), f"interface 99, this gantool offers {API_VERSION}"),
        ("    syntax error", "SyntaxError"),
        (loss(options="type('O', (gantool.Options,), {'__annotations__': {'a': dict}})"), "cannot be written"),
        (loss(options=BAD_DEFAULT), "default of option 'a'"),
        (loss(options=LIMITED_AUTO), "limits of option 'a' of loss 'odd' cannot hold for its default 'auto'"),
    ],
)
def test_each_way_to_be_broken_is_named(site: Site, source: str, cause: str) -> None:
    site.add("gantool-odd", source)
    host = make_host()
    assert named(host, "gantool-odd").status == "broken"
    assert cause in str(named(host, "gantool-odd").error)
    with pytest.raises(PluginError, match=r"gantool-odd 1\.0 is broken") as caught:
        host.find("loss", "odd")
    assert cause in str(caught.value)


def test_a_hook_with_arguments_and_a_nested_option_are_told_in_few_words(site: Site) -> None:
    hook = "import gantool\n@gantool.hookimpl\ndef gantool_losses("
    site.add("gantool-eager", f"{hook}config):\n    return []")
    inner = "import gantool\nclass Inner(gantool.Options):\n    depth: int = 1\n"
    outer = "class Outer(gantool.Options):\n    inner: Inner = Inner()\n"
    spec = "gantool.Component('deep', 'Deep', Outer, 'gantool_deep:Deep')"
    wrapping = hook.replace("hookimpl", "hookimpl(wrapper=True)")
    site.add("gantool-wrapped", f"{wrapping}):\n    return []")
    site.add("gantool-deep", f"{inner}{outer}{hook.partition('import gantool')[2]}):\n    return [{spec}]")
    host = make_host()
    told = "a hook of it takes arguments, and hooks get none (gantool_losses(config))"
    assert named(host, "gantool-eager").error == told
    assert "not a generator function" in str(named(host, "gantool-wrapped").error)
    assert "arguments" not in str(named(host, "gantool-wrapped").error)
    assert "option 'inner' of loss 'deep' has the type Inner, which cannot" in str(named(host, "gantool-deep").error)


def test_keyboard_interrupt_while_loading_is_not_swallowed(site: Site) -> None:
    site.add("gantool-slow", "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(5)")
    with pytest.raises(KeyboardInterrupt):
        make_host()


@pytest.mark.parametrize(("then", "cause"), [("raise ImportError('no backend')", ImportError), ("pass", None)])
def test_what_a_plugin_makes_of_a_keyboard_interrupt_does_not_swallow_it(
    site: Site, then: str, cause: type[Exception] | None
) -> None:
    interrupted = "import os, signal, time\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(5)\n"
    site.add("gantool-wrapping", f"{interrupted}except BaseException:\n    {then}\n{dedent(loss())}")
    with pytest.raises(KeyboardInterrupt) as raised:
        make_host()
    assert type(raised.value.__cause__) is (cause or type(None))


@pytest.mark.parametrize("then", ["raise", "pass"])
def test_a_schedulers_signal_while_loading_is_no_fault_of_the_plugin(site: Site, then: str) -> None:
    stopped = "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGTERM)\n    print(end='')\n"
    site.add("gantool-stopped", f"{stopped}except BaseException:\n    {then}\n{dedent(loss())}")

    def terminate(number: int, frame: object) -> None:
        raise TimeoutError("stopped by the scheduler")

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        with pytest.raises(TimeoutError, match="by the scheduler"):
            make_host()
        assert signal.getsignal(signal.SIGTERM) is terminate
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_handler_that_notes_the_signal_and_goes_on_is_left_to_it(site: Site) -> None:
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        site.add("gantool-failing", "import os, signal; os.kill(os.getpid(), signal.SIGINT); raise ImportError('none')")
        assert named(make_host(), "gantool-failing").error == "ImportError: none"
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == [signal.SIGINT]


def test_a_keyboard_interrupt_of_the_plugins_own_is_its_own_affair(site: Site) -> None:
    before = signal.getsignal(signal.SIGINT)
    site.add("gantool-rude", "raise KeyboardInterrupt")
    assert named(make_host(), "gantool-rude").error == "KeyboardInterrupt"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_long_cause_is_told_in_part_and_many_of_them_by_the_first_few(site: Site) -> None:
    for number in range(5):
        site.add(f"gantool-long{number}", f"raise ValueError({'x' * 5000!r})")
    made = make_host()
    assert all(len(complaint) < 350 for complaint in made.complaints())
    assert "'gantool plugins list' shows the rest." in made.complaints()[0]
    with pytest.raises(UnknownNameError) as raised:
        made.find("loss", "nowhere")
    assert "gantool-long2 1.0 (ValueError: xx" in str(raised.value)
    assert "and 2 more ('gantool plugins list')" in str(raised.value)
    assert len(str(raised.value)) < 900


def test_a_plugin_that_prints_while_loading_leaves_standard_output_alone(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.add("gantool-loud", "    print('hello')\n" + loss())
    make_host()
    assert capsys.readouterr().out == ""


def test_damaged_metadata_of_a_stranger_is_passed_over(site: Site) -> None:
    site.add("gantool-blobs", GOOD)
    info = site.folder / "stranger-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_bytes(b"[gantool]\n\xff\xfe = = \n")
    assert "blobs" in make_host().specs("architecture")


def test_distributions_without_name_and_version_are_called_unknown_and_each_is_loaded(site: Site) -> None:
    for name in ("gantool-a", "gantool-b", "gantool-c"):
        site.add(name, loss(f"from-{name[-1]}"))
    for name in ("gantool_a", "gantool_b"):  # what an interrupted pip leaves behind
        (site.folder / f"{name}-1.0.dist-info" / "METADATA").unlink()
    (site.folder / "gantool_c-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: gantool-c\n")
    host = make_host()
    assert [host.owner("loss", name) for name in ("from-a", "from-b", "from-c")] == ["unknown", "unknown", "gantool-c"]
    assert {named(host, name).title for name in ("unknown", "gantool-c")} == {"unknown", "gantool-c"}
    assert host.complaints() == []


def test_two_distributions_may_use_one_entry_point_name(site: Site) -> None:
    site.add("gantool-a", loss("from-a"), entry="same")
    site.add("gantool-b", loss("from-b"), entry="same")
    assert {"from-a", "from-b"} <= set(make_host().specs("loss"))


def test_the_built_in_keeps_its_name_and_both_owners_are_reported(site: Site) -> None:
    site.add("gantool-mine", loss("hinge"))
    host = make_host()
    assert host.owner("loss", "hinge") == "gantool"
    assert named(host, "gantool-mine").status == "clash"
    assert named(host, "gantool-mine").provides["losses"] == ()
    (complaint,) = host.complaints()
    assert "gantool-mine" in complaint
    assert "'hinge' is ignored, because gantool 0" in complaint


def test_between_two_plugins_the_first_distribution_by_name_keeps_the_name(site: Site) -> None:
    site.add("gantool-z", loss("shared"), entry="a")
    site.add("gantool-a", loss("shared"), entry="z")
    host = make_host()
    assert host.owner("loss", "shared") == "gantool-a"
    assert "is ignored, because gantool-a 1.0" in str(named(host, "gantool-z").error)


def test_unknown_names_get_the_nearest_and_the_list(site: Site) -> None:
    site.add("gantool-dark", "import nowhere_to_be_found")
    with pytest.raises(UnknownNameError) as caught:
        make_host().find("loss", "hing")
    text = str(caught.value)
    assert "There is no loss 'hing'. Did you mean 'hinge'?" in text
    assert "There are: logistic, " in text
    assert "Broken plugins that may have it: gantool-dark 1.0 (ModuleNotFoundError: No module named" in text
    with pytest.raises(UnknownNameError, match=r"or CycleGAN\..*Broken plugins that may have it: gantool-"):
        make_host().find("architecture", "cyclegan")
    with pytest.raises(UnknownNameError, match=r"There is no penalty 'hinge'\. Did you mean --loss hinge\?") as caught:
        make_host().find("penalty", "hinge")
    assert "--plugins-dir" not in str(caught.value)
    with pytest.raises(UsageError, match="Did you mean 'loss'"):
        make_host().find("los", "hinge")


def test_a_name_like_no_other_may_come_from_a_plugin_that_is_not_here() -> None:
    with pytest.raises(UnknownNameError) as caught:
        make_host().find("architecture", "flat")
    assert "install its distribution, or name its folder with --plugins-dir or GANTOOL_PLUGINS_DIR." in str(
        caught.value
    )


def test_the_environment_allows_and_blocks_plugins(site: Site) -> None:
    site.add("gantool-a", loss("from-a"))
    site.add("gantool-b", loss("from-b"), entry="second")
    third_party = {"from-a", "from-b"}

    def provided(**environ: str) -> set[str]:
        return third_party & set(make_host(**environ).specs("loss"))

    assert provided() == third_party
    assert provided(GANTOOL_PLUGINS="") == set()
    assert provided(GANTOOL_PLUGINS="gantool-a") == provided(GANTOOL_PLUGINS="x, A") == {"from-a"}
    assert provided(GANTOOL_BLOCK_PLUGINS="second") == provided(GANTOOL_BLOCK_PLUGINS="gantool_b") == {"from-a"}
    host = make_host(GANTOOL_PLUGINS="")
    assert "hinge" in host.specs("loss")
    assert host.complaints() == []
    with pytest.raises(PluginError, match=r"gantool-a 1\.0 is blocked .GANTOOL_PLUGINS does not name it"):
        host.find("loss", "a")


def test_what_a_plugin_of_this_project_brings_is_not_told_to_be_missing_while_it_is_blocked(
    site: Site, gantool
) -> None:
    site.add("gantool-stylegan2", loss("from-a"))
    with host_module.using(make_host(GANTOOL_PLUGINS="")):
        for arguments in (("mix",), ("plugins", "show", "mix"), ("plugins", "show", "mix", "--kind", "command")):
            said = " ".join(gantool(*arguments).err.split())
            assert "plugin gantool-stylegan2 1.0 is blocked (GANTOOL_PLUGINS does not name it)" in said, said


def test_a_folder_without_code_takes_no_name_from_a_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work" / "named_like_a_run" / "samples").mkdir(parents=True)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "named_like_a_run.py").write_text(dedent(loss("of_the_file")))
    monkeypatch.syspath_prepend(str(tmp_path / "work"))  # as the working directory is by python -m
    host = make_host(GANTOOL_PLUGINS_DIR=str(tmp_path / "plugins"))
    assert host.complaints() == []
    assert named(host, "named_like_a_run").status == "ok"


def test_a_folder_of_files_and_packages_is_a_folder_of_plugins(tmp_path: Path) -> None:
    (tmp_path / "blobs_file.py").write_text(dedent(GOOD).replace("{module}", "blobs_file"))
    package = tmp_path / "blobs_package"
    package.mkdir()
    (package / "__init__.py").write_text(dedent(loss("packed", factory="blobs_package.heavy:Packed")))
    (package / "heavy.py").write_text(LOSS_CLASS)
    (tmp_path / "_private.py").write_text("raise RuntimeError")
    (tmp_path / "json.py").write_text("raise RuntimeError")
    (tmp_path / "notes.txt").write_text("")
    host = make_host(GANTOOL_PLUGINS_DIR=str(tmp_path))
    assert host.resolve("architecture", "blobs").build(ImageShape(2)) == 128
    assert type(host.resolve("loss", "packed").build()).__name__ == "Packed"
    assert named(host, "blobs_file").origin == str(tmp_path / "blobs_file.py")
    assert "another module is named 'json'" in str(named(host, "json").error)
    before = len(host.plugins)
    host.load_folder(tmp_path)
    assert len(host.plugins) == before
    assert json.loads("1") == 1


def test_a_module_beside_a_plugin_of_a_folder_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "stripes.py").write_text(dedent(loss("striped", factory="_stripes_impl:Stripes")))
    (tmp_path / "_stripes_impl.py").write_text("def Stripes(options): pass")
    (tmp_path / "spots.py").write_text("import _stripes_impl")
    (tmp_path / "lines.py").write_text(dedent(loss("lined", factory="nowhere_to_be_found:Lines")))
    packed = tmp_path / "packed_stripes"
    packed.mkdir()
    (packed / "__init__.py").write_text(dedent(loss("packed", factory="_packed_impl:Stripes")))
    (packed / "_packed_impl.py").write_text("def Stripes(options): pass")
    host = make_host(GANTOOL_PLUGINS_DIR=str(tmp_path))
    words = r"No module named '{0}'\)\. .*with {1}/__init__\.py and {1}/{0}\.py, and call this module {1}\.{0}\."
    with pytest.raises(PluginError, match=words.format("_stripes_impl", "stripes")):
        host.resolve("loss", "striped").build()
    with pytest.raises(PluginError, match=words.format("_packed_impl", "packed_stripes")):
        host.resolve("loss", "packed").build()
    with pytest.raises(PluginError, match=r"No module named 'nowhere_to_be_found'\)\.$"):
        host.resolve("loss", "lined").build()
    error = str(named(host, "spots").error)
    assert "No module named '_stripes_impl'. Python does not look for modules in" in error
    assert error.endswith("call this module spots._stripes_impl")
    assert str(tmp_path) not in sys.path


def test_a_plugin_folder_may_lie_on_the_path_of_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "on_path_plugin.py").write_text(dedent(loss("on-path")))
    monkeypatch.syspath_prepend(tmp_path)  # as with `python -m gantool` in that folder
    host = make_host(GANTOOL_PLUGINS_DIR=str(tmp_path))
    assert named(host, "on_path_plugin").error is None
    assert "on-path" in host.specs("loss")


def test_a_missing_plugin_folder_is_an_error_and_in_the_environment_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no plugin folder"):
        make_host().load_folder(tmp_path / "absent")
    (complaint,) = make_host(GANTOOL_PLUGINS_DIR=str(tmp_path / "absent")).complaints()
    assert "no plugin folder" in complaint


def test_two_folders_with_plugins_of_one_name_keep_the_first(tmp_path: Path) -> None:
    for folder, name in (("one", "first"), ("two", "second")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twin_plugin.py").write_text(dedent(loss(name, factory="twin_plugin:gantool_losses")))
    host = make_host(GANTOOL_PLUGINS_DIR=os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")]))
    assert "first" in host.specs("loss")
    assert "second" not in host.specs("loss")
    assert "another module is named 'twin_plugin'" in host.complaints()[0]
    assert "second" in make_host(GANTOOL_PLUGINS_DIR=str(tmp_path / "two")).specs("loss")


class Sized(Options):
    size: int = option(3, "how many", ge=1)


def make_sized(options: Sized, *more: int) -> tuple[int, ...]:
    return (options.size, *more)


def fail_with(error: Exception) -> None:
    raise error


def raise_data_error(options: Sized) -> None:
    fail_with(DataError("no pictures"))


def raise_zero_division(options: Sized) -> None:
    fail_with(ZeroDivisionError("division by zero"))


def print_and_leave(options: Sized) -> None:
    print("good bye")
    raise SystemExit(0)


def print_a_shape(options: Sized) -> ImageShape:
    print("hello")
    return ImageShape(options.size)


def chosen(place: str, distribution: str = "gantool-x", *, kind: str = "architecture") -> Chosen:
    factory = f"{__name__}:{place}" if ":" not in place else place
    return Chosen(kind, Component("sized", "Sized", Sized, factory, natural=factory), Sized(size=2), distribution)


def test_build_calls_the_factory_with_the_options_first() -> None:
    assert chosen("make_sized").build(7) == (2, 7)
    assert chosen("make_sized").text == "sized:size=2"
    assert chosen("print_a_shape").natural() == ImageShape(2)
    plain = Component("sized", "Sized", Sized, f"{__name__}:make_sized")
    assert Chosen("source", plain, Sized(), "gantool-x").natural() is None


@pytest.mark.parametrize("place", ["nowhere_at_all:build", "missing", "Sized.model_config"])
def test_a_factory_that_cannot_be_imported_or_called_names_place_and_distribution(place: str) -> None:
    with pytest.raises(PluginError, match="Architecture 'sized' of gantool-x cannot be used") as caught:
        chosen(place).build()
    assert chosen(place).spec.factory in str(caught.value)


def test_what_a_factory_raises_is_told_in_a_sentence_unless_it_is_one_already() -> None:
    with pytest.raises(DataError, match="no pictures"):
        chosen("raise_data_error").build()
    with pytest.raises(PluginError, match=r"gantool-x failed in .*ZeroDivisionError: division by zero"):
        chosen("raise_zero_division").build()
    with pytest.raises(ZeroDivisionError):
        chosen("raise_zero_division", "gantool").build()


def test_a_factory_that_prints_leaves_standard_output_alone_and_none_ends_the_program(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(PluginError, match=r"it tried to end the program .exit code 0."):
        chosen("print_and_leave").build()
    chosen("print_a_shape").natural()
    package = tmp_path / "loud_plugin"
    package.mkdir()
    (package / "__init__.py").write_text(dedent(loss("loud", factory="loud_plugin.heavy:Packed")))
    (package / "heavy.py").write_text("print('imported')\n" + LOSS_CLASS)
    make_host(GANTOOL_PLUGINS_DIR=str(tmp_path), GANTOOL_PLUGINS="loud_plugin").resolve("loss", "loud").build()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line for line in printed.err.splitlines() if line] == ["good bye", "hello", "imported"]


def test_options_of_a_plugin_that_print_or_fail_stay_its_own_affair(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.add("gantool-odd", loss(options="Odd") + ODD_OPTIONS)
    host = make_host()
    assert host.resolve("loss", "odd").text == "odd:size=1"
    with pytest.raises(PluginError, match=r"Loss 'odd' of gantool-odd failed over its options: it tried to end"):
        host.resolve("loss", "odd:size=2")
    with pytest.raises(PluginError, match="KeyError"):
        host.resolve("loss", "odd:size=3")
    with pytest.raises(OptionError, match="refuses these options: four is too many"):
        host.resolve("loss", "odd:size=4")
    assert capsys.readouterr().out == ""


def test_a_natural_shape_must_be_one() -> None:
    with pytest.raises(PluginError, match=r"make_sized returned \(2,\); it must return a gantool.ImageShape"):
        chosen("make_sized", kind="source").natural()


def test_every_built_in_resolves_by_its_own_canonical_text() -> None:
    host = PluginHost(third_party=False, environ={})
    assert {plugin.status for plugin in host.plugins} == {"ok"}
    count = 0
    for kind in KINDS:
        for name, spec in host.specs(kind).items():
            if any(info.is_required() for info in spec.options.model_fields.values()):
                continue
            text = host.resolve(kind, name).text
            assert host.resolve(kind, text).options == spec.options()
            assert isinstance(spec, {"architecture": Architecture, "command": Command}.get(kind, Component))
            count += 1
    assert count > 8


def test_resolve_reports_wrong_options() -> None:
    with pytest.raises(OptionError, match="widht"):
        PluginHost(third_party=False, environ={}).resolve("architecture", "dcgan:widht=3")


def test_the_process_has_one_host_and_complains_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    site.add("gantool-dark", "import nowhere_to_be_found")
    (tmp_path / "odd_plugin.py").write_text("x = 1")
    assert host_module.host() is host_module.host()
    assert [record.message for record in caplog.records] == [named(host_module.host(), "gantool-dark").complaint]
    host_module.look_in([tmp_path])
    host_module.look_in([tmp_path])
    assert len([record for record in caplog.records if "odd_plugin" in record.message]) == 1


def test_specs_import_no_torch(site: Site) -> None:
    site.add("gantool-blobs", GOOD)
    code = (
        "import sys; from gantool.plugins.host import KINDS, host; h = host()\n"
        "assert h.specs('architecture').keys() >= {'dcgan', 'blobs'}, h.plugins\n"
        "[h.specs(kind) for kind in KINDS]\n"
        "print(sorted({'torch', 'torchvision', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    environ = {**os.environ, "PYTHONPATH": str(site.folder), "GANTOOL_PLUGINS": "gantool-blobs"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True)
    assert done.stdout.strip() == "[]"


def test_a_plugin_that_is_added_is_wanted_whatever_the_environment_says() -> None:
    class Sound:
        @hookimpl
        def gantool_losses(self) -> list[Component]:
            return [Component("added", "Something added", Options, "added:Loss")]

    made = PluginHost(built_ins=(), third_party=False, environ={"GANTOOL_PLUGINS": ""})
    made.add(Sound(), "gantool-added")
    made.add(object(), "gantool-empty")
    assert made.owner("loss", "added") == "gantool-added"
    assert [plugin.status for plugin in made.plugins] == ["ok", "broken"]
    before = host_module.host()
    with host_module.using(made):
        assert host_module.host() is made
    assert host_module.host() is before


def test_a_name_in_the_environment_that_no_plugin_has_is_told_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    site.add("gantool-rings", loss("ring"))
    (tmp_path / "mine.py").write_text("from gantool import hookimpl\n")
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.setenv("GANTOOL_PLUGINS", "ringz, mine")
    monkeypatch.setenv("GANTOOL_BLOCK_PLUGINS", "nothing-like-it")
    host_module.look_in([tmp_path])
    host_module.host()
    told = [record.message for record in caplog.records if "is called so" in record.message]
    assert told == [
        "GANTOOL_PLUGINS names 'ringz', and no plugin is called so. Did you mean 'rings'?",
        "GANTOOL_BLOCK_PLUGINS names 'nothing-like-it', and no plugin is called so.",
    ]
