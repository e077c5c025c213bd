"""Settings of a style transfer: the same limits in Python and on the command line."""

import math
from typing import get_type_hints

import pytest

from gantool.cli.stylize import Job
from gantool.errors import OptionError
from gantool.style.settings import LIMITS, Settings


@pytest.mark.parametrize("name", LIMITS)
def test_the_command_and_python_take_the_same_limits(name):
    least, most = LIMITS[name]
    option = get_type_hints(Job, include_extras=True)[name].__metadata__[0]
    assert (option.min, option.max) == (least, None if most == math.inf else most)
    Settings(**{name: least})
    with pytest.raises(OptionError, match=rf"{name} is (at least|from) {least:g}"):
        Settings(**{name: least - 1})
    if most < math.inf:
        Settings(**{name: most})
        with pytest.raises(OptionError, match=f"{name} is from {least:g} to {most:g}"):
            Settings(**{name: most + 1})
