"""Checkpoints whose digests are right and whose contents are not: refused by name before anything is restored."""

import json
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from fakes import trainer
from gantool.builtin.balance import SkipDOptions
from gantool.builtin.balance.strategies import SkipDiscriminator
from gantool.engine import checkpoint
from gantool.engine.saved_state import laid_out, optimizer_problem
from gantool.errors import CheckpointError

TICK = {"tick": 24, "checkpoint_every": 16}


def made(run, images=32):
    balance = SkipDiscriminator(SkipDOptions(below=0.1, floor=0.2))
    return trainer(run, images, game={"balance": balance}, **TICK)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    made(run).train()
    return run


@pytest.fixture
def run(tmp_path, trained):
    return shutil.copytree(trained, tmp_path / "run")


def rewritten(path, name):
    """Have the manifest agree with a file that was changed."""
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["sha256"][name] = checkpoint.digest(path / name)
    (path / "manifest.json").write_text(json.dumps(manifest))


def edited(run, edit):
    """The newest checkpoint with a change in its state."""
    path = checkpoint.newest(run)
    state = torch.load(path / "state.pt", weights_only=True)
    torch.save(edit(state) or state, path / "state.pt")
    rewritten(path, "state.pt")
    return path


def put(value, *place):
    def edit(state):
        for key in place[:-1]:
            state = state[key]
        state[place[-1]] = value

    return edit


def refused(run, path, words):
    again = made(run, 64)
    with pytest.raises(CheckpointError) as raised:
        again.resume(path)
    message = str(raised.value)
    assert f"The checkpoint {path} cannot be used: " in message
    assert words in message
    assert f"The last good one is {run / 'checkpoints' / '000000016'}; resume from it with" in message


NAN, MOMENT, GROUP = torch.tensor(float("nan")), ("optimizer_g", "state", 0), ("optimizer_g", "param_groups", 0)


def doubled(state):
    moments = state["optimizer_d"]["state"][1]
    moments["exp_avg_sq"] = moments["exp_avg_sq"].double()


