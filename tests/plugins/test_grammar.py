from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from gantool.api.specs import Component, Options, option
from gantool.cli.describe import takes
from gantool.data.pictures.options import PictureOptions
from gantool.errors import OptionError, UsageError
from gantool.plugins.grammar import Choice, as_made, brief, canonical, describe_options, parse_choice, read_options
from gantool.plugins.option_types import writable
from gantool.plugins.option_words import choices, phrase


class Everything(Options):
    width: int = option(64, "channels", ge=8, le=512)
    weight: float = option(1.0, "strength", gt=0)
    flip: bool = option(False, "mirror")
    grow: Literal["stride", "pool"] = option("stride", "how it shrinks")
    policy: tuple[Literal["color", "translation", "cutout"], ...] = option(("color",), "what is changed")
    betas: tuple[float, float] = option((0.0, 0.99), "Adam")
    path: str = option("", "where")
    folder: Path = option(Path("x"), "where")
    limit: int | None = option(None, "at most", ge=1)
    size: int | Literal["auto"] = option("auto", "pixels")
    label: str | None = option(None, "a word")
    words: tuple[str, ...] = option((), "words")
    sizes: tuple[Annotated[int, Field(ge=1)], ...] = option((1,), "sizes")


SPEC = Component("all", "Every type", Everything, "nowhere:nothing")


def read(text: str) -> Everything:
    options = read_options(SPEC, parse_choice(text))
    assert isinstance(options, Everything)
    return options


def test_name_alone_has_no_options() -> None:
    assert parse_choice("dcgan") == parse_choice(" dcgan: ") == Choice("dcgan", {})


def test_values_keep_colons_equal_signs_and_slashes() -> None:
    choice = parse_choice("folder:path=C:/a=b/c, fit=crop")
    assert choice == Choice("folder", {"path": "C:/a=b/c", "fit": "crop"})


@pytest.mark.parametrize("text", ["", ":a=1", "a b:c=1", "x,y", "dcgan:a=1,width", "dcgan:=3", "d:a=1,a=2", 'd:a="1'])
def test_other_forms_are_refused_as_usage(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_choice(text)
    assert caught.value.exit_code == 2


class Placed(Options):
    path: str = option(..., "where")
    fit: str = option("crop", "how")


PLACED = Component("folder", "A place", Placed, "nowhere:nothing")


@pytest.mark.parametrize("text", ["folder:a/b,fit=pad", 'folder:"a/b",fit=pad', "folder:path=a/b,fit=pad"])
def test_a_first_option_that_is_required_needs_no_name(text: str) -> None:
    options = read_options(PLACED, parse_choice(text))
    assert options == Placed(path="a/b", fit="pad")
    assert canonical("folder", options) == "folder:path=a/b,fit=pad"


class PlacedPictures(PictureOptions):
    database: str = option(..., "where")


def test_the_first_required_option_needs_no_name_behind_inherited_ones_that_have_defaults() -> None:
    spec = Component("pictures", "A place", PlacedPictures, "nowhere:nothing")
    options = read_options(spec, parse_choice("pictures:faces.db,fit=pad"))
    assert options == PlacedPictures(database="faces.db", fit="pad")


def test_any_other_option_needs_its_name() -> None:
    with pytest.raises(OptionError, match=r"'width' of all has no value: write it as in all:width=\w+\. It takes"):
        read("all:width")
    with pytest.raises(OptionError, match="'path' of folder is given twice: 'a' is its value without the name"):
        read_options(PLACED, parse_choice("folder:a,path=b"))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("width=1_28", "width", 128),
        ("width=1e2", "width", 100),
        ("limit=200k", "limit", 200_000),
        ("limit=1.5M", "limit", 1_500_000),
        ("limit=none", "limit", None),
        ("weight=.5", "weight", 0.5),
        ("weight=2k", "weight", 2000.0),
        ("flip=yes", "flip", True),
        ("flip=true", "flip", True),
        ("flip=no", "flip", False),
        ("policy=color+translation", "policy", ("color", "translation")),
        ("policy=", "policy", ()),
        ("betas=0.5+0.999", "betas", (0.5, 0.999)),
        ("size=auto", "size", "auto"),
        ("size=64", "size", 64),
        ('path="a, b"', "path", "a, b"),
        ('path="say ""hi"", you"', "path", 'say "hi", you'),
        ("path=200k", "path", "200k"),
        ("path=none", "path", "none"),
        ('label="none"', "label", "none"),
        ('words="1+1"+two', "words", ("1+1", "two")),
    ],
)
def test_text_becomes_the_fields_type(text: str, field: str, value: object) -> None:
    assert getattr(read(f"all:{text}"), field) == value


