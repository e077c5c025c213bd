"""gantool's own commands as specs: no plugin can take their names, and `gantool plugins` knows them."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Command

COMMANDS = (
    Command("train", "Train a generator, or resume a run.", "gantool.cli.train:train"),
    Command("tune", "Search for better training settings by successive halving.", "gantool.cli.tune:tune"),
    Command(
        "sample",
        "Draw pictures from a trained generator: the same seed is the same picture, every time.",
        "gantool.cli.sample:sample",
    ),
    Command(
        "interpolate",
        "Walk from seed to seed: each seed's own frame is exactly what `gantool sample` draws for it.",
        "gantool.cli.interpolate:interpolate",
    ),
    Command(
        "directions",
        "Find directions of the latent space along which pictures change, the strongest first.",
        "gantool.cli.directions:directions",
    ),
    Command("explore", "Look at what a model draws in the browser, and steer it.", "gantool.cli.explore:explore"),
    Command(
        "evaluate",
        "Measure how good a model is: its samples against the data, beside the data against itself.",
        "gantool.cli.evaluate:evaluate",
    ),
    Command(
        "compare",
        "Compare models: how long they trained, how good their samples are, and what they draw of equal seeds.",
        "gantool.cli.compare:compare",
    ),
    Command("report", "Show a run on one page, or compare several.", "gantool.cli.report:report"),
    Command("stylize", "Redraw a photo in the style of paintings, from coarse to fine.", "gantool.cli.stylize:stylize"),
    Command(
        "export",
        "Write a generator as a file that draws without gantool, and check that it draws the same.",
        "gantool.cli.export:export",
    ),
    Command(
        "push",
        "Share a model on the Hugging Face Hub: others sample from hf://OWNER/NAME.",
        "gantool.cli.push:push",
    ),
    Command("style", "Train networks that stylise in milliseconds.", "gantool.cli.style:app"),
    Command("data", "Check pictures before training on them; pack many of them into shards.", "gantool.cli.data:app"),
    Command("launch", "Print a script that starts one training on many machines.", "gantool.cli.launch:app"),
    Command("plugins", "List, write, check, install and remove plugins.", "gantool.cli.plugins:app"),
)
"""The commands that `cli/app` makes, with the first line of their help."""


@hookimpl
def gantool_commands() -> list[Command]:
    """The command line's own commands."""
    return list(COMMANDS)
