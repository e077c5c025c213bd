"""A model that all processes of an evaluation have alike."""

from collections.abc import Callable
from pathlib import Path

from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard, read_card
from gantool.errors import CheckpointError, GantoolError
from gantool.plugins.host import PluginHost
from gantool.sampling.load import load_by
from gantool.sampling.locate import generator_file
from gantool.sampling.model import Model


def loaded(
    plugins: PluginHost, world: World, device: str, path: Path | str, check: Callable[[ModelCard], None]
) -> Model:
    """The model, which is the same in all processes and passes the check of its card, or none of them goes on."""
    failed: GantoolError | None = None
    digest = ""
    try:
        check(read_card(generator_file(path)))
        model = load_by(plugins, path, device)
        digest = model.card.digest
    except GantoolError as error:
        failed = error
    differs = digest != world.from_leader(digest)
    if world.anyone(failed is not None or differs):
        raise failed or CheckpointError(f"{path} was replaced while it was read: its run goes on. Try again.")
    return model
