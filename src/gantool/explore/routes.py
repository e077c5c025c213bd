"""What the page asks of its server: the page, its state, pictures, walks, sheets of the run, and favourites."""

import base64
import threading
from collections.abc import Sequence
from typing import Any

from gantool.engine.run_names import sheet_of
from gantool.errors import GantoolError, OptionError
from gantool.explore.explorer import Explorer, film
from gantool.explore.page import page_of
from gantool.explore.server import Answer, Request, Route, as_json
from gantool.render.pictures import encoded
from gantool.sampling.favourites import favourites_file, load_favourites, save_favourites
from gantool.sampling.points import Point, parse_point

AT_ONCE = 64
FILMS = {".webp": "image/webp", ".gif": "image/gif", ".apng": "image/apng", ".mp4": "video/mp4"}
PNG = "image/png"


class Routes:
    """The answers to requests, by name."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.file = favourites_file(explorer.path)
        self._writing = threading.Lock()

    def gets(self) -> dict[str, Route]:
        """What is read."""
        return {
            "": self.page, "state": self.state, "picture": self.picture, "pictures": self.pictures,
            "alike": self.alike, "walk": self.walk, "sheet": self.sheet,
        }  # fmt: skip

    def posts(self) -> dict[str, Route]:
        """What changes something."""
        return {"favourites": self.change}

    def page(self, request: Request) -> Answer:
        """The page itself; what it shows is in its address, for its script to read."""
        return page_of(self.explorer.name, str(self.explorer.loaded.model.card))

    def state(self, request: Request) -> Answer:
        """The model, the run and the favourites as they are now."""
        return as_json({**self.explorer.state(), **self._favourites()})

    def picture(self, request: Request) -> Answer:
        """The picture of one point, the file that `gantool sample` writes."""
        (drawn,) = self.explorer.pictures([parse_point(request.one("of"))], _level(request), request.check)
        return Answer(encoded(drawn, ".png"), PNG)

    def pictures(self, request: Request) -> Answer:
        """Small pictures of several points."""
        drawn = self.explorer.small(_points(request), _level(request), request.check)
        uris = [f"data:{PNG};base64,{base64.b64encode(one).decode()}" for one in drawn]
        return as_json({"pictures": uris})

    def alike(self, request: Request) -> Answer:
        """Seeds whose pictures resemble that of a point."""
        first, count = request.number("from", 0, 2**31), request.number("count", 24, AT_ONCE)
        return as_json({"seeds": self.explorer.alike(parse_point(request.one("of")), first, count, request.check)})

    def walk(self, request: Request) -> Answer:
        """A walk between points as a file."""
        suffix, loop = f".{request.one('format', 'webp')}", request.one("loop") == "1"
        if suffix not in FILMS:
            raise OptionError(f"A walk is one of {', '.join(FILMS)}, not {suffix[:20]}.")
        points, fps = _points(request), max(1, request.number("fps", 25, 60))
        frames = request.number("frames", 0, 10**6)
        drawn = self.explorer.walk(points, frames, request.one("method", "auto"), loop, _level(request), request.check)
        return Answer(film(drawn, suffix, fps, loop), FILMS[suffix])

    def sheet(self, request: Request) -> Answer:
        """A sheet of samples that training has drawn, by the images seen."""
        seen = request.number("seen", 0, 10**11)
        if self.explorer.run is None or not (file := sheet_of(self.explorer.run, seen)).is_file():
            raise OptionError(f"The run has no sheet at {seen:,} images.")
        return Answer(file.read_bytes(), PNG)

    def change(self, request: Request) -> Answer:
        """Add a favourite, or remove it."""
        if len(request.body) != 1 or not isinstance(text := next(iter(request.body.values())), str):
            raise OptionError("Favourites are changed by add or remove, with a picture.")
        point = parse_point(text)
        with self._writing:
            kept = [one for one in load_favourites(self.file) if one != point]
            if "add" in request.body:
                kept.append(point)
            elif "remove" not in request.body:
                raise OptionError("Favourites are changed by add or remove, with a picture.")
            save_favourites(self.file, kept)
        return as_json(self._favourites())

    def _favourites(self) -> dict[str, Any]:
        try:
            return {"favourites": [str(point) for point in load_favourites(self.file)], "favourites_note": ""}
        except GantoolError as error:  # a damaged file, perhaps another's, is left alone
            return {"favourites": [], "favourites_note": str(error)}


def _points(request: Request) -> Sequence[Point]:
    texts = request.fields.get("of", [])
    if not 0 < len(texts) <= AT_ONCE:
        raise OptionError(f"From 1 to {AT_ONCE} pictures are drawn at once, not {len(texts)}.")
    return [parse_point(text) for text in texts]


def _level(request: Request) -> int | None:
    return request.number("level", 0, 2**16) or None
