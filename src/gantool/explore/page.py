"""The page itself: one document with its style sheet and script in it, which asks nobody but its own server."""

from functools import cache

from jinja2 import Template

from gantool.errors import printable
from gantool.explore.server import POLICY, Answer
from gantool.report import inline
from gantool.sampling.limits import MOST_TRUNCATION


def page_of(name: str, card: str) -> Answer:
    """The page of a model of this name, with a line about it."""
    style = inline.text_of("base.css") + inline.text_of("explore.css", package=__package__)
    script = inline.text_of("picture.js", "explore.js", package=__package__)
    content = _template().render(
        name=printable(name), card=printable(card), style=style, script=script, most_truncation=MOST_TRUNCATION
    )
    policy = POLICY.format(style=f"'sha256-{inline.digest(style)}'", script=f"'sha256-{inline.digest(script)}'")
    return Answer(content.encode(), "text/html; charset=utf-8", policy)


@cache
def _template() -> Template:
    return inline.template("explore.html.jinja", __package__)
