"""`send`: one message, at once, after some time to take it back, or at its hour."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import CANCELLED, OK, Setting, as_json, say, say_why
from turbodesk.cli.dry_run import spell
from turbodesk.cli.outbox import ended, tell_send
from turbodesk.cli.recipients import check_words, send_rows
from turbodesk.cli.waits import a_number, count_down, hour, with_a_yes
from turbodesk.errors import FileTrouble, InvalidDraft, StoreTrouble

if TYPE_CHECKING:
    from datetime import datetime

    from turbodesk.model.message import Message
    from turbodesk.services.compose import Draft
    from turbodesk.services.desk import Desk
    from turbodesk.services.outbox import Outbox
    from turbodesk.store.entry import Entry
    from turbodesk.workplace import Workplace

LONGEST_UNDO_S, MOST_PER_SECOND = 30, 10_000


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
@click.option(
    "--template", default="", metavar="NAME", help="A letter kept at the provider: its name, or its number."
)
@click.option(
    "--undo", type=click.IntRange(0, LONGEST_UNDO_S), default=0, help="Seconds in which Ctrl+C takes it back."
)
@click.option(
    "--at", default="", metavar="TIME", help="When it goes: 2026-12-01 09:00; or ISO 8601 with zone."
)
@click.option(
    "--csv",
    type=click.Path(path_type=Path),
    help="A file with one recipient in each row; each gets a message.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="WHAT=COLUMN",
    help="address=…, name=…, or a variable; else guessed.",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 50), default=None, help="So many rows leave at once: 4."
)
@click.option(
    "--stop-at", type=click.IntRange(0, 100), default=0, help="Stop at so many % of refusals; 0: never."
)
@click.option(
    "--per-second",
    type=click.FloatRange(0, MOST_PER_SECOND),
    default=0.0,
    callback=a_number,
    help="So many leave in a second at most.",
)
@click.option("--dry-run", is_flag=True, help="Show the exact request; send nothing, write nothing down.")
@click.option("--row", type=click.IntRange(1), default=None, help="With --csv --dry-run: the row to show.")
@click.option("--confirm", "confirmed", type=click.IntRange(0), default=0, help="Yes to so many recipients.")
@click.option("--way", type=click.Choice(["api", "smtp"]), default="api", help="smtp: the account's relay.")
@as_json
@click.pass_obj
def send(setting: Setting, /, as_json: bool, **given: Any) -> int:
    """Sends one message, or with --csv one to each row of a file; prints what the provider said.

    Texts are Jinja templates then: {{ first_name }} is what the row has in the column “First name”.
    """
    from turbodesk.services.compose import ComposeService

    if given["text"] is not None and given["text_file"]:
        raise click.UsageError("--text and --text-file do not go together.")
    if given["at"] and given["undo"]:
        raise click.UsageError("--at and --undo do not go together: what waits can be cancelled until then.")
    check_words(given)
    given["maps"] = [name_and_value("--map", text) for text in given["maps"]]
    at = hour(given["at"]) if given["at"] else None
    pairs = {it: [name_and_value(f"--{it[:-1]}", text) for text in given[it]] for it in ("headers", "fields")}

    async def work(place: Workplace, desk: Desk) -> int:
        way = given["way"]
        draft = await _draft(given, pairs)
        compose = ComposeService(lambda: desk.sender(way).wire_limit_bytes)
        if given["csv"]:
            return await send_rows(place, desk, compose, draft, given, as_json)
        message = await compose.message(draft)
        if given["dry_run"]:
            return await spell(desk, message, way, as_json)
        outbox = await place.outbox(desk)
        if at is not None:
            return await _send_at(outbox, message, given, at, as_json)
        if given["undo"]:
            return await _send_after(outbox, message, given, as_json)
        entry = await with_a_yes(lambda yes: outbox.send(message, way, confirmed=yes), given["confirmed"])
        return tell_send(as_json, entry, outbox.failure(entry.id))

    return setting.at_desk(work)


async def _draft(given: dict[str, Any], pairs: dict[str, list[tuple[str, str]]]) -> Draft:
    from turbodesk.services.compose import Draft

    return Draft(
        sender=given["sender"],
        to=",".join(given["to"]),
        cc=",".join(given["cc"]),
        bcc=",".join(given["bcc"]),
        reply_to=given["reply_to"],
        subject=given["subject"],
        text=given["text"] or await _read(given["text_file"]),
        html=await _read(given["html_file"]),
        headers=pairs["headers"],
        attachments=list(given["attach"]),
        groups=",".join(given["groups"]),
        track_opens=given["track_opens"],
        track_clicks=given["track_clicks"],
        fields=pairs["fields"],
        template=given["template"],
    )


async def _send_at(
    outbox: Outbox, message: Message, given: dict[str, Any], at: datetime, as_json: bool
) -> int:
    """Writes it down for its hour; who runs then sends it."""
    from turbodesk.model.outcome import Hold

    entry = await with_a_yes(
        lambda yes: outbox.queue(message, given["way"], hold=Hold.TIME, not_before=at, confirmed=yes),
        given["confirmed"],
    )
    tell_send(as_json, entry, None)
    say(
        f"It goes at {at.astimezone():%Y-%m-%d %H:%M} if Turbodesk is running then: its window, or "
        f"`outbox run`. Found later than that, it waits for you."
    )
    return OK


async def _send_after(outbox: Outbox, message: Message, given: dict[str, Any], as_json: bool) -> int:
    """Writes it down, gives time to take it back, and sends it; its exit code."""
    import asyncio
    from datetime import UTC, datetime, timedelta

    from turbodesk.model.outcome import Hold

    def queued(yes: int) -> Coroutine[Any, Any, Entry]:
        until = datetime.now(UTC) + timedelta(seconds=given["undo"])
        return outbox.queue(message, given["way"], hold=Hold.UNDO, not_before=until, confirmed=yes)

    entry = await with_a_yes(queued, given["confirmed"])
    try:
        await count_down(given["undo"])
    except asyncio.CancelledError:
        return await _take_back(outbox, entry, as_json)
    try:
        entry = await outbox.send_again(entry.id)
    except StoreTrouble:  # a window over the same folder may have been quicker, and then it has gone
        entry = await outbox.entry(entry.id)
        if entry.state == "queued":
            raise
    entry = await ended(outbox, entry)
    return tell_send(as_json, entry, outbox.failure(entry.id))


async def _take_back(outbox: Outbox, entry: Entry, as_json: bool) -> int:
    try:
        entry, _ = await outbox.take_back(entry.id)
    except StoreTrouble as error:
        say_why(error)  # it was too late, and what came of it is told
        entry = await ended(outbox, await outbox.entry(entry.id))
        return tell_send(as_json, entry, None)
    tell_send(as_json, entry, None)
    return CANCELLED


def name_and_value(option: str, text: str) -> tuple[str, str]:
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
