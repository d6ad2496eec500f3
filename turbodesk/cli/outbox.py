"""`outbox`: every send, what came of it, and what may still be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import (
    FAILED,
    OK,
    PARTLY,
    UNKNOWN,
    Json,
    Setting,
    as_json,
    exit_code,
    say,
    say_why,
    show,
)
from turbodesk.errors import OutcomeUnknown, TurbodeskError

if TYPE_CHECKING:
    from turbodesk.model.outcome import SendState
    from turbodesk.services.outbox import Outbox
    from turbodesk.store.entry import Entry
    from turbodesk.workplace import Workplace

STATES = ("queued", "sending", "accepted", "partly", "refused", "unknown", "cancelled")
SHOWN = 1000
WHOLE_BATCH = 100_000
LOOK_S = 0.2  # how often the ledger is asked what another program has done
OTHERS_S = 60.0  # how long another program may take to end a send that it has taken


@click.group("outbox")
def outbox_words() -> None:
    """Every send, and what came of it.

    ID is what `outbox list` shows, the beginning of it, or the key that the send has on the wire.
    """


@outbox_words.command("list")
@click.option("--state", type=click.Choice(STATES), default=None, help="Only these, rows of batches too.")
@click.option("--batch", default="", metavar="BATCH", help="The rows of one batch, in their order.")
@click.option("--all-profiles", is_flag=True, help="Not only those of the chosen profile.")
@as_json
@click.pass_obj
def list_outbox(setting: Setting, state: str | None, batch: str, all_profiles: bool, as_json: bool) -> int:
    """What the ledger has written down, newest first. Nothing is sent by looking."""
    from turbodesk.cli.documents import entry_document, table
    from turbodesk.cli.named import ID_SHOWN, batch_named

    async def work(place: Workplace) -> None:
        ledger = await place.ledger()
        profile = None if all_profiles or batch else setting.profile or place.settings.last_profile
        entries = await ledger.entries(
            profile=profile,
            limit=WHOLE_BATCH if batch else SHOWN,
            batch=(await batch_named(place, batch)).id if batch else None if state else "",
            state=state or "",
        )
        rows = [
            (
                *(it.id[:ID_SHOWN], it.created, state_words(it), it.subject),
                *(", ".join(o.address.email for o in it.outcomes), it.reason),
            )
            for it in entries
        ]
        show(
            as_json,
            {"outbox": [entry_document(entry) for entry in entries]},
            table(("Id", "When", "State", "Subject", "To", "Reason"), rows),
        )

    return setting.go(work)


def state_words(entry: Entry) -> str:
    """The state, and what it waits for."""
    if entry.state != "queued":
        return str(entry.state)
    until = f" {entry.not_before.astimezone():%Y-%m-%d %H:%M:%S}" if entry.not_before else ""
    words = {"undo": "undo until", "time": "goes at", "again": "next try at", "batch": "waits in its batch"}
    held = words.get(entry.hold)
    return f"queued, {held}{until}" if held else "queued"


@outbox_words.command("show")
@click.argument("id")
@as_json
@click.pass_obj
def show_outbox(setting: Setting, id: str, as_json: bool) -> int:
    """One send: its recipients, everything that happened to it, and what looking it up brought."""
    from turbodesk.cli.documents import story_document
    from turbodesk.cli.named import entry_named

    async def work(place: Workplace) -> None:
        entry = await entry_named(place, id)
        show(as_json, story_document(entry), _story(entry))

    return setting.go(work)


def _story(entry: Entry) -> str:
    from turbodesk.cli.documents import printable, table

    facts = {
        "Id": entry.id,
        "Key": entry.key,
        "State": state_words(entry),
        "Reason": entry.reason,
        "Profile": f"{entry.profile} ({entry.provider})",
        "From": str(entry.sender),
        "Subject": entry.subject,
        "At the provider": entry.provider_id,
        "Batch": f"{entry.batch}, row {entry.row}" if entry.batch else "",
        "Settled by": entry.settled_by,
        "Looked up": f"{entry.look_up.at.astimezone():%Y-%m-%d %H:%M} {entry.look_up.words}"
        if entry.look_up
        else "",
    }
    lines = [printable(f"{name}: {' '.join(value.split())}") for name, value in facts.items() if value]
    steps = [(step.at, step.what, step.detail) for step in entry.steps]
    return "\n\n".join(("\n".join(lines), recipient_table(entry), table(("When", "What", "Detail"), steps)))


def recipient_table(entry: Entry) -> str:
    """What the provider said to each recipient."""
    from turbodesk.cli.documents import outcome_word, table

    rows = [(it.address.email, outcome_word(entry, it), it.words) for it in entry.outcomes]
    return table(("Recipient", "Outcome", "Words"), rows)


def tell_send(as_json: bool, entry: Entry, failure: TurbodeskError | None) -> int:
    """Prints what came of a send; its exit code."""
    from turbodesk.cli.documents import entry_document, error_document
    from turbodesk.cli.named import ID_SHOWN

    document = entry_document(entry)
    if failure:
        document["error"] = error_document(failure)
    text = f"{state_words(entry).capitalize()}. {entry.reason}".rstrip()
    if entry.state == "cancelled":
        text = "Cancelled. Nothing was sent."
    show(as_json, document, f"{text}\n{recipient_table(entry)}")
    if failure:
        say_why(failure)
    if entry.state == "queued" and entry.hold == "person":
        name = entry.id[:ID_SHOWN]
        say(
            f"It waits in the outbox: `outbox resend {name}` sends it, `outbox cancel {name}` lets it never "
            "leave. A new send would be a second letter."
        )
    elif entry.state == "unknown":
        say(f"`outbox settle {entry.id[:ID_SHOWN]}` asks what became of it.")
    return send_code(entry.state, failure)


def send_code(state: SendState, failure: TurbodeskError | None = None) -> int:
    """The exit code of a send that ended so."""
    from turbodesk.model.outcome import SendState

    codes = {SendState.ACCEPTED: OK, SendState.PARTLY: PARTLY, SendState.UNKNOWN: UNKNOWN}
    if state in codes:
        return codes[state]
    return exit_code(failure) if failure else FAILED


async def ended(outbox: Outbox, entry: Entry) -> Entry:
    """The send once whoever has taken it has come to its end, or cannot be waited for any longer."""
    import asyncio

    loop = asyncio.get_running_loop()
    until = loop.time() + OTHERS_S
    while entry.state == "sending" and loop.time() < until:
        await asyncio.sleep(LOOK_S)
        entry = await outbox.entry(entry.id)
    return entry


@outbox_words.command("cancel")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@as_json
@click.pass_obj
def cancel_outbox(setting: Setting, ids: tuple[str, ...], as_json: bool) -> int:
    """Takes sends out of the queue for good, or all rows of a batch that have not left."""

    async def work(place: Workplace) -> int:
        done: list[Json] = []
        failures: list[TurbodeskError] = []
        for id in dict.fromkeys(ids):
            try:
                document, text = await _cancel(place, id)
            except TurbodeskError as error:
                failures.append(error)
                say_why(error)
            else:
                done.append(document)
                if not as_json:
                    click.echo(text)
        return _tell_all(as_json, "cancelled", done, failures)

    return setting.go(work)


async def _cancel(place: Workplace, id: str) -> tuple[Json, str]:
    from turbodesk.cli.batches import batch_sentence
    from turbodesk.cli.documents import batch_document, entry_document, printable
    from turbodesk.cli.named import either_named
    from turbodesk.store.entry import Batch

    found = await either_named(place, id)
    if isinstance(found, Batch):
        batch = await (await place.batches()).cancel(found.id)
        return batch_document(batch), f"Cancelled: {batch_sentence(batch)}"
    entry, _ = await (await place.ledger()).take_back(found.id)
    to = ", ".join(it.address.email for it in entry.outcomes)
    was = f"Cancelled: “{entry.subject}” to {to}, {state_words(found)}."
    return entry_document(entry), printable(" ".join(was.split()))


def _tell_all(as_json: bool, name: str, done: list[Json], failures: list[TurbodeskError]) -> int:
    """The end of a command over several ids; what failed was told already."""
    from turbodesk.cli.documents import error_document

    if as_json:
        show(True, {name: done, "errors": [error_document(error) for error in failures]}, "")
    if not failures:
        return OK
    return PARTLY if done else exit_code(failures[0])


@outbox_words.command("settle")
@click.argument("ids", nargs=-1, metavar="[ID…]")
@as_json
@click.pass_obj
def settle_outbox(setting: Setting, ids: tuple[str, ...], as_json: bool) -> int:
    """Asks the provider what became of sends whose outcome is unknown. Sends nothing.

    Without an ID those of the chosen profile. Ends 0 where all are settled, 6 where some stay unknown.
    """
    from datetime import UTC, datetime

    from turbodesk.cli.named import entry_named

    async def work(place: Workplace) -> int:
        if ids:
            entries = [await entry_named(place, id) for id in dict.fromkeys(ids)]
        else:
            profile = setting.profile or place.settings.last_profile
            ledger = await place.ledger()
            entries = await ledger.unknown(since=datetime.fromtimestamp(0, UTC), profile=profile)
        return await _settle_all(place, entries, as_json)

    return setting.go(work)


async def _settle_all(place: Workplace, entries: list[Entry], as_json: bool) -> int:
    from turbodesk.cli.documents import entry_document, error_document
    from turbodesk.cli.named import outbox_of

    now: list[Entry] = []
    failures: list[TurbodeskError] = []
    for profile in dict.fromkeys(entry.profile for entry in entries):
        async with outbox_of(place, profile) as outbox:
            for entry in (it for it in entries if it.profile == profile):
                try:
                    now.append(await _looked_up(outbox, entry))
                except TurbodeskError as error:
                    say_why(error)
                    failures.append(error)
                    now.append(entry)
    if not as_json:
        click.echo("\n".join(map(_settled, now)) or "Nothing is unknown.")
    document: Json = {"outbox": [entry_document(entry) for entry in now]}
    document["errors"] = [error_document(error) for error in failures]
    if as_json:
        show(True, document, "")
    if failures and len(failures) == len(now):
        return exit_code(failures[0])
    return UNKNOWN if any(entry.state == "unknown" for entry in now) else OK


async def _looked_up(outbox: Outbox, entry: Entry) -> Entry:
    return await outbox.look_up(entry.id) if entry.state == "unknown" else entry


def _settled(entry: Entry) -> str:
    from turbodesk.cli.documents import printable
    from turbodesk.cli.named import ID_SHOWN

    words = entry.look_up.words if entry.look_up else entry.reason
    again = f" `outbox resend {entry.id[:ID_SHOWN]}` sends it." if entry.may_go_again else ""
    to = ", ".join(it.address.email for it in entry.outcomes)
    line = f"{str(entry.state).capitalize()}: “{entry.subject}” to {to}. {words}{again}"
    return printable(" ".join(line.split()))


@outbox_words.command("resend")
@click.argument("id")
@click.option("--may-arrive-twice", is_flag=True, help="Also what may have gone already.")
@click.option("--confirm", "confirmed", type=click.IntRange(0), default=0, help="Yes to so many recipients.")
@as_json
@click.pass_obj
def resend_outbox(setting: Setting, /, id: str, may_arrive_twice: bool, confirmed: int, as_json: bool) -> int:
    """Sends what waits in the queue, or what is unknown and surely is not at the provider."""
    from turbodesk.cli.named import entry_named, outbox_of

    async def work(place: Workplace) -> int:
        entry = await entry_named(place, id)
        unknown = entry.state == "unknown"
        if unknown and not (entry.may_go_again or may_arrive_twice):
            raise OutcomeUnknown(
                "Nobody knows yet whether this message was taken, so it is not sent again.",
                hint="`outbox settle` asks the provider; --may-arrive-twice sends it all the same.",
            )
        async with outbox_of(place, entry.profile) as outbox:
            if unknown:
                begun = outbox.resend(entry.id, confirmed=confirmed, sure_only=not may_arrive_twice)
            else:
                begun = outbox.send_again(entry.id, confirmed=confirmed)
            sent = await ended(outbox, await begun)
            return tell_send(as_json, sent, outbox.failure(entry.id))

    return setting.go(work)


@outbox_words.command("close")
@click.argument("id")
@as_json
@click.pass_obj
def close_outbox(setting: Setting, id: str, as_json: bool) -> int:
    """Closes an unknown send: you know that it went, and say so. Sends nothing."""
    from turbodesk.cli.named import entry_named

    async def work(place: Workplace) -> None:
        entry = await entry_named(place, id)
        tell_send(as_json, await (await place.ledger()).close_as_sent(entry.id), None)

    return setting.go(work)
