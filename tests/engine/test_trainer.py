import json

import pytest
import torch

from fakes import TinyBatches, state, tiny_gan, trainer
from gantool.api.events import Checkpoint, Finished, Snapshot, Started, Tick, Warned
from gantool.api.networks import Stage
from gantool.api.strategies import Augmentation, Penalty
from gantool.builtin.balance import AdaptiveOptions, FixedOptions, SkipDOptions
from gantool.builtin.balance.strategies import Adaptive, Fixed, SkipDiscriminator
from gantool.builtin.losses import LogisticOptions
from gantool.builtin.losses.losses import Logistic
from gantool.builtin.penalties import ClipOptions, PathLengthOptions
from gantool.builtin.penalties.constraints import Clip
from gantool.builtin.penalties.on_generator import PathLength
from gantool.engine import checkpoint
from gantool.engine.cadence import derived_seed
from gantool.engine.component_state import buffers
from gantool.engine.distributed import World
from gantool.engine.model_file import load_generator
from gantool.engine.precision import Precision
from gantool.engine.schedules import Pace
from gantool.engine.whole_file import WholeFile
from gantool.errors import CheckpointError, ResumeError, TrainingError

PRECISIONS = [Precision(name, layout) for name in ("float32", "bf16") for layout in ("contiguous", "channels_last")]
PRECISIONS += [Precision("bf16", "channels_last", convolutions="rearranged")]


@pytest.mark.parametrize("plays", PRECISIONS, ids=lambda plays: f"{plays.name} {plays.layout} {plays.convolutions}")
def test_n_then_n_more_equals_2n_bit_for_bit(tmp_path, plays):
    whole = trainer(tmp_path / "whole", images=96, plays=plays)
    whole.train()
    first = trainer(tmp_path / "halves", images=48, plays=plays)
    first.train()
    second = trainer(tmp_path / "halves", images=96, plays=plays)
    second.resume(checkpoint.newest(tmp_path / "halves"))
    assert second.images_seen == 48
    second.train()
    assert len(state(whole)) == len(state(second))
    for one, other in zip(state(whole), state(second), strict=True):
        assert torch.equal(one, other)


def test_a_resumed_run_flips_the_same_labels(tmp_path):
    loss = Logistic(LogisticOptions(flip=0.3))
    whole = trainer(tmp_path / "whole", images=96, loss=loss)
    whole.train()
    trainer(tmp_path / "halves", images=48, loss=loss).train()
    second = trainer(tmp_path / "halves", images=96, loss=loss)
    second.resume(checkpoint.newest(tmp_path / "halves"))
    second.train()
    plain = trainer(tmp_path / "plain", images=96)
    plain.train()
    assert all(torch.equal(one, other) for one, other in zip(state(whole), state(second), strict=True))
    assert not all(torch.equal(one, other) for one, other in zip(state(whole), state(plain), strict=True))


@pytest.mark.parametrize("images", [64, 72])
def test_a_rank_that_follows_waits_as_often_as_the_leading_one_saves_and_at_the_end(tmp_path, images):
    waits = []

    class Counted(World):
        def barrier(self):
            waits.append(self.rank)

    for rank in (0, 1):
        trainer(tmp_path / f"{rank}", images=images, world=Counted(rank)).train()
    assert waits.count(0) == waits.count(1) == (2 if images == 64 else 3) + 1
    assert not list((tmp_path / "1").iterdir())


class Remembering(torch.nn.Module, Augmentation):
    """An augmentation whose strength follows what it has seen of the discriminator."""

    def __init__(self):
        super().__init__()
        self.register_buffer("strength", torch.zeros(()))

    def draw(self, n):
        return lambda images: tuple(level * (1 + self.strength) for level in images)

    def observe(self, real_logits):
        self.strength.add_(real_logits.mean() / 10)


PLAYS_BY = {
    "fixed": lambda: {"balance": Fixed(FixedOptions(d_steps=4))},
    "skip-d": lambda: {"balance": SkipDiscriminator(SkipDOptions(below=5, floor=0.2))},
    "adaptive": lambda: {"balance": Adaptive(AdaptiveOptions(target=0.3, speed=0.5))},
    "path-length": lambda: {"penalties": (PathLength(PathLengthOptions(every=2)),)},
    "clip": lambda: {"penalties": (Clip(ClipOptions(value=0.1)),)},
    "an augmentation that adapts": lambda: {"augmentation": Remembering()},
    "parts and shortened gradients": lambda: {"accumulate": 2, "clip": 0.1},
}
SCHEDULED = {"lr_schedule": "cosine", "warmup": 24, "instance_noise": 0.3, "horizon": 96}


