"""What both of turboSMTP's APIs are told alike: the hosts, the fields of a letter and their limits, filters.

The source of every fact is turboSMTP's documentation; where it is silent the docstring says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import formataddr

from turbodesk.errors import InvalidDraft, NotOffered
from turbodesk.model.message import Address, Message, RecipientKind
from turbodesk.model.reports import MailStatus, ReportType
from turbodesk.providers.json_pieces import CONTROL, KEY_HEADER, letter_problems

DASHBOARD = "https://dashboard.serversmtp.com"
SEND_HOSTS = {"world": "https://api.turbo-smtp.com", "eu": "https://api.eu.turbo-smtp.com"}
JSON = "application/json; charset=utf-8"

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLY_TO = frozenset({"reply-to"})
_PLAIN_NAME = re.compile(r"^[^\x00-\x1f\x7f()<>\[\]:;@\\,.\"]*$")


def letter_addresses(message: Message, *, named: bool) -> dict[str, str]:
    """`from`, `to`, `cc`, `bcc`; `named`: the sender with its name.

    Recipients go bare: the server splits at every comma, even in a name (recorded live).
    """
    fields = {"from": _named(message.sender) if named else message.sender.email}
    for kind in RecipientKind:
        if found := [address.email for its, address in message.recipients if its is kind]:
            fields[kind.value] = ",".join(found)
    return fields


def _named(address: Address) -> str:
    """`Name <a@b.c>`, the name in quotes where it holds more than words; documented."""
    if not address.name:
        return address.email
    if _PLAIN_NAME.match(address.name):
        return f"{address.name} <{address.email}>"
    escaped = address.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address.email}>'


def letter_texts(message: Message) -> dict[str, str]:
    """`subject`, and `content` and `html_content` where there is something to say."""
    parts = {"content": message.text, "html_content": message.html}
    return {"subject": message.subject, **{name: text for name, text in parts.items() if text}}


def custom_headers(message: Message) -> dict[str, str]:
    """The headers beside the fields, in order: the writer's own, Reply-To, and our name for the send."""
    headers = {header.name: header.value for header in message.headers}
    if message.reply_to:
        headers["Reply-To"] = formataddr((message.reply_to.name, message.reply_to.email))
    if message.key:
        headers[KEY_HEADER] = message.key
    return headers


def field_problems(message: Message, *, whole_mail: bool) -> dict[str, str]:
    """What the fields cannot carry: field to sentence, empty where nothing is. `whole_mail`: Turbodesk
    writes the mail itself, so the headers that make its structure are its own."""
    problems: dict[str, str] = {}
    if not message.to:
        problems["to"] = "turboSMTP needs at least one address in To."
    problems |= letter_problems(message, "turboSMTP", ours=_REPLY_TO if message.reply_to else frozenset())
    odd = next((each for each in message.attachments if CONTROL.search(each.name + each.media_type)), None)
    if odd and not whole_mail:  # there Turbodesk encodes them itself
        problems["attachments"] = f"The name of {odd.name!a} holds a line break or a control character."
    if whole_mail:
        from turbodesk.providers.mime import STRUCTURE  # slow to import; other forms need it not

        names = {header.name.lower() for header in message.headers}
        if taken := STRUCTURE.intersection(names) - _REPLY_TO:
            problems["headers"] = f"The header {min(taken)} is written by Turbodesk in this way of sending."
    return problems


def half_a_character() -> InvalidDraft:
    """The error of a letter that no JSON can carry."""
    return InvalidDraft({"body": "The message holds half a character, which can't be sent."})


def refuse_halves(user: str, password: str) -> None:
    """Raises InvalidDraft for a user name or a password that no JSON can carry."""
    if _SURROGATE.search(user + password):
        raise InvalidDraft({"password": "The user name or password holds half a character; enter it again."})


def wanted_statuses(statuses: Iterable[MailStatus]) -> list[MailStatus]:
    """The statuses to ask for, in one order; raises InvalidDraft for the one that has no name there."""
    wanted = [status for status in MailStatus if status in set(statuses)]
    if MailStatus.OTHER in wanted:
        raise InvalidDraft({"filter": "turboSMTP can't be asked for statuses that have no name."})
    return wanted


def check_list(type: ReportType, lists: Iterable[ReportType]) -> None:
    """Raises NotOffered for a list that is not one of theirs."""
    names = {each: each.value for each in lists}
    if type not in names:
        raise NotOffered(
            f"turboSMTP keeps no list {type.value!r} over this API.",
            hint=f"It has {', '.join(names.values())}.",
        )
