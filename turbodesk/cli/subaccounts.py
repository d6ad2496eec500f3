"""`subaccounts`: the accounts below this one, listed, shown, made, changed, limited, suspended, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import Json, Setting, as_json, say, show
from turbodesk.cli.profiles import secrets_from_stdin
from turbodesk.cli.records import confirm
from turbodesk.model.account import NO_SECRET, Credential

if TYPE_CHECKING:
    from collections.abc import Callable

    from turbodesk.services.desk import Desk
    from turbodesk.services.subaccounts import PlanChange
    from turbodesk.workplace import Workplace

_NOTHING_MADE = "No sub-account was made"
_LIMIT_DIGITS = 15

named = click.argument("account")
sure = click.option("--yes", is_flag=True, help="Do not ask.")
_CONTACT = tuple(
    click.option(f"--{name}", default=None)
    for name in (
        "first-name", "last-name", "company-name", "address-1", "address-2", "zip-code", "city", "region",
        "country", "phone-number", "site-url",
    )
)  # fmt: skip


def of_contact(word: Callable[..., int]) -> Callable[..., int]:
    """Options for whoever an account is for; None where one is not given."""
    for option in reversed(_CONTACT):
        word = option(word)
    return word


def _limit_of(_context: click.Context, _option: click.Parameter, text: str) -> int:
    """A number of messages, -1 for `none`."""
    text = text.strip().lower()
    if text == "none":
        return -1
    if not (text.isascii() and text.isdigit() and len(text) <= _LIMIT_DIGITS):
        raise click.BadParameter(f"{text!r} is no limit: write a number of messages, or none.")
    return int(text)


@click.group("subaccounts")
def sub_account_words() -> None:
    """The accounts below this one. ACCOUNT is an id, an e-mail address or a name, as `list` has them."""


@sub_account_words.command("list")
@as_json
@click.pass_obj
def list_sub_accounts(setting: Setting, /, as_json: bool) -> int:
    """Every sub-account, in the provider's order."""
    from turbodesk.cli.documents import sub_account_document, sub_account_table

    async def work(place: Workplace, desk: Desk) -> None:
        found = await desk.provider.sub_accounts()
        show(
            as_json,
            {"sub_accounts": [sub_account_document(it) for it in found]},
            sub_account_table(found),
        )

    return setting.at_desk(work)


@sub_account_words.command("show")
@named
@as_json
@click.pass_obj
def show_sub_account(setting: Setting, /, account: str, as_json: bool) -> int:
    """Who one sub-account belongs to, and what it may send."""
    from turbodesk.cli.documents import (
        contact_document,
        plan_document,
        sub_account_document,
        table,
        when,
    )
    from turbodesk.services.subaccounts import SubAccountsService

    async def work(place: Workplace, desk: Desk) -> None:
        seen = await SubAccountsService(desk).show(account)
        sub, details, plan = seen.sub, seen.details, seen.plan
        contact = contact_document(details.contact) if details else {}
        document: Json = {
            "sub_account": sub_account_document(sub),
            "contact": contact or None,
            "policy_agreed": details.policy_agreed if details else None,
            "plan": plan_document(plan) if plan else None,
        }
        active = plan.active if plan else sub.active
        facts: list[tuple[str, object]] = [
            ("Id", sub.id),
            ("Sub-account", sub.email or sub.name),
            ("May send", "yes" if active else "no, it is suspended"),
            ("IP", sub.ip),
            *((name.replace("_", " ").capitalize(), text) for name, text in contact.items()),
        ]
        if plan:
            limit = "none" if plan.limit is None else f"{plan.limit} ({plan.interval})"
            facts += [("Limit", limit), ("Sent", plan.used), ("Last used", when(plan.last_used))]
            facts += [("Plan ends", when(plan.expires))]
        shown = [(name, str(fact)) for name, fact in facts if fact not in ("", None)]
        show(as_json, document, table(("", ""), shown).strip("\n"))

    return setting.at_desk(work)


