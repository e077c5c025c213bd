"""`gantool explore`: a page in the browser, to look at what a model draws and to steer it."""

import sys
import webbrowser
from contextlib import ExitStack, closing, redirect_stdout
from typing import Annotated

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, ModelPath
from gantool.engine.importing import import_torch


def explore(
    model: ModelPath,
    port: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=65535, show_default=False, help="Port of the page. Default: any that is free."
        ),
    ] = 0,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    device: Device = "auto",
    plugins_dir: PluginsDir = None,
) -> None:
    """Look at what a model draws in the browser, and steer it.

    Choose among seeds, truncate, mix, morph and move along directions, keep favourites and walk between them. Only this
    machine can open the page, and only by the address that is printed. A run that still trains is followed. Ctrl-C
    ends it.
    """
    import_torch()
    from gantool.cli import output
    from gantool.cli.progress import showing_progress
    from gantool.explore.explorer import Explorer
    from gantool.explore.routes import Routes
    from gantool.explore.server import Server

    with ExitStack() as opened:
        server = opened.enter_context(Server(port))  # a port that is taken is told before the model is read
        with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
            explorer = opened.enter_context(closing(Explorer(model, device)))
        routes = Routes(explorer)
        server.offer(routes.gets(), routes.posts())
        output.result(server.url)
        if show and not webbrowser.open(server.url):
            output.say("No browser was found: open the address in one.")
        output.say("Ctrl-C ends it.")
        try:
            with redirect_stdout(sys.stderr):
                server.serve_forever()
        except KeyboardInterrupt:  # the usual end
            output.say("The page is closed.")
