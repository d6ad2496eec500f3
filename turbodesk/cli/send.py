"""`send` and `outbox`: one message out, and what came of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import (
    FAILED,
    OK,
    PARTLY,
    UNKNOWN,
    Setting,
    as_json,
    exit_code,
    say_why,
    show,
)
from turbodesk.errors import FileTrouble, InvalidDraft, TurbodeskError

if TYPE_CHECKING:
    from turbodesk.model.outcome import SendState
    from turbodesk.services.desk import Desk
    from turbodesk.store.ledger import Entry
    from turbodesk.workplace import Workplace


@click.command("send")
@click.option("--from", "sender", required=True, help="Who it is from: a@b.c or Name <a@b.c>.")
@click.option("--to", multiple=True, help="Recipients, separated by commas.")
@click.option("--cc", multiple=True)
@click.option("--bcc", multiple=True)
@click.option("--reply-to", default="")
@click.option("--subject", default="")
@click.option("--text", default=None, help="The text part.")
@click.option("--text-file", type=click.Path(path_type=Path), help="A UTF-8 file with the text part.")
@click.option("--html-file", type=click.Path(path_type=Path), help="A UTF-8 file with the HTML part.")
@click.option("--attach", multiple=True, type=click.Path(path_type=Path), help="A file to go with it.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="A custom header.")
@click.option("--campaign", "groups", multiple=True, help="What it is counted under at the provider.")
@click.option(
    "--track-opens/--no-track-opens", default=None, help="Of this message, where the wire has a field."
)
@click.option("--track-clicks/--no-track-clicks", default=None)
@click.option(
    "--field", "fields", multiple=True, metavar="NAME=VALUE", help="The value of a placeholder {{NAME}}."
)
@click.option("--way", type=click.Choice(["api", "smtp"]), default="api", help="smtp: the account's relay.")
@as_json
@click.pass_obj
def send(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """Sends one message, and prints what the provider said to each recipient."""
    from turbodesk.services.compose import ComposeService, Draft

    if given["text"] is not None and given["text_file"]:
        raise click.UsageError("--text and --text-file do not go together.")
    headers = [_name_and_value("--header", header) for header in given["headers"]]
    fields = [_name_and_value("--field", field) for field in given["fields"]]

    async def work(place: Workplace, desk: Desk) -> int:
        draft = Draft(
            sender=given["sender"],
            to=",".join(given["to"]),
            cc=",".join(given["cc"]),
            bcc=",".join(given["bcc"]),
            reply_to=given["reply_to"],
            subject=given["subject"],
            text=given["text"] or await _read(given["text_file"]),
            html=await _read(given["html_file"]),
            headers=headers,
            attachments=list(given["attach"]),
            groups=",".join(given["groups"]),
            track_opens=given["track_opens"],
            track_clicks=given["track_clicks"],
            fields=fields,
        )
        way = given["way"]
        message = await ComposeService(lambda: desk.sender(way).wire_limit_bytes).message(draft)
        outbox = await place.outbox(desk)
        entry = await outbox.send(message, way)
        return _tell_send(as_json, entry, outbox.failure(entry.id))

    return setting.at_desk(work)


def _name_and_value(option: str, text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"{option} {text!r} has no '=': write NAME=VALUE.")
    return name, value


async def _read(path: Path | None) -> str:
    if path is None:
        return ""
    import asyncio

    from turbodesk.files import read_text

    try:
        return await asyncio.to_thread(read_text, path)
    except FileTrouble as error:
        raise InvalidDraft({"body": error.says}) from error


def _tell_send(as_json: bool, entry: Entry, failure: TurbodeskError | None) -> int:
    from turbodesk.cli.documents import entry_document, error_document, table

    document = entry_document(entry)
    if failure:
        document["error"] = error_document(failure)
    rows = [(it["address"], it["outcome"], it["words"]) for it in document["recipients"]]
    text = f"{str(entry.state).capitalize()}. {entry.reason}".rstrip()
    show(as_json, document, f"{text}\n{table(('Recipient', 'Outcome', 'Words'), rows)}")
    if failure:
        say_why(failure)
    return _send_code(entry.state, failure)


def _send_code(state: SendState, failure: TurbodeskError | None) -> int:
    from turbodesk.model.outcome import SendState

    codes = {SendState.ACCEPTED: OK, SendState.PARTLY: PARTLY, SendState.UNKNOWN: UNKNOWN}
    if state in codes:
        return codes[state]
    return exit_code(failure) if failure else FAILED


@click.group("outbox")
def outbox_words() -> None:
    """Every send, and what came of it."""


@outbox_words.command("list")
@as_json
@click.pass_obj
def list_outbox(setting: Setting, /, as_json: bool) -> int:
    """What the ledger has written down, newest first. Nothing is sent by looking."""
    from turbodesk.cli.documents import entry_document, table

    async def work(place: Workplace) -> None:
        ledger = await place.ledger()
        entries = await ledger.entries(profile=setting.profile)
        rows = [
            (it.created, it.state, it.subject, ", ".join(o.address.email for o in it.outcomes), it.reason)
            for it in entries
        ]
        show(
            as_json,
            {"outbox": [entry_document(entry) for entry in entries]},
            table(("When", "State", "Subject", "To", "Reason"), rows),
        )

    return setting.go(work)