@sub_account_words.command("create")
@click.option("--name", default="", help="What it is called, at SendPost.")
@click.option("--email", default="", help="The address it signs in with, at turboSMTP.")
@click.option("--ip", default="", help="Which of this account's IP addresses it sends from, at turboSMTP.")
@of_contact
@click.option("--policy-agreed", is_flag=True, help="Whoever it is for has agreed to the provider's policy.")
@as_json
@click.pass_obj
def create_sub_account(
    setting: Setting,
    /,
    name: str,
    email: str,
    ip: str,
    policy_agreed: bool,
    as_json: bool,
    **texts: str | None,
) -> int:
    """Makes a sub-account.

    At turboSMTP --email and --ip say whose it is, and its password comes on stdin, as one line. At SendPost
    it has a --name and nothing else; its key is read on SendPost's dashboard.
    """
    from turbodesk.model.subaccount import Contact, NewSubAccount
    from turbodesk.services.subaccounts import SubAccountsService

    if not (name or email):
        raise click.UsageError("Say --name at SendPost, --email and --ip at turboSMTP.")
    given = secrets_from_stdin((Credential.PASSWORD,), _NOTHING_MADE) if email else {}
    password = given.get(Credential.PASSWORD, NO_SECRET)
    contact = Contact(**{field: text or "" for field, text in texts.items()})
    new = NewSubAccount(email, password, ip, contact, policy_agreed, name)

    async def work(place: Workplace, desk: Desk) -> None:
        id = await SubAccountsService(desk).create(new)
        if not id:
            say("The provider does not show it in its list yet.")
        document = {"created": id or None, "email": new.email, "name": new.name}
        show(as_json, document, f"The sub-account {new.email or new.name} is made.")

    return setting.at_desk(work)


@sub_account_words.command("edit")
@named
@click.option("--name", help="Another name, at SendPost.")
@click.option("--ip", default="", help="Another of this account's IP addresses, at turboSMTP.")
@of_contact
@as_json
@click.pass_obj
def edit_sub_account(
    setting: Setting, /, account: str, name: str | None, ip: str, as_json: bool, **texts: str | None
) -> int:
    """Changes who a sub-account belongs to, or what it is called; what is not named stays."""
    from turbodesk.cli.documents import details_document
    from turbodesk.services.subaccounts import SubAccountsService

    given = {field: text for field, text in texts.items() if text is not None}
    if name is None and not (given or ip):
        raise click.UsageError("Say what to change.")
    if name is not None and (given or ip):
        raise click.UsageError("--name goes alone: where accounts have one they have nothing else.")

    async def work(place: Workplace, desk: Desk) -> None:
        service = SubAccountsService(desk)
        sub = await service.find(account)
        if name is not None:
            change = await service.rename(sub.id, name)
        else:
            change = await service.edit(sub.id, given, ip=ip)
        before, after = details_document(change.before), details_document(change.after)
        lines = [
            f"{field.replace('_', ' ').capitalize()}: {after[field] or 'none'} now; it was {was or 'none'}."
            for field, was in before.items()
            if after[field] != was
        ]
        document: Json = {"sub_account": sub.id, "before": before, "after": after}
        show(as_json, document, "\n".join(lines) or f"{sub.email or sub.name} is as it was.")

    return setting.at_desk(work)


@sub_account_words.command("agency")
@click.option("--name", help="What it is called from now on.")
@click.option("--website", help="Its page on the web.")
@click.option("--footer", help="What stands below everything.")
@as_json
@click.pass_obj
def show_agency(setting: Setting, /, as_json: bool, **texts: str | None) -> int:
    """Shows what sub-accounts are shown of this account, and changes what is named."""
    from dataclasses import asdict

    from turbodesk.cli.documents import table
    from turbodesk.services.subaccounts import SubAccountsService

    given = {field: text for field, text in texts.items() if text is not None}

    async def work(place: Workplace, desk: Desk) -> None:
        service = SubAccountsService(desk)
        document: Json = {}
        if given:
            change = await service.edit_agency(given)
            now, document = change.after, {"before": asdict(change.before)}
        else:
            now = await service.agency()
        rows = [(field.replace("_", " ").capitalize(), text or "none") for field, text in asdict(now).items()]
        show(as_json, {"agency": asdict(now), **document}, table(("", ""), rows).strip("\n"))

    return setting.at_desk(work)


