"""The training loop: one clock (`images_seen`), all randomness derived from it and the seed, state saved as it goes."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Batches
from gantool.api.events import Checkpoint, Finished, Started, Tick, Warned
from gantool.api.observers import Listener
from gantool.api.run_config import RunConfig
from gantool.engine import checkpoint
from gantool.engine.announcer import Announcer
from gantool.engine.best import Best
from gantool.engine.cadence import Cadence
from gantool.engine.component_state import advance, buffers, status
from gantool.engine.cuda_graphs import graphs_of
from gantool.engine.devices import is_out_of_memory
from gantool.engine.ema import Ema
from gantool.engine.failures import Failing
from gantool.engine.meters import Ledger
from gantool.engine.model_file import ModelCard
from gantool.engine.schedules import Pace, schedule_of
from gantool.engine.snapshots import FixedLatents, Snapshots, has_last_sheet
from gantool.engine.stages import enter, stage_at, stages_of
from gantool.engine.state import check_same_data, follow, gather, give_back, go_on_from
from gantool.engine.step import Game
from gantool.engine.turns import Turns
from gantool.errors import TrainingError, is_disk_full
from gantool.files import RunLock
from gantool.pixels import to_float
from gantool.signals import deferring_ctrl_c

NOT_FINITE_LIMIT = 5
"""So many steps in a row without a finite loss and gradient end the run."""


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
        plugins: Sequence[Path] = (),
        started: Callable[..., Started] = Started,
    ) -> None:
        self.game, self.batches, self.config, self.run, self.card = game, batches, config, run, card
        self.warnings, self._lock, self._plugins, self._started = warnings, lock, tuple(plugins), started
        self.cadence = Cadence(config)
        self.ema = Ema(game.gan, config.ema, config.init_images)
        self.interrupted, self.schedule = False, schedule_of(config)
        self.device = next(game.gan.generator.parameters()).device
        self._tell = Announcer(observers if game.world.leads else [])
        latents = FixedLatents(game.gan.latent_dim, card, self.device)
        self._snapshots = Snapshots(game.world, self.ema, latents, self._tell, config.patience)
        self.stages = stages_of(game.gan, config.resolution, config.batch)
        self._stage_start, self._turns, self._ledger = 0, Turns(), Ledger()
        self._pace, self._failing = Pace(self.schedule, game.optimizers), partial(Failing, run, config, plugins=plugins)
        self._graphs = graphs_of(game, self.device, config.graph, self._warn)

    @property
    def images_seen(self) -> int:
        """The clock of the run."""
        return self.cadence.images_seen

    @property
    def best(self) -> Best:
        """The best score so far and its checkpoint."""
        return self._snapshots.best

    def interrupt(self) -> None:
        """Ask the loop to finish its step, save and return; safe to call from a signal handler.

        Of many processes it is enough that one is asked: all stop after the same step.
        """
        self.interrupted = True

    def train(self) -> Finished:
        """Run to the goal, or to an interruption, and let go of the run folder.

        Raises TrainingError when memory or disk runs out, or losses stay non-finite; the last checkpoint is intact.
        Where Ctrl-C raises KeyboardInterrupt, it does so once the step is done and the run saved; a second, at once.
        """
        own_random_state = torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else [])
        with self._lock or nullcontext(), own_random_state, deferring_ctrl_c(self.interrupt) as interrupts:
            try:
                finished = self._loop()
            except BaseException as error:
                # Nothing is saved: what broke off is whole only in the last checkpoint.
                self._tell(Finished(self.images_seen, self.run, self.interrupted, failed=True))
                if isinstance(error, TrainingError) and is_disk_full(error):
                    raise self._failing(self.images_seen).disk_full(error) from error
                if not is_out_of_memory(error):
                    raise
                raise self._failing(self.images_seen).memory_ran_out(
                    self.game.gan, self.device, self.game.world.size
                ) from error
        if interrupts:
            raise KeyboardInterrupt(self._failing(self.images_seen).saved(self._is_over))
        return finished

    def _loop(self) -> Finished:
        self._begin()
        while not self._is_over and not self._stops():
            self.step()
            if self.cadence.tick_due:
                self._tick()
            if self.cadence.snapshot_due:
                self._snapshot()
            # The last checkpoint comes after all that observers write, so that no kill leaves it without that.
            if self.cadence.checkpoint_due and not self._is_over and not self._ledger.streak:
                self.save()
        return self._finish()

    @property
    def _is_over(self) -> bool:
        return self._snapshots.gave_up or self.images_seen >= self.config.images

    def _begin(self) -> None:
        config, card, seen = self.config, self.card, self.images_seen
        self._tell(
            self._started(
                self.run, card.architecture, seen, config.images, str(self.device), self.game.precision.name,
                config.batch, config.resolution, config, self._reals, self._plugins, class_names=card.class_names,
                pictures=self.batches.count,
            )
        )  # fmt: skip
        for warning in self.warnings:
            self._tell(Warned(self.images_seen, warning, getattr(warning, "instead", {})))
        for network in self.game.gan.networks:
            network.train()
        self.cadence.begin()
        self._snapshots.agree_to_give_up()
        if self.images_seen == 0:
            self._snapshot()

    def _stops(self) -> bool:
        # Signals reach processes at different steps; one that stopped alone would leave the others waiting for it.
        agreed, self.cadence.late = self.game.world.any_of(self.interrupted, self.cadence.is_late)
        if agreed:  # a signal that comes while they agree must not be forgotten
            self.interrupted = True
        return agreed

    def step(self) -> None:
        """One batch: the discriminator's step, the generator's, the average. Nothing is read back from the device."""
        # Every random draw of a step, on any device, follows from seed and clock: that is what makes resume exact.
        self.game.chance.begin(self.config.seed, self.images_seen, self.device)
        stage = stage_at(self.stages, self.images_seen)
        enter(stage, self.stages, self._stage_start, self.game.optimizers)
        self._stage_start = stage.start
        advance(self.game, self.images_seen)
        images, labels = self.batches.take(self.images_seen, self.game.world.share(stage.batch), stage.resolution)
        batch = self.game.precision.arrange(to_float(images))
        middle = self.images_seen + stage.batch / 2  # of the batch, so that rates do not depend on its size
        self._pace.take(middle)
        scalars = self._turns.play(self.game, batch, labels, self.schedule.instance_noise(middle), self._graphs)
        self.game.world.agree(buffers(self.game))
        self.cadence.advance(stage.batch)
        self.ema.update(self.images_seen, stage.batch)
        self._ledger.add(scalars)

    def _warn(self, text: str) -> None:
        self._tell(Warned(self.images_seen, text))

    def _tick(self) -> None:
        scalars, (seconds, images) = self._ledger.close(), self.cadence.close_tick()
        speed = images / max(seconds, 1e-9)
        self._tell(Tick(self.images_seen, self.config.images, seconds, speed, scalars, status(self.game)))
        if scalars["skipped_steps"]:
            self._warn(self._failing(self.images_seen).skipped(int(scalars["skipped_steps"])))
        if self._ledger.streak >= NOT_FINITE_LIMIT:
            raise self._failing(self.images_seen).not_finite(self._ledger.streak)

    def _reals(self, n: int) -> UInt8[Tensor, "n c h w"]:
        return self.batches.take(0, min(n, self.batches.count))[0].cpu()

    def _snapshot(self, counts: bool = True) -> None:
        """Draw and measure, and save what is best; `counts` is false for one that an unbroken run would not take."""
        if self._snapshots.take(self.images_seen, counts, sound=not self._ledger.streak):
            self.save()
        self._snapshots.agree_to_give_up()

    def save(self) -> None:
        """Write a checkpoint and the shareable generator."""
        self.game.world.barrier()
        path = self._write() if self.game.world.leads else None
        self.cadence.note_saved()
        if path is not None:
            self._tell(Checkpoint(self.images_seen, path))

    def _write(self) -> Path:
        more = {"stage_start": self._stage_start, "turns": self._turns.state(), "best": self.best.state()}
        more["ledger"] = self._ledger.state()
        contents = gather(self.images_seen, self.game, self.ema, self.card, self.batches, more)
        path = checkpoint.save(self.run, contents)
        follow(self.run, path, self.best, self.config.keep)
        return path

    def resume(self, path: Path, contents: checkpoint.Contents | None = None) -> None:
        """Go on from a checkpoint, exactly; one of another run is where this run begins, with data of its own.

        Raises CheckpointError when it is damaged or does not fit, ResumeError when the images have changed since.
        """
        contents = contents or checkpoint.load(path)
        continues = path.parent.parent.absolute() == self.run.absolute()
        if continues:
            check_same_data(contents, self.batches)
        give_back(contents, path, self.game, self.ema)
        state = contents.state
        self._stage_start, self._turns = state["stage_start"], Turns(**state["turns"])
        self.cadence.resume(contents.images_seen)
        if continues:
            self._snapshots.best = Best(**state["best"])
            self._ledger.restore(state.get("ledger"), self.device)
        if self.game.world.leads and continues:
            go_on_from(self.run, path, self.best, self.config.keep)
        elif self.game.world.leads:
            self._write()

    def _finish(self) -> Finished:
        # A signal may reach one process after all have left the loop: they must go through what follows together.
        interrupted, config = self._stops(), self.config
        if self._is_over:  # an interruption is no end: its ledger is saved, and the tick goes on where the run does
            if self.cadence.is_in_a_tick:
                self._tick()
            drawn_now = self.cadence.snapshot_due
            drawn_before = not self.cadence.has_moved and has_last_sheet(self.run, config, self.images_seen)
            if not drawn_now and not drawn_before:
                self._snapshot(counts=False)
        if self.cadence.has_unsaved_steps:  # not asked of the folder, where rank 0 may be writing
            self.save()
        if farewell := "" if interrupted else self.best.farewell(self.run, config.patience, self._plugins):
            self._warn(farewell)
        finished = Finished(self.images_seen, self.run, interrupted)
        self._tell(finished)
        self.game.world.finish()
        return finished