WRONG = {
    "a moment of another shape": (put(torch.zeros(3), *MOMENT, "exp_avg"), "optimizer_g.state.0.exp_avg: the shape"),
    "a moment of another type": (
        doubled, "optimizer_d.state.1.exp_avg_sq: the type torch.float64 instead of torch.float32"
    ),
    "a moment that is not finite": (
        lambda state: put(state["optimizer_g"]["state"][0]["exp_avg"] / 0, *MOMENT, "exp_avg")(state),
        "optimizer_g.state.0.exp_avg: values that are not finite",
    ),
    "a moment that is a number": (put(1.0, *MOMENT, "exp_avg"), "optimizer_g.state.0.exp_avg: a float, not a tensor"),
    "a moment without values": (
        put(torch.empty(64, 4, device="meta"), *MOMENT, "exp_avg"), "optimizer_g.state.0.exp_avg: not a plain tensor"
    ),
    "a count of steps of another shape": (put(torch.zeros(9), *MOMENT, "step"), "optimizer_g.state.0.step: the shape"),
    "a missing moment": (lambda state: state["optimizer_g"]["state"][2].pop("step") and None, "state.2.step: missing"),
    "no moments": (put({}, "optimizer_d", "state"), "optimizer_d.state.0: missing"),
    "no moments of a weight": (
        lambda state: state["optimizer_g"]["state"].pop(0) and None, "optimizer_g.state.0: missing"
    ),
    "moments of no weight": (put({}, "optimizer_g", "state", 999), "optimizer_g.state.999: unknown"),
    "a moment of another optimizer": (put(NAN, *MOMENT, "momentum"), "optimizer_g.state.0.momentum: unknown"),
    "no groups": (put([], "optimizer_g", "param_groups"), "optimizer_g.param_groups"),
    "a group of other weights": (put([0, 1], *GROUP, "params"), "param_groups.params: other"),
    "a rate that is none": (put("fast", *GROUP, "lr"), "param_groups.lr: a str, not a float"),
    "a rate that is not finite": (put(NAN.item(), *GROUP, "lr"), "param_groups.lr: not finite"),
    "a component's state that is not finite": (
        put(NAN, "components", "balance", "rested"), "components.balance.rested: values that are not"
    ),
    "turns that are text": (put("many", "turns", "d"), "turns.d: input should be a valid integer"),
    "a clock of another checkpoint": (put(8, "images_seen"), "images_seen: 8, in a checkpoint of 32 images"),
    "a list": (lambda state: [state], "it is a list, not a dictionary"),
    "a component that is missing": (put({}, "components"), "components.balance: missing"),
    "sums of another shape": (
        put([(["loss"], torch.zeros(99), 1)], "ledger", "sums"), "ledger.sums: the shape [99]"
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
def test_what_does_not_fit_is_refused_with_the_last_good_checkpoint(run, how):
    edit, words = WRONG[how]
    refused(run, edited(run, edit), words)


def without_moments(path):
    """Have a checkpoint list no moments, as older ones do."""
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["state"] = [name for name in manifest["state"] if ".state." not in name]
    (path / "manifest.json").write_text(json.dumps(manifest))


OLDER = {
    "no moments": (put({}, "optimizer_d", "state"), "optimizer_d.state: empty"),
    "moments of no weight": (put({}, "optimizer_g", "state", 999), "optimizer_g.state.999: there are 6 weights"),
}


@pytest.mark.parametrize("how", OLDER)
def test_moments_that_an_older_checkpoint_does_not_list_are_checked_by_the_weights(run, how):
    edit, words = OLDER[how]
    path = edited(run, edit)
    without_moments(path)
    refused(run, path, words)


def test_an_older_checkpoint_that_lists_no_moments_resumes(run):
    path = checkpoint.newest(run)
    without_moments(path)
    resumed = made(run, 64)
    resumed.resume(path)
    assert resumed.images_seen == checkpoint.images_of(path) > 0


KEYS = ("images_seen", "data", "optimizer_g", "optimizer_d", "components", "stage_start", "turns", "best", "ledger")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_missing_or_of_another_type_is_named(run, key):
    pristine = shutil.copytree(run, run.parent / "pristine")
    refused(run, edited(run, lambda state: state.pop(key) and None), f"{key}: missing")
    shutil.rmtree(run)
    shutil.copytree(pristine, run)
    refused(run, edited(run, put([1], key)), key)


def test_every_key_is_tried(run):
    assert set(torch.load(checkpoint.newest(run) / "state.pt", weights_only=True)) == set(KEYS)


@pytest.mark.parametrize("name", ["generator", "discriminator", "ema"])
@pytest.mark.parametrize("how", ["not finite", "another type"])
def test_weights_that_are_not_finite_or_of_another_type_are_refused(run, name, how):
    path = checkpoint.newest(run)
    file = path / f"{name}.safetensors"
    weights = load_file(file)
    first = next(weight for weight in weights if weight.endswith("weight"))
    weights[first] = weights[first].double() if how == "another type" else torch.full_like(weights[first], float("nan"))
    with safe_open(file, "pt") as opened:
        metadata = opened.metadata()
    save_file(weights, file, metadata)
    rewritten(path, file.name)
    refused(run, path, first if name != "ema" else "ema.safetensors is damaged")


def test_two_bad_checkpoints_do_not_name_each_other(run):
    for path in checkpoint.every(run):
        state = torch.load(path / "state.pt", weights_only=True)
        torch.save({**state, "turns": 1}, path / "state.pt")
        rewritten(path, "state.pt")
    with pytest.raises(CheckpointError, match="no good one left; start a new run"):
        made(run, 64).resume(checkpoint.newest(run))


def test_moments_have_copies_of_their_own_laid_out_as_their_weights():
    weight = torch.zeros(2, 3, 4, 4).to(memory_format=torch.channels_last)
    shared = torch.ones(1).expand(2, 3, 4, 4)  # one value in memory, which a fused optimizer would write beyond
    moments = laid_out({0: {"exp_avg": shared, "step": torch.tensor(3.0), "name": "x"}}, [weight])[0]
    assert moments["exp_avg"].stride() == weight.stride()
    assert moments["exp_avg"].untyped_storage().nbytes() == weight.untyped_storage().nbytes()
    assert torch.equal(moments["exp_avg"], shared)
    assert (moments["step"].item(), moments["name"]) == (3.0, "x")


class Halved(torch.optim.SGD):
    """Keeps a setting beside its groups, where torch's own copies of an optimizer have none."""

    def __init__(self, weights):
        super().__init__(weights, lr=0.1, momentum=0.9)
        self.share = 0.5

    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"] = 0.1 * self.share
        return super().step(closure)


def test_an_optimizer_may_have_attributes_of_its_own():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = Halved([weight])
    weight.grad = torch.ones(2)
    optimizer.step()
    before = weight.detach().clone()
    assert optimizer_problem(optimizer.state_dict(), Halved([weight]), has_learnt=True) == ""
    assert torch.equal(weight, before)
