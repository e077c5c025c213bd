import pytest

from gantool.data.names import distinct
from gantool.errors import printable


@pytest.mark.parametrize("name", ["a.png", "Katze und Hund/é.png", "猫", "back\\slash", "'quoted'"])
def test_text_stays_as_it_is(name: str) -> None:
    assert printable(name) == name
    assert distinct([name]) == (name,)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("caf\udce9.png", "caf\ufffd.png"),
        ("a\tb\nc", "a\\tb\\nc"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u2028\x85", "a\\u2028\\x85"),
    ],
)
def test_what_is_no_text_of_one_line_becomes_such(name: str, text: str) -> None:
    assert printable(name) == text
    assert text.encode()
    assert len(text.splitlines()) == 1


def test_names_that_become_equal_stay_apart() -> None:
    names = ["\udce8", "\udce9", "\ufffd", "\ufffd (2)", "plain"]
    texts = distinct(names)
    assert len(set(texts)) == len(names)
    assert texts[2:] == ("\ufffd", "\ufffd (2)", "plain")
