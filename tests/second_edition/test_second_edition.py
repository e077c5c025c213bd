"""What the contracts allow is enough for these: none needs a change of the engine, and each goes on exactly."""

import json

import pytest
import torch
from safetensors.torch import load_file

import gantool
from gantool.errors import PluginError, ResumeError, UsageError
from gantool.testing import check_component

pytestmark = pytest.mark.usefixtures("untimed")

CASES = {
    "reconstructing": {},
    "classifying": {"labels": True},
    "projected": {},
    "autoencoding": {},
    "reconstructing, its D orthogonal": {"penalty": ["orthogonal:side=discriminator"]},
    "reconstructing, its G orthogonal": {"penalty": ["orthogonal:side=generator"]},
}


def saved(run, images):
    folder = run.folder / "checkpoints" / f"{images:09d}"
    networks = {file.name: load_file(file) for file in sorted(folder.glob("*.safetensors"))}
    state = torch.load(folder / "state.pt", weights_only=True)
    moments = {
        f"{which} {number} {name}": value
        for which in ("optimizer_g", "optimizer_d")
        for number, one in (state[which] or {"state": {}})["state"].items()
        for name, value in one.items()
    }
    return moments | {f"{file}/{name}": value for file, part in networks.items() for name, value in part.items()}


@pytest.mark.timed  # a trial of each stage leaves the state of plugins' parts alone
@pytest.mark.parametrize("case", CASES)
def test_a_run_in_two_parts_is_the_run_in_one(learn, case):
    settings = {"arch": case.partition(",")[0], **CASES[case]}
    whole = saved(learn("whole", images=128, **settings), 128)
    learn("parts", images=64, **settings)
    parts = saved(learn("parts", images=128, **settings), 128)
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.long
def test_a_discriminator_learns_to_draw_what_it_sees_without_another_pass(learn):
    calls = {}

    def counting(words):
        def note(trainer):
            trainer.game.gan.discriminator.register_forward_hook(
                lambda *_: calls.update({words: calls.get(words, 0) + 1})
            )

        return note

    run = learn("with", counting("with"), arch="reconstructing", images=1024)
    plain = learn("without", counting("without"), arch="reconstructing:terms=no", images=1024)
    first, last = run.course("reconstruction")
    assert last < 0.6 * first
    assert "reconstruction" not in plain.ticks[0]
    assert calls["with"] == calls["without"]


@pytest.mark.long
def test_classes_are_told_and_drawn(learn):
    run = learn(arch="classifying", labels=True, images=4096)
    for name in ("class_of_reals", "class_of_fakes"):
        first, last = run.course(name)
        assert last < 0.7 * first
    model = gantool.load(run.folder)
    one, other = (model.images([0], labels=[name]) for name in model.class_names[:2])
    assert (one.float() - other.float()).abs().mean() > 1


def test_a_frozen_network_moves_by_nothing_and_is_no_optimizers(learn):
    before = {}

    def keep(trainer):
        network = trainer.game.gan.discriminator
        before.update({name: value.clone() for name, value in network.state_dict().items()})

    run = learn(before=keep, arch="projected", images=256)
    network = run.trainer.game.gan.discriminator
    after = network.state_dict()
    assert {name for name, value in after.items() if not torch.equal(before[name], value)} >= {
        "judges.0.weight",
        "judges.1.weight",
    }
    assert all(torch.equal(before[name], value) for name, value in after.items() if name.startswith("features"))
    assert [name for name, weight in network.named_parameters() if weight.requires_grad] == [
        name for name in dict(network.named_parameters()) if name.startswith("judges")
    ]
    steered = {id(weight) for group in run.trainer.game.optimizer_d.param_groups for weight in group["params"]}
    assert steered == {id(weight) for weight in network.judges.parameters()}
    assert 0 <= run.ticks[-1]["real_accuracy"] <= 1


def test_a_generator_without_an_adversary_learns_by_its_terms(learn, gantool_cli, tmp_path):
    run = learn(arch="autoencoding", images=4096, log=[])
    bound = [sum(tick[name] for name in ("reconstruction", "divergence")) for tick in run.ticks]
    assert bound[-1] < 0.5 * bound[0]
    assert run.ticks[-1]["loss_g"] == pytest.approx(bound[-1], rel=1e-4)
    assert "loss_d" not in run.ticks[-1]
    assert not list(run.folder.rglob("discriminator.safetensors"))
    assert len(gantool.load(run.folder).sample(seeds=range(2))) == 2
    told = gantool_cli("train", "--arch", "autoencoding", "--resolution", "8", "--dry-run", "--json")
    assert told.code == 0, told.err
    parameters = json.loads(told.out)["parameters"]
    assert parameters["discriminator"] == 0
    assert parameters["generator"] == sum(weight.numel() for weight in run.trainer.game.gan.generator.parameters())


