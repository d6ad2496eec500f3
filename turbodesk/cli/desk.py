"""`tools`, `account` and `inbox`: the switches, the plans, and what the sandbox caught."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import (
    FAILED,
    OK,
    Setting,
    as_json,
    say,
    show,
)

if TYPE_CHECKING:
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace


@click.group("tools")
def tool_words() -> None:
    """Click and open tracking."""


@tool_words.command("show")
@as_json
@click.pass_obj
def show_tools(setting: Setting, /, as_json: bool) -> int:
    """The switches as the provider has them now."""
    from turbodesk.cli.documents import table, tool_document
    from turbodesk.services.tools import ToolsService

    async def work(place: Workplace, desk: Desk) -> None:
        tools = await ToolsService(desk).show()
        rows = [(tool.id, "on" if tool.enabled else "off", tool.forced) for tool in tools]
        show(
            as_json,
            {"tools": [tool_document(tool) for tool in tools]},
            table(("Tool", "State", "Fixed by the provider"), rows),
        )

    return setting.at_desk(work)


@tool_words.command("set")
@click.argument("tool", type=click.Choice(["click-tracking", "open-tracking"]))
@click.argument("state", type=click.Choice(["on", "off"]))
@as_json
@click.pass_obj
def set_tool(setting: Setting, tool: str, state: str, as_json: bool) -> int:
    """Switches one for the whole account; the answer is the state the provider has then."""
    from turbodesk.cli.documents import tool_document
    from turbodesk.services.tools import ToolsService

    async def work(place: Workplace, desk: Desk) -> int:
        now = await ToolsService(desk).switch(tool, state == "on")
        show(as_json, tool_document(now), f"{now.id} is {'on' if now.enabled else 'off'}.")
        if now.enabled != (state == "on"):
            say("The provider took the wish, but has not applied it yet; look again in a while.")
            return FAILED
        return OK

    return setting.at_desk(work)


@click.group("account")
def account_words() -> None:
    """Who am I, and how much is left."""


@account_words.command("show")
@as_json
@click.pass_obj
def show_account(setting: Setting, /, as_json: bool) -> int:
    """The account, its plans, and its sub-accounts, worst first."""
    from turbodesk.cli import documents
    from turbodesk.services.account import AccountService

    async def work(place: Workplace, desk: Desk) -> None:
        seen = await AccountService(desk).show()
        info = documents.account_document(seen.info)
        plans = [documents.plan_document(plan) for plan in seen.plans]
        subs = [documents.sub_account_document(sub) for sub in seen.sub_accounts]
        plan_rows = [(it["interval"], it["used"], it["limit"], it["active"], it["expires"]) for it in plans]
        parts = ["\n".join(f"{name}: {value}" for name, value in (info or {}).items() if value != "")]
        if plans:
            parts.append(documents.table(("Plan", "Used", "Limit", "Active", "Expires"), plan_rows))
        if subs:
            parts.append(documents.sub_account_table(seen.sub_accounts))
        text = "\n\n".join(filter(None, parts)) or "The provider tells nothing about the account."
        show(as_json, {"account": info, "plans": plans, "sub_accounts": subs}, text)

    return setting.at_desk(work)


@click.group("inbox")
def inbox_words() -> None:
    """What the sandbox caught."""


@inbox_words.command("list")
@as_json
@click.pass_obj
def list_inbox(setting: Setting, /, as_json: bool) -> int:
    """The mails it caught, newest first, one line per send."""
    from turbodesk.cli.documents import caught_document, table
    from turbodesk.services.inbox import InboxService

    async def work(place: Workplace, desk: Desk) -> None:
        mails = await InboxService(desk).messages()
        rows = [
            (
                mail.id,
                mail.at,
                mail.sender.email,
                ", ".join(r.address.email for r in mail.recipients),
                mail.subject,
            )
            for mail in mails
        ]
        show(
            as_json,
            {"messages": [caught_document(mail) for mail in mails]},
            table(("Id", "When", "From", "To", "Subject"), rows),
        )

    return setting.at_desk(work)


@inbox_words.command("show")
@click.argument("id")
@as_json
@click.pass_obj
def show_inbox(setting: Setting, id: str, as_json: bool) -> int:
    """One caught mail, whole."""
    from turbodesk.cli.documents import caught_message_document, printable
    from turbodesk.services.inbox import InboxService

    async def work(place: Workplace, desk: Desk) -> None:
        message = await InboxService(desk).message(id)
        show(as_json, caught_message_document(message), printable(message.source.replace("\r\n", "\n")))

    return setting.at_desk(work)
