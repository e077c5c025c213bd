"""The training loop: one clock (`images_seen`), all randomness derived from it and the seed, state saved as it goes."""

import hashlib
import time
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Batches
from gantool.api.events import Checkpoint, Finished, Snapshot, Started, Tick, Warned
from gantool.api.networks import Labels, Stage
from gantool.api.observers import Listener
from gantool.api.run_config import RunConfig
from gantool.api.strategies import Turn
from gantool.engine import checkpoint
from gantool.engine.announcer import Announcer
from gantool.engine.best import Best, score_among
from gantool.engine.component_state import advance, memory
from gantool.engine.component_state import status as told_by_components
from gantool.engine.devices import is_out_of_memory
from gantool.engine.ema import Ema
from gantool.engine.failures import memory_ran_out, not_finite, skipped
from gantool.engine.meters import Ledger
from gantool.engine.model_file import ModelCard, save_generator
from gantool.engine.schedules import Pace, schedule_of
from gantool.engine.snapshots import FixedLatents
from gantool.engine.stages import between, stage_at, stages_of
from gantool.engine.state import check_same_data, gather, give_back
from gantool.engine.step import Game, Scalars, discriminator_step, generator_step
from gantool.errors import TrainingError
from gantool.files import RunLock
from gantool.pixels import to_float

NOT_FINITE_LIMIT = 5
"""So many steps in a row without a finite loss and gradient end the run."""
CHECKPOINT_SECONDS = 600
"""A slow run saves this often, whatever `checkpoint_every` says."""