def test_what_acts_on_a_discriminator_is_refused_where_there_is_none(learn):
    with pytest.raises(UsageError, match='penalty="r1" acts on a discriminator, and arch="autoencoding" has none'):
        learn(arch="autoencoding", penalty=["r1"])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("augment", "ada"),
        ("balance", "adaptive"),
        ("instance_noise", 0.1),
        ("loss", "hinge"),
        ("loss", "logistic"),
        ("lr_d", 1e-4),
        ("lr_d", 2e-3),
        ("updates", "simultaneous"),
    ],
)
def test_a_setting_of_the_discriminator_is_refused_where_there_is_none_and_leaves_no_folder(
    learn, tmp_path, setting, value
):
    told = f'{setting}="?{value}.* is for a discriminator, and arch="autoencoding" has none'
    with pytest.raises(UsageError, match=told):
        learn(arch="autoencoding", **{setting: value})
    assert not list(tmp_path.iterdir())


def test_no_setting_of_the_discriminator_is_chosen_where_there_is_none(learn, gantool_cli, tmp_path):
    run = learn(arch="autoencoding", images=64, lr=1.0)
    assert run.trainer.config.augment == "none"
    assert run.trainer.config.lr_d == run.trainer.config.lr_g == 1.0
    (warning,) = run.trainer.warnings
    assert "--lr 1 is 500 times the highest" in warning
    again = ("train", "--config", str(run.folder / "config.toml"), "--out", str(tmp_path / "again"))
    told = gantool_cli(*again, "--images", "64")
    assert told.code == 0, told.err
    assert (tmp_path / "again").is_dir()
    told = gantool_cli(
        "train", "--arch", "autoencoding", "--resolution", "8", "--dry-run", "--device", "cpu", "--verbose"
    )
    chosen = [line.split()[1] for line in told.err.splitlines() if line.startswith("Chosen: ")]
    assert "--lr" in chosen
    assert not {"--augment", "--balance", "--loss", "--lr-d", "--instance-noise"} & set(chosen)
    assert "augment = none" in told.out


def test_the_search_leaves_settings_of_the_discriminator_out_where_there_is_none(learn, gantool_host):
    from gantool.tuning.defaults import usually

    learn(arch="autoencoding", images=8)
    assert usually(gantool_host, {"arch": "autoencoding", "resolution": 8, "data": "shapes"}).keys() == {
        "lr_g",
        "batch",
    }


def test_a_run_with_an_option_that_is_gone_is_told_which_version_it_needs(learn):
    config = learn(arch="reconstructing", images=8).folder / "config.toml"
    config.write_text(config.read_text().replace("reconstructing:", "reconstructing:old=3,"))
    with pytest.raises(ResumeError, match=r"has no option 'old'.* install the version of the plugin that the run was"):
        learn(arch="reconstructing", images=16)


@pytest.mark.parametrize("side", ["discriminator", "generator"])
def test_either_network_is_held_orthogonal(learn, side):
    run = learn(arch="reconstructing", images=1024, penalty=[f"orthogonal:side={side},weight=1"])
    first, last = run.course("penalty_orthogonal")
    assert last < 0.7 * first


def test_a_component_of_one_architecture_is_refused_beside_another(learn, gantool_cli):
    learn("at home", arch="reconstructing", images=16, penalty=["reconstructing-only"])
    with pytest.raises(UsageError, match='reconstructing-only" does not go with arch="projected": it belongs'):
        learn("abroad", arch="projected", images=16, penalty=["reconstructing-only"])
    shown = gantool_cli("plugins", "show", "reconstructing-only")
    assert "Only for architecture reconstructing." in shown.out
    facts = json.loads(gantool_cli("plugins", "show", "reconstructing-only", "--json").out)
    assert facts["components"][0]["goes_with"] == ["reconstructing"]


def test_a_step_that_fails_backward_is_its_plugins_fault_and_leaves_no_run(learn, tmp_path):
    with pytest.raises(PluginError, match=r"'failing' of gantool-second-edition cannot be used: its step of the disc"):
        learn("none", arch="failing")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["reconstructing", "classifying", "projected", "autoencoding"])
def test_these_architectures_conform(learn, name):
    assert check_component("architecture", name) == []


@pytest.mark.parametrize("name", ["orthogonal:side=generator", "orthogonal:side=discriminator", "reconstructing-only"])
def test_these_penalties_conform(learn, name):
    assert check_component("penalty", name) == []
