"""How long does the page of `gantool explore` wait for a picture, and for a grid of 24?

    python benchmarks/explore.py [ARCH [RESOLUTION]]

A server in this process on two threads of torch, and a client on the loopback. Without arguments it is the dcgan of 64
pixels, never trained, since weights do not change the time. The median on the clock, and half the processor time, which
is what two cores take that do nothing else. The aim is a picture within 100 ms.
"""

import http.client
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

import torch

from gantool.api.specs import ImageShape
from gantool.engine.model_file import ModelCard, save_generator
from gantool.explore.explorer import Explorer
from gantool.explore.routes import Routes
from gantool.explore.server import Server
from gantool.plugins.host import host

PICTURES, GRIDS, AIM = 50, 10, 0.1


def main() -> int:
    """Print the times; 1 if a picture takes longer than the aim."""
    arch, side = (*sys.argv[1:], *("dcgan", "64")[len(sys.argv) - 1 :])
    torch.set_num_threads(2)
    chosen = host().resolve("architecture", arch)
    gan = chosen.build(ImageShape(int(side), 3, 0))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.safetensors"
        card = ModelCard(architecture=chosen.text, resolution=int(side), channels=3, images_seen=0)
        save_generator(file, gan.generator.state_dict(), card)
        explorer = Explorer(str(file), "cpu")
        routes = Routes(explorer)
        with Server() as server:
            server.offer(routes.gets(), routes.posts())
            threading.Thread(target=server.serve_forever, daemon=True).start()
            get(server, f"picture?of={quote('seed=0')}")
            one = [get(server, f"picture?of={quote(f'seed={seed}')}") for seed in range(PICTURES)]
            pages = ["&".join(f"of={quote(f'seed={24 * page + seed}')}" for seed in range(24)) for page in range(GRIDS)]
            grid = [get(server, f"pictures?{page}") for page in pages]
            server.shutdown()
        explorer.close()
    print(f"{arch} at {side} pixels, 2 threads")
    medians = {}
    for what, times in (("a picture", one), ("a grid of 24", grid)):
        clock, busy = (1000 * statistics.median(each) for each in zip(*times, strict=True))
        medians[what] = busy / 2
        print(f"{what:13} {clock:6.1f} ms on the clock, {busy / 2:6.1f} ms of two cores")
    return int(medians["a picture"] > 1000 * AIM)


def get(server: Server, path: str) -> tuple[float, float]:
    """The seconds until all of an answer is there, and those of processors. Raises RuntimeError for an error."""
    begun, busy = time.perf_counter(), time.process_time()
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", f"/{server.token}/{path}")
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(content.decode())
    return time.perf_counter() - begun, time.process_time() - busy


if __name__ == "__main__":
    sys.exit(main())