@pytest.mark.parametrize("strategy", PLAYS_BY)
def test_whatever_a_strategy_remembers_goes_on_exactly(tmp_path, strategy):
    made = PLAYS_BY[strategy]
    whole = trainer(tmp_path / "whole", images=96, game=made(), **SCHEDULED)
    whole.train()
    trainer(tmp_path / "halves", images=40, game=made(), **SCHEDULED).train()
    second = trainer(tmp_path / "halves", images=96, game=made(), **SCHEDULED)
    second.resume(checkpoint.newest(tmp_path / "halves"))
    second.train()
    plain = trainer(tmp_path / "plain", images=96, **SCHEDULED)
    plain.train()
    assert all(torch.equal(one, other) for one, other in zip(state(whole), state(second), strict=True))
    assert all(torch.equal(one, other) for one, other in zip(buffers(whole.game), buffers(second.game), strict=True))
    assert not all(torch.equal(one, other) for one, other in zip(state(whole), state(plain), strict=True))


class Blackening(Augmentation):
    """An augmentation that nobody could overlook."""

    def draw(self, n):
        return lambda images: tuple(level * 0 - 1 for level in images)


def test_samples_of_an_augmented_run_are_not_augmented(tmp_path):
    seen = []
    made = trainer(tmp_path / "run", images=32, game={"augmentation": Blackening()}, observers=[seen.append])
    made.train()
    last = [event for event in seen if isinstance(event, Snapshot)][-1]
    assert torch.equal(last.images[-1], made._snapshots.latents.render(made.ema.gan.generator)[-1])
    assert last.images[-1].float().std() > 1
    weights, _ = load_generator(tmp_path / "run" / "generator.safetensors")
    fresh = tiny_gan(seed=9).generator
    fresh.load_state_dict(weights)
    assert torch.equal(made._snapshots.latents.render(fresh.eval())[-1], last.images[-1])


def test_what_adapts_is_told_at_each_tick(tmp_path):
    told = []
    made = trainer(
        tmp_path / "run", images=32, game={"balance": Adaptive(AdaptiveOptions(target=0.99, speed=1))},
        observers=[lambda event: told.append(event.status["d_per_g"]) if isinstance(event, Tick) else None],
    )  # fmt: skip
    made.train()
    assert told[-1] == pytest.approx(made.game.balance.lead.exp().item())
    assert told[-1] > 1


def test_a_checkpoint_from_before_a_component_remembered_anything_is_taken(tmp_path):
    trainer(tmp_path / "run", images=48).train()
    second = trainer(tmp_path / "run", images=64, game={"balance": Fixed(FixedOptions(d_steps=2))})
    second.resume(checkpoint.newest(tmp_path / "run"))
    assert second.train().images_seen == 64


def test_learning_rates_follow_the_schedule_and_keep_their_ratio(tmp_path):
    rates = []

    def note(event):
        if isinstance(event, Tick):
            rates.append(
                [group["lr"] for o in (made.game.optimizer_g, made.game.optimizer_d) for group in o.param_groups]
            )

    made = trainer(tmp_path / "run", images=64, observers=[note], tick=8, lr_schedule="linear", horizon=64)
    made.game.optimizer_d.param_groups[0]["lr"] = 4e-2
    made._pace = Pace(made.schedule, made.game.optimizers)
    made.train()
    assert [rate_g for rate_g, _ in rates] == pytest.approx([1e-2 * (1 - n / 64) for n in range(4, 64, 8)])
    assert all(rate_d == pytest.approx(4 * rate_g) for rate_g, rate_d in rates)


class Counting(torch.nn.Module, Penalty):
    """A penalty of either network that counts how often it was applied."""

    weight, every = 0.0, 2

    def __init__(self, side):
        super().__init__()
        self.side, self.calls = side, 0

    def forward(self, network, *given):
        self.calls += 1
        first = given[0][-1] if isinstance(given[0], tuple) else given[0]
        return next(network.parameters()).sum() * 0 + first.flatten(1).sum(dim=1) * 0


