"""Tiny models, and a server that explores one, for tests of the page."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gantool.api.specs import ImageShape
from gantool.engine.model_file import ModelCard, save_generator
from gantool.explore.explorer import Explorer
from gantool.explore.routes import Routes
from gantool.explore.server import Server
from gantool.plugins.host import host


def write_model(
    path: Path,
    arch: str = "dcgan:width=8,latent=8",
    classes: tuple[str, ...] = (),
    seed: int = 0,
    images: int = 500,
    side: int = 16,
) -> Path:
    """A model that was never trained, as a file."""
    torch.manual_seed(seed)
    chosen = host().resolve("architecture", arch)
    gan = chosen.build(ImageShape(side, 3, len(classes)))
    path.parent.mkdir(parents=True, exist_ok=True)
    card = ModelCard(architecture=chosen.text, resolution=side, channels=3, class_names=classes, images_seen=images)
    weights = gan.generator.state_dict()
    if chosen.spec.name == "dcgan":  # its first weights are small: all would be the same grey
        weights = {name: tensor * 5 if tensor.dim() == 4 else tensor for name, tensor in weights.items()}
    save_generator(path, weights, card)
    return path


class Client:
    """Asks a server in this process."""

    def __init__(self, server: Server, explorer: Explorer) -> None:
        self.server, self.explorer = server, explorer
        self.leaving: list[Callable[[], None]] = []
        """Called before the server ends."""

    def ask(self, path: str, token: str | None = None, method: str = "GET", **more: Any) -> http.client.HTTPResponse:
        """The answer to a request; its `content` is read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.request(method, f"/{self.server.token if token is None else token}/{path}", **more)
        answer = connection.getresponse()
        answer.content = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def get(self, path: str) -> bytes:
        """What a page gets, which is no error."""
        answer = self.ask(path)
        assert answer.status == 200, answer.content  # type: ignore[attr-defined]
        return answer.content  # type: ignore[attr-defined, no-any-return]

    def json(self, path: str) -> Any:
        """The same as a value."""
        return json.loads(self.get(path))

    def post(self, body: object) -> http.client.HTTPResponse:
        """The answer to a change of the favourites."""
        return self.ask("favourites", method="POST", body=json.dumps(body))


@contextmanager
def explored(model: Path) -> Iterator[Client]:
    """A client of a server that explores a model."""
    explorer = Explorer(str(model), "cpu")
    routes = Routes(explorer)
    with Server() as server:
        server.offer(routes.gets(), routes.posts())
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = Client(server, explorer)
        try:
            yield client
        finally:
            for leave in client.leaving:
                leave()
            server.shutdown()
            thread.join()
            explorer.close()
