"""`sandbox`: the pretend provider, served to whoever wants it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import (
    OK,
    as_json,
)
from turbodesk.cli.receivers import with_password
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
@click.option(
    "--webhooks-to", metavar="URL", default="", help="Where turboSMTP's events are posted, on this computer."
)
@click.option(
    "--webhook-speed",
    type=click.FloatRange(0, 1_000_000, min_open=True),
    default=1.0,
    help="So many times as fast as the services post again what was not taken.",
)
@click.option("--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Gets the same JSON.")
@as_json
def serve_sandbox(
    port: int,
    data: Path | None,
    history_rows: int | None,
    webhooks_to: str,
    webhook_speed: float,
    ready_file: Path | None,
    as_json: bool,
) -> int:
    """Serves the sandbox until it is told to stop (Ctrl+C, SIGTERM).

    A user name stands in the URL of --webhooks-to; its password comes from TURBODESK_SECRET_EVENTS.
    Its own API (/sandbox) wants the `control_token` of what is printed, in X-Sandbox-Token: another one in
    every run, unless TURBODESK_SECRET_SANDBOX_TOKEN says which.
    """
    from turbodesk.files import write_whole
    from turbodesk.sandbox.server import SandboxServer
    from turbodesk.workplace import SANDBOX_TOKEN_VARIABLE

    webhooks: dict[str, Any] = {"webhooks_to": _receiver(webhooks_to), "webhook_speed": webhook_speed}
    with stop_signals() as told:
        server = SandboxServer(
            data,
            port=port,
            history_rows=history_rows,
            control_token=os.environ.get(SANDBOX_TOKEN_VARIABLE, ""),
            **webhooks,
        )
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


def _receiver(url: str) -> str:
    """The URL with the password that its user name needs; raises UsageError for one of another computer."""
    from turbodesk.sandbox.webhook_post import target_of

    if url and target_of(url) is None:
        raise click.UsageError(
            "--webhooks-to is a URL of this computer: write it as http://127.0.0.1:PORT/, or with a user "
            "name as http://USER@127.0.0.1:PORT/."
        )
    return with_password(url)


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