@sub_account_words.command("remove")
@named
@sure
@as_json
@click.pass_obj
def remove_sub_account(setting: Setting, account: str, yes: bool, as_json: bool) -> int:
    """Takes a sub-account away for good, with its keys, where the provider can."""
    from turbodesk.cli.documents import sub_account_document
    from turbodesk.services.subaccounts import SubAccountsService

    if not yes:
        confirm(as_json, "Take it away for good?", why="It is gone for good then, with its keys")

    async def work(place: Workplace, desk: Desk) -> None:
        service = SubAccountsService(desk)
        sub = await service.find(account)
        await service.remove(sub.id)
        show(as_json, {"removed": sub_account_document(sub)}, f"{sub.email or sub.name} is gone.")

    return setting.at_desk(work)


@sub_account_words.command("limit")
@named
@click.argument("limit", callback=_limit_of)
@sure
@as_json
@click.pass_obj
def limit_sub_account(setting: Setting, account: str, limit: int, yes: bool, as_json: bool) -> int:
    """Sets how many messages a sub-account may send: LIMIT is a number, or none."""
    from turbodesk.services.subaccounts import SubAccountsService

    if limit == 0 and not yes:
        confirm(as_json, "Keep it from sending?", why="A limit of 0 keeps it from sending")
    wished = None if limit < 0 else limit

    async def work(place: Workplace, desk: Desk) -> None:
        service = SubAccountsService(desk)
        sub = await service.find(account)
        change = await service.limit(sub.id, wished)
        before, after = (_limit_word(plan.limit) for plan in (change.before, change.after))
        text = f"The limit of {sub.email or sub.name} is {after} now; it was {before}."
        _show_change(as_json, change, f"{text}\nTo put it back: subaccounts limit {sub.id} {before}")

    return setting.at_desk(work)


@sub_account_words.command("suspend")
@named
@sure
@as_json
@click.pass_obj
def suspend_sub_account(setting: Setting, account: str, yes: bool, as_json: bool) -> int:
    """Keeps a sub-account from sending, until `resume`."""
    if not yes:
        confirm(as_json, "Keep it from sending until it is resumed?", why="Its programs cannot send then")
    return _activate(setting, account, as_json, active=False)


@sub_account_words.command("resume")
@named
@as_json
@click.pass_obj
def resume_sub_account(setting: Setting, account: str, as_json: bool) -> int:
    """Lets a sub-account send again."""
    return _activate(setting, account, as_json, active=True)


def _activate(setting: Setting, account: str, as_json: bool, *, active: bool) -> int:
    from turbodesk.services.subaccounts import SubAccountsService

    async def work(place: Workplace, desk: Desk) -> None:
        service = SubAccountsService(desk)
        sub = await service.find(account)
        change = await (service.resume if active else service.suspend)(sub.id)
        now = "may send" if change.after.active else "is suspended"
        already = " already" if change.before.active == change.after.active else ""
        _show_change(as_json, change, f"{sub.email or sub.name} {now}{already}.")

    return setting.at_desk(work)


def _show_change(as_json: bool, change: PlanChange, text: str) -> None:
    from turbodesk.cli.documents import plan_document

    before, after = plan_document(change.before), plan_document(change.after)
    show(as_json, {"sub_account": change.id, "before": before, "after": after}, text)


def _limit_word(limit: int | None) -> str:
    return "none" if limit is None else str(limit)