@pytest.mark.parametrize("d_steps", [1, 2, 4])
def test_a_lazy_penalty_is_applied_on_every_nth_turn_of_its_own_network(tmp_path, d_steps):
    of_d, of_g = Counting("discriminator"), Counting("generator")
    game = {"balance": Fixed(FixedOptions(d_steps=d_steps)), "penalties": (of_d, of_g)}
    trainer(tmp_path / "run", images=128, game=game).train()
    assert (of_d.calls, of_g.calls) == (8, 8 // d_steps)  # of 16 batches


def test_an_odd_last_snapshot_does_not_count_for_the_best(tmp_path):
    made = trainer(tmp_path / "run", images=40, snapshot_every=32)
    made._snapshot = lambda counts=True: seen.append((made.images_seen, counts))
    seen = []
    made.train()
    assert seen == [(0, True), (32, True), (40, False)]


def test_a_network_whose_turn_never_comes_in_a_tick_is_not_told_of(tmp_path):
    ticks = []
    made = trainer(
        tmp_path / "run", images=32, tick=8, game={"balance": Fixed(FixedOptions(d_steps=2))},
        observers=[lambda event: ticks.append(event.scalars) if isinstance(event, Tick) else None],
    )  # fmt: skip
    made.train()
    assert ["loss_g" in scalars for scalars in ticks] == [False, True, False, True]
    assert all("loss_d" in scalars for scalars in ticks)


def test_the_users_random_state_is_left_alone(tmp_path):
    made = trainer(tmp_path / "run")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    made.train()
    assert torch.equal(before, torch.get_rng_state())


def test_events_come_in_order(tmp_path):
    events = []
    trainer(tmp_path / "run", images=64, observers=[events.append], penalty=("gp",)).train()
    assert isinstance(events[0], Started)
    assert events[0].config.penalty == ("gp",)
    assert isinstance(events[-1], Finished)
    assert [e.images_seen for e in events if isinstance(e, Tick)] == [16, 32, 48, 64]
    assert [e.images_seen for e in events if isinstance(e, Snapshot)] == [0, 32, 64]
    assert [e.images_seen for e in events if isinstance(e, Checkpoint)] == [32, 64]
    tick = next(e for e in events if isinstance(e, Tick))
    assert {"loss_d", "loss_g", "real_accuracy", "fake_accuracy", "penalty_gp"} <= set(tick.scalars)


def test_the_exported_generator_is_the_average(tmp_path):
    made = trainer(tmp_path / "run")
    made.train()
    weights, card = load_generator(tmp_path / "run" / "generator.safetensors")
    assert card.images_seen == 64
    for name, tensor in made.ema.gan.generator.state_dict().items():
        assert torch.equal(weights[name], tensor)


def test_only_the_last_checkpoints_are_kept(tmp_path):
    trainer(tmp_path / "run", images=96, checkpoint_every=8, keep=2).train()
    assert [path.name for path in sorted(checkpoint.every(tmp_path / "run"))] == ["000000088", "000000096"]


def test_an_interruption_finishes_the_step_and_saves(tmp_path):
    made = trainer(tmp_path / "run")

    def stop_at_32(event):
        if event.images_seen == 16:
            made.interrupt()

    made._tell._observers.append(stop_at_32)
    finished = made.train()
    assert finished.interrupted
    assert finished.images_seen == 16
    assert checkpoint.newest_good(tmp_path / "run").name == "000000016"


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_an_observer_that_fails_is_dropped_and_the_run_goes_on(tmp_path, error):
    told = []

    def broken(event):
        raise error("no ink")

    trainer(tmp_path / "run", observers=[broken, told.append]).train()
    warnings = [event.message for event in told if isinstance(event, Warned)]
    assert len(warnings) == 1
    assert "no ink" in warnings[0]
    assert isinstance(told[-1], Finished)


class NanAfter(Logistic):
    """Its discriminator loss is not a number from the n-th call on, for some calls."""

    def __init__(self, start, count):
        super().__init__(LogisticOptions())
        self.calls, self.bad = 0, range(start, start + count)

    def discriminator(self, real_logits, fake_logits):
        self.calls += 1
        value = super().discriminator(real_logits, fake_logits)
        return value * float("nan") if self.calls in self.bad else value


def test_a_few_steps_that_are_not_finite_are_skipped_and_counted(tmp_path):
    told = []
    made = trainer(tmp_path / "run", loss=NanAfter(2, 2), observers=[told.append])
    made.train()
    assert sum(e.scalars["skipped_steps"] for e in told if isinstance(e, Tick)) == 2
    assert any("skipped because loss or gradient was not finite" in e.message for e in told if isinstance(e, Warned))
    assert all(torch.isfinite(tensor).all() for tensor in state(made))


def test_many_in_a_row_stop_the_run_with_the_last_good_checkpoint_intact(tmp_path):
    made = trainer(tmp_path / "run", images=800, loss=NanAfter(5, 100))
    with pytest.raises(TrainingError, match=r"steps in a row.*000000032") as raised:
        made.train()
    assert checkpoint.newest_good(tmp_path / "run").name == "000000032"
    assert str(raised.value).endswith("000000032 --lr 0.0001 --clip-grad 1 --change")


def test_steps_that_are_skipped_after_a_checkpoint_are_told_with_the_command_that_goes_on_slower(tmp_path):
    told = []
    trainer(tmp_path / "run", images=64, loss=NanAfter(7, 1), observers=[told.append]).train()
    assert any(e.message.endswith("/run --lr 0.0001 --change") for e in told if isinstance(e, Warned))


def test_where_no_step_was_ever_finite_the_parts_are_named_and_no_lower_rate(tmp_path):
    told = []
    made = trainer(tmp_path / "run", images=800, loss=NanAfter(0, 1000), observers=[told.append])
    with pytest.raises(
        TrainingError, match="no --lr mends: the architecture tiny or the loss logistic has such values"
    ):
        made.train()
    assert not any("--resume" in e.message for e in told if isinstance(e, Warned))


def test_out_of_memory_names_the_flag_to_lower(tmp_path):
    class Greedy(Logistic):
        def generator(self, real_logits, fake_logits):
            raise torch.OutOfMemoryError("CUDA out of memory")

    told = []
    with pytest.raises(TrainingError, match="--batch 4"):
        trainer(tmp_path / "run", loss=Greedy(LogisticOptions()), observers=[told.append]).train()
    assert told[-1].failed
    with pytest.raises(TrainingError, match="--updates alternating keeps"):
        trainer(tmp_path / "both", loss=Greedy(LogisticOptions()), updates="simultaneous").train()
    trainer(tmp_path / "run", images=32).train()
    greedy = trainer(tmp_path / "run", loss=Greedy(LogisticOptions()))
    greedy.resume(checkpoint.newest(tmp_path / "run"))
    with pytest.raises(TrainingError, match=r"gantool train --resume .*/run --accumulate 2 --change$"):
        greedy.train()


def test_changed_images_are_refused_unless_a_new_run_begins_with_them(tmp_path):
    trainer(tmp_path / "run").train()
    other = trainer(tmp_path / "run", images=128, batches=TinyBatches(count=65))
    newest = checkpoint.newest(tmp_path / "run")
    with pytest.raises(ResumeError, match="64 then, 65 now"):
        other.resume(newest)
    new = trainer(tmp_path / "new", images=128, batches=TinyBatches(count=65))
    new.resume(newest)
    assert new.images_seen == 64
    assert checkpoint.load(checkpoint.newest(tmp_path / "new")).state["data"]["count"] == 65


def test_seeds_differ_by_each_of_their_numbers():
    seeds = {derived_seed(a, b, c) for a in range(4) for b in range(4) for c in range(4)}
    assert len(seeds) == 64


DAMAGES = {
    "truncated": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "flipped": lambda file: file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1])),
    "missing": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
}


