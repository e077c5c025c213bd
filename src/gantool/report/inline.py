"""Pages that carry their style sheet and script in them, each allowed by its hash: what templates of them need."""

import base64
import hashlib
from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

PACKAGE = "gantool.report"


def template(name: str, package: str = PACKAGE, **filters: Callable[[str], Markup]) -> Template:
    """The template of a package, which escapes whatever it is given."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=FunctionLoader(lambda file: text_of(file, package=package)),
    )  # fmt: skip
    environment.filters |= filters
    return environment.get_template(name)


def text_of(*names: str, package: str = PACKAGE) -> Markup:
    """Files of a package as one text, left as it is in a page."""
    return Markup("".join(files(package).joinpath(name).read_text("utf-8") for name in names))


def digest(text: str) -> str:
    """The hash by which a page's content policy allows its one style sheet and its one script."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
