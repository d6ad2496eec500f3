"""`events`: receives what services post to a webhook, shows it, and posts a sample."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import OK, Setting, as_json, say, say_why, show
from turbodesk.cli.documents import Document, when
from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.model.account import Secret
from turbodesk.model.event import SERVICES
from turbodesk.stop_signals import stop_signals

if TYPE_CHECKING:
    import socket

    from turbodesk.errors import StoreTrouble
    from turbodesk.store.events import Events, Received

SECRET_VARIABLE = "TURBODESK_SECRET_EVENTS"  # noqa: S105 (a name)
NOTHING = "Nothing was received or posted"
_LOOK_EVERY_S = 0.5

basic_auth = click.option(
    "--basic-auth",
    metavar="USER",
    help=f"Asks for this user name, and for the password in {SECRET_VARIABLE} or on stdin.",
)


@click.group("events")
def event_words() -> None:
    """What services post to a webhook about mail: received, kept once, shown."""


@event_words.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Opens it to other computers.")
@basic_auth
@as_json
@click.pass_obj
def serve_events(setting: Setting, port: int, host: str, basic_auth: str | None, as_json: bool) -> int:
    """Receives events of turboSMTP and SendPost until it is told to stop (Ctrl+C, SIGTERM).

    A post is answered with a yes once its events are on the disk; the same event is kept once, however often
    it is posted.
    """
    import asyncio

    from turbodesk.providers import is_loopback
    from turbodesk.services.event_server import EventServer, Receiver
    from turbodesk.store.events import Events

    local = is_loopback(host.lower())
    if not local and basic_auth is None:
        raise click.UsageError("--host opens it to other computers: that takes --basic-auth, too.")
    login = None if basic_auth is None else (_user(basic_auth), _secret())
    if not local:
        say(
            f"Warning: other computers can reach this at {host}. It speaks plain HTTP, so the password can be"
        )
        say("read on the way: put a server with a certificate in front of it.")

    async def serve(told: socket.socket) -> None:
        events = await asyncio.to_thread(Events.open, setting.config_dir)
        try:
            async with EventServer(Receiver(events, login, _tell), host=host, port=port) as server:
                text = f"Events are received at {server.url} until Ctrl+C."
                show(as_json, {"url": server.url, "basic_auth": basic_auth}, text)
                told.setblocking(False)
                await asyncio.get_running_loop().sock_recv(told, 1)
        finally:
            await asyncio.to_thread(events.close)

    with stop_signals() as told, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            runner.run(serve(told))
        except OSError as error:
            raise FileTrouble(
                f"The receiver could not start: {error.strerror or error}.",
                hint="Choose another --port or --host, or leave both out to take a free port here.",
                field="port",
            ) from error
    return OK


def _tell(trouble: StoreTrouble) -> None:
    say_why(trouble)
    say("Posts are answered with 503 meanwhile, and come again.")


def _user(name: str) -> str:
    """Raises InvalidDraft where HTTP's basic authentication can't carry it."""
    if not name or ":" in name or not name.isprintable():
        raise InvalidDraft(
            {"basic-auth": "A user name has no colon in it, and no sign that nobody sees."}, ""
        )
    return name


def _secret() -> Secret:
    """The password, from the environment or else the first line of stdin; raises InvalidDraft."""
    given = os.environ.get(SECRET_VARIABLE, "")
    if not given and sys.stdin is not None and sys.stdin.isatty():
        given = click.prompt("Password", default="", hide_input=True, show_default=False, err=True)
    elif not given and sys.stdin is not None:
        given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        problem = f"--basic-auth needs a password: set {SECRET_VARIABLE}, or write it on stdin."
        raise InvalidDraft({"basic-auth": problem}, NOTHING)
    return Secret(given)


@event_words.command("tail")
@click.option(
    "-n", "--last", type=click.IntRange(0), default=20, show_default=True, help="So many to begin with."
)
@click.option("--follow", is_flag=True, help="Goes on with each that comes, until Ctrl+C.")
@as_json
@click.pass_obj
def tail_events(setting: Setting, last: int, follow: bool, as_json: bool) -> int:
    """The events that came last, oldest first. With --follow --json each is a document on a line."""
    import asyncio

    from turbodesk.store.events import Events

    with stop_signals() as told, asyncio.Runner() as runner:
        events = Events.open(setting.config_dir)
        try:
            found = runner.run(events.last(last))
            if not follow:
                shown = "\n".join(map(_line, found)) or "No event has been received so far."
                show(as_json, {"events": [event_document(it) for it in found]}, shown)
                return OK
            told.settimeout(_LOOK_EVERY_S)
            after = found[-1].number if found else runner.run(_newest(events))
            while True:
                _print(found, as_json)
                after = found[-1].number if found else after
                found = runner.run(events.page(after))
                if not found and _is_told(told):
                    return OK
        finally:
            events.close()


async def _newest(events: Events) -> int:
    return next((it.number for it in await events.last(1)), 0)


def _is_told(told: socket.socket) -> bool:
    """Whether it is told to stop, while it waits for more."""
    try:
        return bool(told.recv(1))
    except TimeoutError:
        return False


def _print(found: Iterable[Received], as_json: bool) -> None:
    for each in found:
        show(as_json, event_document(each), _line(each))


def _line(received: Received) -> str:
    event = received.event
    more = event.words or event.url
    return "  ".join(
        (
            f"{event.at or received.received:%Y-%m-%d %H:%M:%S}Z",
            f"{event.service:9}",
            f"{event.kind:12}",
            event.recipient or event.message_id,
            *([more] if more else []),
        )
    )


def event_document(received: Received) -> Document:
    """An event as a JSON document, all its texts as they are kept."""
    event = received.event
    return {
        "number": received.number,
        "received": when(received.received),
        "service": event.service,
        "id": event.identity,
        "kind": event.kind,
        "word": event.word,
        "at": when(event.at),
        "message_id": event.message_id,
        "recipient": event.recipient,
        "key": event.key,
        "campaign": event.campaign,
        "subject": event.subject,
        "words": event.words,
        "url": event.url,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "raw": event.raw,
    }


@event_words.command("sample")
@click.option("--to", "url", required=True, metavar="URL", help="Where the receiver listens.")
@click.option("--service", type=click.Choice(SERVICES), default="sendpost", show_default=True)
@click.option("--kind", default="delivered", show_default=True, help="What happened, as in “hard bounce”.")
@basic_auth
@as_json
@click.pass_obj
def post_sample_event(
    setting: Setting, url: str, service: str, kind: str, basic_auth: str | None, as_json: bool
) -> int:
    """Posts one sample event, as the service would, to see whether a receiver takes it."""
    from turbodesk.providers.webhook_samples import kinds_of
    from turbodesk.services.event_sample import post_sample
    from turbodesk.workplace import Workplace

    kind = kind.strip().lower().replace("-", " ")
    if kind not in kinds_of(service):
        raise click.UsageError(f"--kind {kind!r} is none of {service}'s: {', '.join(kinds_of(service))}.")
    login = None if basic_auth is None else (_user(basic_auth), _secret())

    async def work(place: Workplace) -> None:
        status = await post_sample(place.gateway, url, service, kind, login)
        document = {"service": service, "kind": kind, "status": status}
        show(as_json, document, f"The receiver took a sample event ({kind}) of {service}: {status}.")

    return setting.go(work)