@pytest.mark.parametrize(
    "options",
    [
        Everything(),
        Everything(width=128, weight=1e-8, flip=True, grow="pool", policy=(), betas=(1e16, 1e-5), limit=3, size=7),
        Everything(path='a,b="c"', folder=Path("/tmp/a+b, c"), label="none", words=("", "a+b", ' "x', "none", ",")),
        Everything(path=" lead", label="ok", words=("",), policy=("color", "cutout")),
    ],
)
def test_canonical_text_reads_back_as_the_same_options(options: Everything) -> None:
    text = canonical("all", options)
    assert read(text) == options
    assert canonical("all", read(text)) == text
    assert set(parse_choice(text).options) == set(Everything.model_fields)


def test_a_user_is_told_of_options_that_are_not_at_their_defaults(monkeypatch, tmp_path) -> None:
    class Folder(Options):
        path: Path
        fit: str = "crop"

    monkeypatch.chdir(tmp_path)
    assert brief("folder", Folder(path=tmp_path / "a, b")) == "a, b"
    assert brief("folder", Folder(path="/elsewhere", fit="pad")) == "/elsewhere:fit=pad"
    assert brief("everything", Everything()) == "everything"


def test_a_component_without_options_is_its_name() -> None:
    assert canonical("plain", Options()) == "plain"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("all:widht=9", ["'widht'", "all", "Did you mean 'width'?", "weight"]),
        ("all:width=abc", ["'width'", "all", "an integer", "from 8 to 512", "'abc'"]),
        ("all:width=4", ["'width'", "from 8 to 512", "'4'"]),
        ("all:weight=0", ["'weight'", "a number", "above 0"]),
        ("all:flip=perhaps", ["'flip'", "yes or no", "'perhaps'"]),
        ("all:grow=poll", ["'grow'", "stride, pool", "Did you mean 'pool'?"]),
        ("all:policy=color+blur", ["'policy'", "color, translation, cutout", "joined by '+'"]),
        ("all:weight=inf", ["'weight'", "takes a finite number (above 0), not 'inf'"]),
        ("all:weight=1e999", ["takes a finite number (above 0), not '1e999'"]),
        ("all:betas=0+nan", ["'betas'", "takes 2 finite numbers joined by '+', not '0+nan'"]),
        ("all:width=inf", ["'width'", "an integer (from 8 to 512), not 'inf'"]),
        ("all:betas=0.5", ["'betas'", "2 numbers", "joined by '+'"]),
        ("all:limit=0", ["'limit'", "an integer or none", "at least 1"]),
        ("all:sizes=1+0", ["'sizes'", "integers (at least 1) joined by '+'", "'1+0'"]),
        ("all:width=1,weight=-1", ["'width'", "'weight'"]),
    ],
)
def test_errors_name_component_option_and_what_it_takes(text: str, parts: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        read(text)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_infinity_beside_a_word_is_told_once() -> None:
    class Open(Options):
        weight: Annotated[float, Field(ge=0)] | Literal["auto"] = option("auto", "a number or auto")

    with pytest.raises(OptionError) as caught:
        read_options(Component("open", "Open", Open, "a:b"), parse_choice("open:weight=-inf"))
    assert str(caught.value) == "Option 'weight' of open takes a finite number (at least 0) or auto, not '-inf'."


def test_required_options_and_an_authors_own_checks_are_told_in_words() -> None:
    class Own(Options):
        path: str = option(..., "a folder")
        size: int = 4

        @field_validator("size")
        @classmethod
        def even(cls, size: int) -> int:
            if size % 2:
                raise ValueError("odd sizes cannot be halved")
            return size

        @model_validator(mode="after")
        def fits(self) -> "Own":
            if len(self.path) > self.size:
                raise ValueError("the path is longer than the size")
            return self

    spec = Component("own", "Own checks", Own, "a:b")
    for text, expected in {
        "own": "own needs its option 'path': text.",
        "own:path=x,size=3": "Option 'size' of own cannot be '3': odd sizes cannot be halved.",
        "own:path=abcdef": "own refuses these options: the path is longer than the size.",
    }.items():
        with pytest.raises(OptionError) as caught:
            read_options(spec, parse_choice(text))
        assert str(caught.value) == expected


def test_described_options_tell_type_limits_and_default() -> None:
    rows = {row.name: row for row in describe_options(Everything)}
    assert list(rows) == list(Everything.model_fields)
    assert (rows["width"].type, rows["width"].limits, rows["width"].default) == ("integer", "from 8 to 512", "64")
    assert (rows["grow"].type, rows["grow"].limits) == ("choice", "stride, pool")
    assert (rows["policy"].type, rows["policy"].limits) == ("choice+...", "color, translation, cutout")
    assert (rows["limit"].type, rows["limit"].default) == ("integer or none", "none")
    assert (rows["flip"].type, rows["flip"].default, rows["flip"].help) == ("yes/no", "no", "mirror")


AtLeastOne = Annotated[int, Field(ge=1)]


class Limited(Options):
    layers: tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...] = option((1,), "layers", min_length=1)
    maybe: tuple[AtLeastOne, ...] | None = option(None, "layers or none")
    mixed: tuple[AtLeastOne | Literal["auto"], ...] = option((1,), "each a number or auto")
    gaps: tuple[Annotated[int | None, Field(ge=1)], ...] = option((1, None), "each a number or none")
    pair: tuple[int, Annotated[float, Field(gt=0)]] = option((2, 1.0), "an integer and a number")
    alone: AtLeastOne | None = option(None, "the limit belongs to the number")
    size: AtLeastOne | Literal["auto"] = option("auto", "a number or auto")


