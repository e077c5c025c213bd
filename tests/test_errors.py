"""Words of errors: numbers with their nouns."""

import pytest

from gantool.errors import counted, none_usable


@pytest.mark.parametrize(("count", "said"), [(0, "0 classes"), (1, "1 class"), (2000, "2,000 classes")])
def test_a_noun_is_in_the_number_of_its_count(count, said):
    assert counted(count, "class", "classes") == said
    assert counted(count, "image") == said.replace("classes", "images").replace("class", "image")


def test_one_thing_that_cannot_be_used_is_no_none_of_the_1():
    assert none_usable(1, "shard", "", "a.tar is no tar") == "The only shard cannot be used: a.tar is no tar."
    assert none_usable(3, "picture", " in x", "a is bad") == "None of the 3 pictures in x can be used: a is bad."
