import pytest

from gantool.errors import OptionError, UnknownNameError, UsageError
from gantool.plugins.host import PluginHost
from gantool.run.components import only_moved, resolve_source
from gantool.run.joined import joined_text
from gantool.run.resolve import resolve, setting_of, with_new_options

HOST = PluginHost(third_party=False, environ={})


def config(**asked):
    return resolve(HOST, {"arch": "dcgan", "device": "cpu"} | asked)


def test_the_recipe_fills_what_nobody_asked_for():
    made = resolve(HOST, {"arch": "mlp", "device": "cpu"})
    assert (made.penalty, made.weight_decay, made.betas) == ((), 8e-9, (0.5, 0.999))
    assert made.loss.startswith("lsgan:")


def test_flag_beats_file_beats_recipe(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('batch = 32\nlr = 0.001\nloss = "hinge"\n')
    made = resolve(HOST, {"arch": "mlp", "device": "cpu", "loss": "minimax", "lr_g": 0.5}, file)
    assert (made.batch, made.lr_g, made.lr_d) == (32, 0.5, 0.001)
    assert made.loss.startswith("minimax:")


def test_a_loss_beside_a_file_without_one_leaves_the_files_augmentation(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('augment = "none"\ndata = "shapes:count=60"\n')
    made = resolve(HOST, {"arch": "mlp", "device": "cpu", "loss": "minimax"}, file)
    assert (made.loss.partition(":")[0], made.augment) == ("minimax", "none")


def test_components_are_written_out_with_every_option():
    made = config(penalty=("r1:weight=2",))
    assert made.arch.startswith("dcgan:latent=100,width=64,")
    assert made.penalty == ("r1:weight=2.0,every=1",)
    assert resolve(HOST, made.model_dump()) == made


def test_a_source_for_short_runs_takes_what_the_recipe_keeps_for_them_whatever_the_length(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6 32 32 255 " + bytes(32 * 32 * 3))
    long = config(arch="mlp", data=str(tmp_path), images=1000)
    assert (long.batch, long.lr_g, long.lr_d) == (32, 4e-4, 4e-4)
    for short in (config(arch="mlp"), config(arch="mlp", images="500k")):
        assert (short.batch, short.lr_g, short.lr_d) == (16, 2e-4, 2e-4)
    assert (config(lr=3e-4).lr_g, config(batch=8).batch) == (3e-4, 8)


def test_none_drops_what_the_recipe_chose():
    assert config(penalty=("none",), augment="none").penalty == ()
    assert config(penalty=("none",), augment="none").augment == "none"
    assert config(balance="none").balance == "fixed:d_steps=1"


def test_a_resolution_the_architecture_cannot_do_lists_those_it_can():
    with pytest.raises(
        OptionError,
        match=r"--resolution 48: dcgan cannot do that size. It does 16, 28, 32, 64, 128, 256. Of any size: mlp",
    ):
        config(resolution=48)


@pytest.mark.parametrize(
    ("size", "meant"),
    [(48, "--resolution 64?"), (200, "--resolution 256?"), (1000, "--resolution 1024 with --arch progressive?")],
)
def test_a_resolution_that_none_can_do_is_told_the_nearest_that_one_can(size, meant):
    with pytest.raises(OptionError) as caught:
        config(resolution=size)
    assert str(caught.value).endswith(f"Of any size: mlp. Did you mean {meant}")


def test_without_an_architecture_it_is_dcgan_or_one_that_can_do_the_resolution():
    assert resolve(HOST, {"device": "cpu"}).arch.startswith("dcgan:")
    assert resolve(HOST, {"device": "cpu", "resolution": 512}).arch.startswith("progressive:")


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ({"arch": "dcgn"}, "dcgan"),
        ({"loss": "hing"}, "hinge"),
        ({"penalty": ("r2d2:x=1",)}, "r1"),
        ({"data": "shape"}, "shapes"),
        ({"arch": "dcgan:widht=3"}, "width"),
        ({"log": ("jsonlines",)}, "jsonl"),
    ],
)
def test_unknown_names_get_the_nearest_right_one(asked, nearest):
    with pytest.raises(UsageError, match=nearest):
        config(**asked)


def test_a_path_means_the_folder_source_and_is_kept_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my, photos").mkdir()
    chosen = resolve_source(HOST, "my, photos")
    assert chosen.spec.name == "folder"
    assert chosen.options.path == str(tmp_path / "my, photos")
    assert resolve_source(HOST, chosen.text).options == chosen.options


def test_options_may_follow_a_path(tmp_path):
    chosen = resolve_source(HOST, f"{tmp_path}:fit=pad,background=black")
    assert (chosen.options.fit, chosen.options.background) == ("pad", "black")


def test_a_source_wins_over_a_folder_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shapes").mkdir()
    assert resolve_source(HOST, "shapes").spec.name == "shapes"
    assert resolve_source(HOST, "./shapes").spec.name == "folder"


def test_a_path_that_is_not_there_is_called_a_path():
    with pytest.raises(UnknownNameError, match=r"no folder or archive ./nowhere/"):
        resolve_source(HOST, "./nowhere/")


def test_shapes_are_trained_at_their_own_size_and_length():
    made = config()
    assert (made.resolution, made.channels) == (32, 3)
    assert made.images < 100_000


def test_the_cadence_follows_the_length_of_the_run():
    assert config(images=100_000, batch=50).tick == 256
    assert config(images=100, batch=64).tick == 64
    assert config(images="3k", snapshot_every="1k").snapshot_every == 1000


def test_a_stored_configuration_is_restated_with_options_gained_since():
    made = config()
    older = made.model_copy(update={"arch": "dcgan:latent=100,width=64", "loss": "logistic"})
    assert with_new_options(HOST, older) == made


def test_the_same_pictures_may_have_moved():
    def moved(one, other):
        return only_moved(resolve_source(HOST, one), resolve_source(HOST, other))

    assert moved("folder:path=a,fit=pad", "folder:path=b,fit=pad")
    assert not moved("folder:path=a,fit=pad", "folder:path=b")
    assert not moved("shapes", "shapes:seed=1")
    assert not moved("folder:path=a", "shapes")
    before = joined_text(["shapes", "folder:path=a"])
    assert moved(before, joined_text(["shapes", "folder:path=b"]))
    for others in (["shapes", "folder:path=b,fit=pad"], ["shapes:seed=1", "folder:path=b"], ["folder:path=b", "shapes"],
                   ["shapes", "folder:path=a", "shapes"]):  # fmt: skip
        assert not moved(before, joined_text(others))


@pytest.mark.parametrize(
    ("given", "layout", "convolutions"),
    [
        ({}, "auto", "auto"),
        ({"precision": "float32"}, "contiguous", "direct"),
        ({"precision": "bf16"}, "contiguous", "direct"),
        ({"precision": "float32", "layout": "channels_last"}, "channels_last", "direct"),
        ({"precision": "bf16", "convolutions": "rearranged"}, "contiguous", "rearranged"),
        ({"layout": "channels_last"}, "channels_last", "auto"),
    ],
)
def test_a_precision_that_is_named_names_layout_and_order_of_convolutions(given, layout, convolutions):
    made = config(device="cpu", **given)
    assert (made.layout, made.convolutions) == (layout, convolutions)


def test_on_a_gpu_convolutions_are_direct(monkeypatch):
    monkeypatch.setattr("gantool.run.resolve.pick_device", lambda name: name)
    assert config(device="cuda").convolutions == "direct"


@pytest.mark.parametrize(("device", "kind"), [("cpu", "cpu"), ("cuda:1", "cuda"), ("mps", "mps")])
def test_options_at_auto_are_resolved_for_the_kind_of_device(device, kind):
    setting = setting_of(config(resolution=64).model_copy(update={"device": device}), lambda: 7)
    assert (setting.device, setting.resolution, setting.count()) == (kind, 64, 7)