class Trainer:
    """Plays the game on real images until `config.images` have been seen, and keeps the run's folder."""

    def __init__(
        self,
        game: Game,
        batches: Batches,
        config: RunConfig,
        run: Path,
        card: ModelCard,
        observers: Sequence[Listener],
        warnings: Sequence[str] = (),
        lock: RunLock | None = None,
    ) -> None:
        self.game, self.batches, self.config, self.run, self.card = game, batches, config, run, card
        self.warnings = warnings
        self._lock = lock
        self.images_seen = 0
        self.resumed_from = -1
        self.ema = Ema(game.gan, config.ema)
        self.interrupted = False
        self.best = Best()
        self.device = next(game.gan.generator.parameters()).device
        self._tell = Announcer(observers if game.world.leads else [])
        self._ledger = Ledger()
        self._latents = FixedLatents(game.gan.latent_dim, card, self.device)
        self.stages = stages_of(game.gan, config.resolution, config.batch)
        for stage in self.stages:
            game.world.share(stage.batch, stage.title)  # now, not when the run gets there
        self._stage_start = 0
        self._turns = {"d": 0, "g": 0}
        self._before = 0
        self.schedule = schedule_of(config)
        self._pace = Pace(self.schedule, self._optimizers)
        self._saved_at, self._saved_images = time.monotonic(), -1

    @property
    def _optimizers(self) -> tuple[torch.optim.Optimizer, ...]:
        of_g, of_d = self.game.optimizer_g, self.game.optimizer_d
        return (of_g,) if of_d is None else (of_g, of_d)

    def interrupt(self) -> None:
        """Ask the loop to finish its step, save and return; safe to call from a signal handler.

        Of many processes it is enough that one is asked: all stop after the same step.
        """
        self.interrupted = True

    def train(self) -> Finished:
        """Run to the goal, or to an interruption, and let go of the run folder.

        Raises TrainingError when memory or disk runs out, or losses stay non-finite; the last checkpoint is intact.
        """
        own_random_state = torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else [])
        with self._lock or nullcontext(), own_random_state:
            try:
                return self._loop()
            except BaseException as error:
                self._tell(Finished(self.images_seen, self.run, self.interrupted, failed=True))
                if not is_out_of_memory(error):
                    raise
                raise memory_ran_out(self.config, self.game.gan, self.images_seen, self.device) from error

    def _loop(self) -> Finished:
        config = self.config
        self._tell(
            Started(
                self.run, self.card.architecture, self.images_seen, config.images, str(self.device),
                self.game.precision.name, config.batch, config.resolution, self._reals,
                config.penalty, config,
            )
        )  # fmt: skip
        for warning in self.warnings:
            self._tell(Warned(self.images_seen, warning))
        for network in self.game.gan.networks:
            network.train()
        self._tick_start, self._tick_images = time.monotonic(), self.images_seen
        self._gave_up = self.best.gave_up(config.patience)
        if self.images_seen == 0:
            self._snapshot()
        while self.images_seen < config.images and not self._gave_up and not self._stops():
            self.step()
            if self._passed(config.tick):
                self._tick()
            if self._passed(config.snapshot_every):
                self._snapshot()
            if self._due() and self._saved_images != self.images_seen and not self._ledger.streak:
                self.save()
        return self._finish()

    def _stops(self) -> bool:
        # Signals reach processes at different steps; one that stopped alone would leave the others waiting for it.
        agreed = self.game.world.anyone(self.interrupted)
        if agreed:  # a signal that comes while they agree must not be forgotten
            self.interrupted = True
        return agreed

    def step(self) -> None:
        """One batch: the discriminator's step, the generator's, the average. Nothing is read back from the device."""
        config, gan, world = self.config, self.game.gan, self.game.world
        # Every random draw of a step, on any device, follows from seed and clock: that is what makes resume exact.
        torch.manual_seed(derived_seed(config.seed, self.images_seen, world.rank))
        stage = stage_at(self.stages, self.images_seen)
        self._enter(stage)
        gan.advance(self.images_seen)
        advance(self.game, self.images_seen)
        images, labels = self.batches.take(self.images_seen, world.share(stage.batch), stage.resolution)
        batch = self.game.precision.arrange(to_float(images))
        middle = self.images_seen + stage.batch / 2
        self._pace.take(middle)
        scalars = self._play(batch, labels, self.schedule.instance_noise(middle))
        world.agree(memory(self.game))
        self._before, self.images_seen = self.images_seen, self.images_seen + stage.batch
        self.ema.update(self.images_seen, stage.batch)
        self._ledger.add(scalars)

    def _play(self, batch: Tensor, labels: Labels, noise: float) -> Scalars:
        balance, turns = self.game.balance, self._turns
        adversary = self.game.gan.discriminator is not None
        learns_d, learns_g = balance.turn() if balance is not None else Turn(discriminator=adversary)
        if not (learns_d or learns_g):
            raise TrainingError(f"The balance {type(balance).__name__} gave neither network a turn; one has to learn.")
        scalars: Scalars = {}
        # A lazy penalty is due by the turns of its own network: those of the clock may never meet them.
        if learns_d:
            scalars |= discriminator_step(self.game, batch, labels, turns["d"], noise)
        if learns_g:
            scalars |= generator_step(self.game, batch, labels, turns["g"], noise)
        self._turns = {"d": turns["d"] + bool(learns_d), "g": turns["g"] + bool(learns_g)}
        if balance is not None:
            balance.observe(scalars)
        return scalars

    def _enter(self, stage: Stage) -> None:
        if any(begun.fresh_moments for begun in between(self.stages, self._stage_start, stage.start)):
            for optimizer in self._optimizers:
                optimizer.state.clear()
        self._stage_start = stage.start

    def _passed(self, every: int) -> bool:
        return self.images_seen // every != self._before // every

    def _due(self) -> bool:
        # Only a process alone may go by its own clock: the others would wait for it.
        slow = self.game.world.size == 1 and time.monotonic() - self._saved_at > CHECKPOINT_SECONDS
        return slow or self._passed(self.config.checkpoint_every)

    def _tick(self) -> None:
        scalars = self._ledger.close()
        now = time.monotonic()
        seconds, images = now - self._tick_start, self.images_seen - self._tick_images
        self._tick_start, self._tick_images = now, self.images_seen
        status = {**self.game.gan.status(), **told_by_components(self.game)}
        self._tell(Tick(self.images_seen, self.config.images, seconds, images / max(seconds, 1e-9), scalars, status))
        if scalars["skipped_steps"]:
            self._tell(Warned(self.images_seen, skipped(int(scalars["skipped_steps"]))))
        if self._ledger.streak >= NOT_FINITE_LIMIT:
            raise not_finite(self._ledger.streak, self.images_seen, self.run)

    def _reals(self, n: int) -> UInt8[Tensor, "n c h w"]:
        return self.batches.take(0, min(n, self.batches.count))[0].cpu()

    def _snapshot(self, counts: bool = True) -> None:
        """Draw and measure; one that an unbroken run would not have taken does not count for the best checkpoint."""
        score = None
        if self.game.world.leads:
            self.ema.gan.advance(self.images_seen)
            draw = partial(self._latents.render, self.ema.gan.generator)
            score = score_among(self._tell(Snapshot(self.images_seen, draw(), draw)))
        if self.images_seen and counts:  # what has not learnt anything is no candidate
            self._keep_the_best(score)

    def _keep_the_best(self, score: float | None) -> None:
        """Save if the leading process, which alone knows the score, finds it better than any before."""
        world, patience = self.game.world, self.config.patience
        better = score is not None and not self._ledger.streak and self.best.take(self.images_seen, score)
        if world.anyone(better):
            self.save()
        self._gave_up = world.anyone(world.leads and self.best.gave_up(patience))

    def save(self) -> None:
        """Write a checkpoint and the shareable generator."""
        self.game.world.barrier()
        self._saved_at, self._saved_images = time.monotonic(), self.images_seen
        if not self.game.world.leads:
            return
        more = {"stage_start": self._stage_start, "turns": self._turns, "best": self.best.state()}
        contents = gather(self.images_seen, self.game, self.ema, self.card, self.batches, more)
        path = checkpoint.save(self.run, contents, self.config.keep, self.best.images_seen)
        self.best.write(self.run)
        save_generator(self.run / "generator.safetensors", contents.averaged, contents.card)
        self._tell(Checkpoint(self.images_seen, path))

    def resume(self, path: Path, accept_new_data: bool = False) -> None:
        """Go on from a checkpoint, exactly.

        Raises CheckpointError when it is damaged or does not fit, ResumeError when the images have changed since.
        """
        contents = checkpoint.load(path)
        if not accept_new_data:
            check_same_data(contents, self.batches)
        give_back(contents, self.game, self.ema)
        self._stage_start = int(contents.state.get("stage_start", 0))
        by_clock = contents.images_seen // stage_at(self.stages, contents.images_seen).batch
        self._turns = dict(contents.state.get("turns", {"d": by_clock, "g": by_clock}))
        self.best = Best(**contents.state.get("best", {}))
        self.images_seen = self.resumed_from = self._before = contents.images_seen
        if self.game.world.leads:
            checkpoint.set_aside_newer(self.run, contents.images_seen)
            self.best.settle(self.run)

    def _finish(self) -> Finished:
        if self.images_seen != self._tick_images:
            self._tick()
        # A signal may reach one process after all have left the loop: they must go through what follows together.
        interrupted = self._stops()
        if self.images_seen != self.resumed_from:
            if not interrupted and not self._passed(self.config.snapshot_every):
                self._snapshot(counts=False)
            if self._saved_images != self.images_seen:  # not asked of the folder, where the leading rank may be writing
                self.save()
        farewell = "" if interrupted else self.best.farewell(self.run, self.config.patience)
        if farewell:
            self._tell(Warned(self.images_seen, farewell))
        finished = Finished(self.images_seen, self.run, interrupted)
        self._tell(finished)
        self.game.world.finish()
        return finished


def derived_seed(seed: int, images_seen: int, rank: int) -> int:
    """A seed for one step of one process: 63 bits that depend on all three numbers."""
    digest = hashlib.sha256(f"{seed} {images_seen} {rank}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