@pytest.mark.parametrize("name", ["generator.safetensors", "ema.safetensors", "state.pt", "manifest.json"])
@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_checkpoint_is_refused_by_name_with_the_last_good_one(tmp_path, name, how):
    trainer(tmp_path / "run", images=64).train()
    newest = checkpoint.newest(tmp_path / "run")
    DAMAGES[how](newest / name)
    with pytest.raises(CheckpointError, match=r"000000064.*last good one is .*000000032"):
        checkpoint.load(newest)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path):
    trainer(tmp_path / "run", images=32).train()
    path = checkpoint.newest(tmp_path / "run")
    witness = tmp_path / "witness"

    class Evil:
        def __reduce__(self):
            return (witness.write_text, ("ran",))

    torch.save({"images_seen": Evil()}, path / "state.pt")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["sha256"]["state.pt"] = checkpoint.digest(path / "state.pt")
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="000000032"):
        checkpoint.load(path)
    assert not witness.exists()


def test_going_on_from_an_older_checkpoint_sets_the_newer_ones_aside(tmp_path):
    trainer(tmp_path / "run", images=64).train()
    again = trainer(tmp_path / "run", images=64)
    again.resume(tmp_path / "run" / "checkpoints" / "000000032")
    assert [path.name for path in checkpoint.every(tmp_path / "run")] == ["000000032"]
    assert (tmp_path / "run" / "checkpoints" / "superseded-000000064").is_dir()
    again.train()
    assert checkpoint.newest_good(tmp_path / "run").name == "000000064"