LIMITED = Component("limited", "Limits inside", Limited, "nowhere:nothing")


def test_limits_on_items_and_members_are_told_in_words() -> None:
    told = {row.name: (row.type, row.limits, takes(row)) for row in describe_options(Limited)}
    assert told == {
        "layers": ("integer+...", "from 1 to 1_000_000; length at least 1",
                   "integer, from 1 to 1_000_000; length at least 1, joined by +"),
        "maybe": ("integer+... or none", "at least 1", "integer or none, at least 1, joined by +"),
        "mixed": ("integer or auto+...", "at least 1", "integer or auto, at least 1, joined by +"),
        "gaps": ("integer or none+...", "at least 1", "integer or none, at least 1, joined by +"),
        "pair": ("integer+number", "number 2 above 0", "integer+number, number 2 above 0"),
        "alone": ("integer or none", "at least 1", "integer or none, at least 1"),
        "size": ("integer or auto", "at least 1", "integer or auto, at least 1"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("layers=1+0", "integers (from 1 to 1_000_000) joined by '+' (length at least 1), not '1+0'"),
        ("layers=-3", "integers (from 1 to 1_000_000) joined by '+' (length at least 1), not '-3'"),
        ("layers=1+", "integers (from 1 to 1_000_000) joined by '+' (length at least 1), not '1+'"),
        ("layers=2k+1.5", "integers (from 1 to 1_000_000) joined by '+' (length at least 1), not '2k+1.5'"),
        ("layers=", "integers (from 1 to 1_000_000) joined by '+' (length at least 1), not ''"),
        ("maybe=0", "integers (at least 1) joined by '+' or none, not '0'"),
        ("mixed=auto+0", "values joined by '+', each an integer (at least 1) or auto, not 'auto+0'"),
        ("gaps=none+0", "values joined by '+', each an integer (at least 1) or none, not 'none+0'"),
        ("pair=1+0", "an integer + a number (above 0), not '1+0'"),
        ("pair=1", "an integer + a number (above 0), not '1'"),
        ("alone=0", "an integer (at least 1) or none, not '0'"),
        ("size=0", "an integer (at least 1) or auto, not '0'"),
    ],
)
def test_limits_on_items_and_members_are_kept(text: str, takes: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_options(LIMITED, parse_choice(f"limited:{text}"))
    assert str(caught.value) == f"Option {text.partition('=')[0]!r} of limited takes {takes}."


@pytest.mark.parametrize(
    "options",
    [
        Limited(),
        Limited(layers=(1000, 7), maybe=(), mixed=("auto", 3), gaps=(None, 2), pair=(-1, 1e-9), alone=4, size=9),
    ],
)
def test_limited_options_are_written_and_read_back(options: Limited) -> None:
    assert read_options(LIMITED, parse_choice(canonical("limited", options))) == options


def test_choices_are_found_inside_tuples_and_beside_numbers() -> None:
    found = {name: choices(info) for name, info in {**Everything.model_fields, **Limited.model_fields}.items()}
    assert {name: words for name, words in found.items() if words} == {
        "grow": ["stride", "pool"],
        "policy": ["color", "translation", "cutout"],
        "size": ["auto"],
        "mixed": ["auto"],
    }
    with pytest.raises(OptionError, match="Did you mean 'auto'"):
        read("all:size=atuo")


@pytest.mark.parametrize("kind", [int, bool | None, Literal["a", "b"], tuple[int, ...], int | Literal["auto"], Path])
def test_types_the_grammar_can_write(kind: object) -> None:
    assert writable(kind)


@pytest.mark.parametrize("kind", [dict[str, int], int | str, tuple[tuple[int, ...], ...], Options, list[int], None])
def test_types_the_grammar_cannot_write(kind: object) -> None:
    assert not writable(kind)


def test_a_word_beside_a_number_is_told_as_that_word():
    class Settled(Options):
        base: Annotated[int, Field(ge=1)] | Literal["auto"] = option("auto", "")

    (row,) = describe_options(Settled)
    assert (row.type, row.limits, row.default) == ("integer or auto", "at least 1", "auto")
    assert phrase(Settled.model_fields["base"]) == "an integer (at least 1) or auto"


def test_options_of_a_file_from_before_they_were_added_are_as_they_were_then():
    class Grown(Options):
        path: str = option(..., "where")
        width: int = option(64, "channels")
        sizes: tuple[Annotated[int, Field(ge=1)], ...] = option((16,), "sizes", before=(4, 8))
        flip: bool = option(True, "mirror", before=False)
        new: int = option(3, "whatever it was")

    spec = Component("grown", "", Grown, "x:y")
    assert read_options(spec, as_made(spec, parse_choice("grown:a,width=8"))) == Grown(
        path="a", width=8, sizes=(4, 8), flip=False
    )
    assert read_options(spec, as_made(spec, parse_choice("grown:path=a,flip=yes"))).flip
    assert read_options(spec, parse_choice("grown:a")) == Grown(path="a")


@pytest.mark.parametrize(
    ("text", "told"), [("color,translation", True), ("r1, r2:weight=1", True), ("two words", False)]
)
def test_commas_between_names_are_told_what_they_are_for(text, told):
    with pytest.raises(UsageError, match="is not of the form NAME") as refused:
        parse_choice(text)
    assert ("Several names take a flag each, values of one option a +" in str(refused.value)) == told
