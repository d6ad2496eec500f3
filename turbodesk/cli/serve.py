"""`sandbox`: the pretend provider, served to whoever wants it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import (
    OK,
    as_json,
)
from turbodesk.errors import FileTrouble
from turbodesk.stop_signals import stop_signals

if TYPE_CHECKING:
    pass


@click.group("sandbox")
def sandbox_words() -> None:
    """The pretend provider on this computer."""


@sandbox_words.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free one.")
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), help="Its file; none: in memory.")
@click.option("--history-rows", type=click.IntRange(0), help="Size of the sample history.")
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Gets the same JSON.")
@as_json
def serve_sandbox(
    port: int, data: Path | None, history_rows: int | None, ready_file: Path | None, as_json: bool
) -> int:
    """Serves the sandbox until it is told to stop (Ctrl+C, SIGTERM)."""
    from turbodesk.files import write_whole
    from turbodesk.sandbox.server import SandboxServer

    with stop_signals() as told:
        server = SandboxServer(data, port=port, history_rows=history_rows)
        try:
            endpoints = server.start()
        except OSError as error:
            raise _not_started(error, data) from error
        try:
            document = json.dumps(endpoints.as_json())
            if ready_file:
                write_whole(ready_file, document.encode())
            click.echo(document)
            told.recv(1)
        finally:
            server.stop()
    return OK


def _not_started(error: OSError, data: Path | None) -> FileTrouble:
    """What keeps the sandbox from starting: its file, or else its port."""
    if data and (error.errno is None or error.filename):
        why = f"{data}: {error.strerror.lower()}" if error.strerror else str(error)
        return FileTrouble(
            f"The sandbox could not start: {why}.",
            hint="Choose another file with --data, or leave it out to keep everything in memory.",
            field="data",
        )
    return FileTrouble(
        f"The sandbox could not start: {error.strerror or error}.",
        hint="Choose another --port, or leave it out to take a free one.",
        field="port",
    )