def test_a_full_disk_leaves_the_last_checkpoint_intact(tmp_path, monkeypatch):
    trainer(tmp_path / "run", images=32).train()
    good = checkpoint.newest(tmp_path / "run")
    made = trainer(tmp_path / "run", images=64)
    made.resume(good)

    def full(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WholeFile, "write", full)
    with pytest.raises(TrainingError, match="disk is full"):
        made.train()
    assert checkpoint.newest(tmp_path / "run") == good
    assert not checkpoint.damage(good)
    assert not list((tmp_path / "run" / "checkpoints").glob(".*"))


class Asked(TinyBatches):
    """Notes what is asked of it."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def take(self, images_seen, n, resolution=None):
        self.asked.append((images_seen, n, resolution))
        return super().take(images_seen, n)


def test_batch_and_side_of_reals_follow_the_stages(tmp_path):
    made = trainer(tmp_path / "run", images=40, batches=Asked())
    made.stages = (Stage(0, 2, 8), Stage(16, 4, 4), Stage(24, 8, 16))
    made.train()
    assert made.batches.asked == [(0, 8, 2), (8, 8, 2), (16, 4, 4), (20, 4, 4), (24, 16, 8)]
    assert made.images_seen == 40


def test_optimizers_begin_a_stage_afresh_only_where_it_says_so(tmp_path):
    made = trainer(tmp_path / "run", images=48)
    made.stages = (Stage(0, 8, 8), Stage(16, 8, 8), Stage(32, 8, 8, fresh_moments=True))
    steps = []
    for _ in range(6):
        made.step()
        steps.append({int(state["step"]) for state in made.game.optimizer_d.state.values()})
    assert steps == [{1}, {2}, {3}, {4}, {1}, {2}]


def test_warnings_are_told_when_the_run_begins(tmp_path):
    told = []
    made = trainer(tmp_path / "run", observers=[told.append])
    made.warnings = ["memory is short"]
    made.train()
    assert [event.message for event in told if isinstance(event, Warned)] == ["memory is short"]


def test_a_run_begins_by_telling_its_settings(tmp_path):
    seen = []
    made = trainer(tmp_path / "run", 16, observers=[seen.append])
    made.train()
    assert seen[0].config is made.config


def test_an_older_checkpoint_whose_optimizer_had_frozen_weights_goes_on(tmp_path):
    def frozen(images, older):
        made = trainer(tmp_path / "run", images)
        network = made.game.gan.generator
        network.stem.requires_grad_(False)
        if not older:
            learning = [weight for weight in network.parameters() if weight.requires_grad]
            fresh = torch.optim.Adam(learning, 1e-2, betas=(0.5, 0.9), fused=True)
            made.game.optimizer_g.__dict__.update(fresh.__dict__)
        return made

    frozen(32, older=True).train()
    saved = torch.load(tmp_path / "run" / "checkpoints" / "000000032" / "state.pt", weights_only=True)["optimizer_g"]
    made = frozen(64, older=False)
    made.resume(checkpoint.newest(tmp_path / "run"))
    moments = made.game.optimizer_g.state_dict()["state"]
    assert list(moments) == [0, 1, 2, 3]
    assert torch.equal(moments[0]["exp_avg"], saved["state"][2]["exp_avg"])
    made.train()


class Clocked(Penalty):
    """A penalty whose weight is the clock's."""

    every = 1

    def __init__(self):
        self.weight, self.told = 0.0, []

    def __call__(self, network, real, fake, labels):
        return network(real, labels).square()

    def advance(self, images_seen):
        self.weight = images_seen / 1000
        self.told.append(images_seen)

    def status(self):
        return {"clock": self.weight}


def test_a_component_that_goes_by_the_clock_is_told_it_before_each_step(tmp_path):
    clocked, seen = Clocked(), []
    made = trainer(tmp_path / "run", 32, game={"penalties": (clocked,)}, observers=[seen.append])
    made.train()
    assert clocked.told == [0, 8, 16, 24]
    assert [event.status["clock"] for event in seen if isinstance(event, Tick)] == [0.008, 0.024]
    again = Clocked()
    went_on = trainer(tmp_path / "run", 48, game={"penalties": (again,)})
    went_on.resume(checkpoint.newest(tmp_path / "run"))
    went_on.train()
    assert again.told == [32, 40]
