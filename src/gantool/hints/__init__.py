"""What a word of other tools means here, for errors: flags, settings, commands and components, by their letters."""

import re
from collections.abc import Collection, Mapping

from gantool.errors import nearest
from gantool.hints.words import COMMANDS, COMPONENTS, FLAGS, OTHERWISE, TRANSLATION

_NONE = "The word 'none' means to do without, and takes no options."

NOTES = (
    ("penalty", "none", _NONE),
    ("augmentation", "none", _NONE),
    (
        "observer",
        "wandb",
        "No plugin of this project logs to wandb; gantool-trackio logs to Trackio, which takes the same "
        "calls and needs no account, gantool-tensorboard writes event files, and metrics.jsonl of a run has every "
        "number. 'gantool plugins new wandb --kind observer' begins one.",
    ),
    (
        "architecture",
        "cyclegan cycle-gan pix2pix pix2pixhd cut fastcut unit munit stargan spade",
        f"No architecture here is that of pix2pix or CycleGAN. {TRANSLATION}",
    ),
    (
        "architecture",
        "sngan sagan biggan",
        "No architecture here is that of SNGAN, SAGAN or BigGAN. --arch dcgan:discriminator_norm=spectral --loss hinge "
        "has their normalisation and loss, and --labels the classes.",
    ),
    (
        "penalty",
        "sn spectral spectral-norm",
        "Spectral normalisation is an option of the architecture: --arch dcgan:discriminator_norm=spectral.",
    ),
    (
        "metric",
        "is isc inception-score",
        "The inception score is not here, since it compares with no data. Did you mean 'kid' or 'precision-recall'?",
    ),
)
"""Words without a component here: the kind, the names, and a sentence on each."""


def bare(word: str) -> str:
    """The letters and digits of a word, in lower case: `--image_size` and `imageSize` are one."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


def counterpart(word: str, known: Collection[str], others: Mapping[str, str], alike: bool = True) -> str | None:
    """The one of `known` that a word means: by its letters, as a word of others, or as the one that it begins.

    With `alike` it may also be the one that the word is most like. Several may mean the same, so the first of `others`
    that is known counts.
    """
    letters = bare(word)
    same = [name for name in known if bare(name) == letters]
    meant = [name for name, words in others.items() if name in known and letters in map(bare, words.split())]
    begun = [name for name in known if len(letters) > 2 and bare(name).startswith(letters)]
    if same or meant or len(begun) == 1:
        return (same or meant or begun)[0]
    return nearest(word.strip("-"), known) if alike else None


def elsewhere(word: str, others: Mapping[str, Collection[str]]) -> str:
    """The flags, of those with the names that each takes, with which a word makes sense; "" for none.

    Flags that take the word itself come before those that know it as another tool's name for theirs.
    """
    same = [f"{flag} {word}" for flag, names in others.items() if word in names]
    near = {flag: counterpart(word, names, COMPONENTS, alike=False) for flag, names in others.items()}
    return " or ".join(same) or " ".join(f"{flag} {name}" for flag, name in near.items() if name)


def hint(word: str, known: Mapping[str, str], alike: bool = True) -> str:
    """A hint to follow the error about a flag or setting that does not exist; "" where nothing is meant, or `alike`.

    `known` are the settings of the command by name, each as it is spelt there.
    """
    letters = bare(word)
    for flag, words, text in OTHERWISE:
        if flag in known and letters in map(bare, words.split()):
            return f" {text}"
    name = counterpart(word, known, FLAGS, alike)
    return f" Did you mean {known[name]}?" if name else ""


def component(
    kind: str, name: str, known: Collection[str], others: Mapping[str, Collection[str]]
) -> tuple[str | None, str]:
    """The component of the kind, one of `known`, that a name means, and else a question for the flags of `elsewhere`.

    A name that means one of the same kind, as "vanilla" does of losses, is not sought elsewhere, nor that of a source
    as another tool's word: a folder that is not there may be called anything.
    """
    words = COMMANDS if kind == "command" else COMPONENTS
    if kind == "source":
        others = {flag: names for flag, names in others.items() if name in names}
    name = name.removesuffix(".py")  # of the scripts of others
    here = [*known, *["none"] * (kind in ("augmentation", "penalty"))]
    near = counterpart(name, here, words, alike=False)
    if near is None and (meant := elsewhere(name, others)):
        return None, f" Did you mean {meant}?"
    return near or counterpart(name, here, words), ""


def note(kind: str, name: str) -> str:
    """A sentence on a component that other tools have and gantool has not; "" for other names."""
    letters = bare(name)
    return next((text for of, words, text in NOTES if of == kind and letters in map(bare, words.split())), "")
