"""`message` and `domains`: one look each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import FAILED, OK, Setting, as_json, say, show

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace


@click.group("message")
def message_words() -> None:
    """One message, as the provider remembers it."""


@message_words.command("show")
@click.argument("id")
@as_json
@click.pass_obj
def show_message(setting: Setting, id: str, as_json: bool) -> int:
    """What became of the message with this id."""
    from turbodesk.cli.documents import message_document, table

    async def work(place: Workplace, desk: Desk) -> int:
        found = await desk.provider.message(id)
        if found is None:
            show(as_json, {"message": None}, "None.")
            say(f"The provider knows no message {id}. A fresh one may take half a minute to be found.")
            return FAILED
        stat = found.stat
        facts = [
            ("Id", stat.id),
            ("Subject", stat.subject),
            ("From", stat.sender),
            ("To", stat.recipient),
            ("When", stat.at),
            ("Status", stat.raw_status or "not told"),
            ("Campaign", stat.campaign or ", ".join(found.groups)),
            ("Words", stat.error),
        ]
        text = table(("", ""), [fact for fact in facts if fact[1]]).strip("\n")
        if found.events is not None:
            events = [(event.at, event.type, event.words) for event in found.events]
            text += "\n\n" + table(("When", "What", "Words"), events)
        show(as_json, {"message": message_document(found)}, text)
        return OK

    return setting.at_desk(work)


@click.group("domains")
def domain_words() -> None:
    """The domains mail may be sent from."""


@domain_words.command("list")
@as_json
@click.pass_obj
def list_domains(setting: Setting, /, as_json: bool) -> int:
    """Every domain, and which of its DNS entries the provider found."""
    from turbodesk.cli.documents import domain_document, table

    async def work(place: Workplace, desk: Desk) -> None:
        found = await desk.provider.domains()
        rows = [
            (it.name, it.verified, ", ".join(record.purpose for record in it.records if not record.verified))
            for it in found
        ]
        show(
            as_json,
            {"domains": [domain_document(it) for it in found]},
            table(("Domain", "Verified", "DNS entries not found"), rows),
        )

    return setting.at_desk(work)


@domain_words.command("show")
@click.argument("domain")
@as_json
@click.pass_obj
def show_domain(setting: Setting, domain: str, as_json: bool) -> int:
    """One domain, by its name or id, with every DNS entry it needs."""
    from turbodesk.cli.documents import domain_document, table

    async def work(place: Workplace, desk: Desk) -> int:
        named = domain.strip().lower()
        if named.isdigit():
            found = await desk.provider.domain(named)
        else:
            found = next((it for it in await desk.provider.domains() if it.name.lower() == named), None)
        if found is None:
            show(as_json, {"domain": None}, "None.")
            say(f"There is no domain {domain}. `domains list` shows those there are.")
            return FAILED
        rows = [(it.purpose, it.verified, it.type, it.host, it.value, it.problem) for it in found.records]
        state = "verified" if found.verified else "not verified"
        text = f"{found.name} is {state}.\n\n" + table(
            ("For", "Found", "Type", "Host", "Value", "Problem"), rows
        )
        show(as_json, {"domain": domain_document(found)}, text)
        return OK

    return setting.at_desk(work)
