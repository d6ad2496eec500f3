"""A Draft becomes a Message: what is typed is read, checked all at once, and files are looked at."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from turbodesk.checks.addresses import AddressCheck, check_address, split_addresses
from turbodesk.checks.headers import read_headers, subject_problem
from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.files import attachment_of, safe_name, size_of
from turbodesk.model.message import Address, AddressError, Attachment, Message, base64_size
from turbodesk.services.attached import Attached, changed
from turbodesk.services.pictures import shown_as

__all__ = ["AddressCheck", "ComposeService", "Draft", "check_address", "split_addresses", "wire_size"]

NAMED_AT_ONCE = 3  # problems of one field that are told; the others are counted
LONGEST_GROUP, LONGEST_TEMPLATE = 200, 200  # characters

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
_ENVELOPE_BYTES = 200  # names of the fields, sign-in and our own header, in the request's JSON
_ATTACHMENT_BYTES = 40


@dataclass(slots=True)
class Draft:
    """A message as it is being written: lists of addresses as text, as `split_addresses` reads them.

    `groups` are parted by commas. An attachment that the HTML names as `cid:NAME`, by its file name or its
    stem, becomes a picture inside the letter. One that is in `attached` must still be the file it was then.
    With a `template`, the name or number of a letter that the provider keeps, the letter itself may be empty.
    """

    sender: str = ""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    reply_to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    attachments: list[Path] = field(default_factory=list)
    attached: Mapping[Path, Attached] = field(default_factory=dict)
    groups: str = ""
    track_opens: bool | None = None
    track_clicks: bool | None = None
    fields: list[tuple[str, str]] = field(default_factory=list)
    template: str = ""


def wire_size(draft: Draft, attachments: Iterable[Attachment] = ()) -> int:
    """How many bytes the draft makes as a request, texts escaped as JSON, attachments as Base64.

    The paths of the draft are not looked at; `attachments` are counted instead.
    """
    counted = list(attachments)
    names = shown_as(draft.html, [it.name for it in counted])
    files = sum(
        _attachment_bytes(it.name, it.size_bytes, shown) for it, shown in zip(counted, names, strict=True)
    )
    return _text_bytes(draft) + files


def _text_bytes(draft: Draft) -> int:
    lists = (draft.sender, draft.to, draft.cc, draft.bcc, draft.reply_to, draft.subject, draft.groups)
    pairs = (part for row in (*draft.headers, *draft.fields) for part in row)
    return _ENVELOPE_BYTES + sum(map(_json_bytes, (*lists, draft.text, draft.html, *pairs)))


def _json_bytes(text: str) -> int:
    if not text:
        return 2  # the quotes
    import msgspec  # slow to import: not before the first paint

    return len(msgspec.json.encode(_whole(text)))


def _attachment_bytes(name: str, size_bytes: int, shown: str) -> int:
    names = _json_bytes(name) + (_json_bytes(shown) if shown else 0)
    return base64_size(size_bytes) + names + _ATTACHMENT_BYTES


def _whole(text: str) -> str:
    """The text with halves of characters replaced, which no encoding could write."""
    return _SURROGATE.sub("\ufffd", text)


class ComposeService:
    """Makes messages for whatever sends them; `limit_bytes` is asked for its limit each time.

    `check` raises InvalidDraft, by field, where its wire cannot carry a message; without it the outbox asks.
    """

    def __init__(
        self, limit_bytes: Callable[[], int], check: Callable[[Message], None] | None = None
    ) -> None:
        self._limit_bytes, self._check = limit_bytes, check

    async def attachment(self, path: Path) -> Attachment:
        """One file, read through off the loop; raises FileTrouble, also where it alone is too large."""
        return await asyncio.to_thread(self._attachment, path)

    async def message(self, draft: Draft) -> Message:
        """The message that the draft writes; raises InvalidDraft with all its problems, by field."""
        draft = _without_halves(draft)
        problems: dict[str, list[str]] = {}
        message = _written(draft, problems)
        attachments = await asyncio.to_thread(self._attachments, draft, problems)
        if not (draft.text.strip() or draft.html.strip() or draft.attachments or draft.template):
            problems["body"] = ["The message is empty: write a text, or attach a file."]
        if problems or message is None:
            raise InvalidDraft({name: _joined(problems[name]) for name in _FIELDS if name in problems})
        whole = replace(message, attachments=_named(attachments, draft.html))
        if self._check is not None:
            self._check(whole)
        return whole

    def another(self, message: Message, draft: Draft) -> Message:
        """The message that `draft` writes with the attachments of `message`, which was made of another row:
        no file is read again. Raises InvalidDraft with all its problems, by field."""
        draft = _without_halves(draft)
        problems: dict[str, list[str]] = {}
        written = _written(draft, problems)
        files = [replace(it, content_id="") for it in message.attachments]
        if not (draft.text.strip() or draft.html.strip() or files or draft.template):
            problems["body"] = ["The message is empty: write a text, or attach a file."]
        if (size := wire_size(draft, files)) > self._limit_bytes():
            problems["attachments" if files else "body"] = [self._too_large(size)]
        if problems or written is None:
            raise InvalidDraft({name: _joined(problems[name]) for name in _FIELDS if name in problems})
        return replace(written, attachments=_named(files, draft.html))

    def _attachment(self, path: Path) -> Attachment:
        size = base64_size(size_of(path))
        if size > self._limit_bytes():
            raise FileTrouble(
                f"{safe_name(path.name)} is too large: {_megabytes(size)} as Base64, and a message may have "
                f"{_megabytes(self._limit_bytes())}.",
                hint="Put it where it can be downloaded, and write the link.",
            )
        return attachment_of(path)

    def _attachments(self, draft: Draft, problems: dict[str, list[str]]) -> tuple[Attachment, ...]:
        """Sizes first, so that nothing is read of what would be too much anyway."""
        found: list[Attachment] = []
        troubles: list[str] = []
        size = _text_bytes(draft)
        names = shown_as(draft.html, [path.name for path in draft.attachments])
        for path, shown in zip(draft.attachments, names, strict=True):
            try:
                size += _attachment_bytes(path.name, size_of(path), shown)
            except FileTrouble as error:
                troubles.append(error.says)
        if size > self._limit_bytes():
            named = "attachments" if draft.attachments else "body"
            problems.setdefault(named, []).append(self._too_large(size))
        elif not troubles:
            for path in draft.attachments:
                try:
                    found.append(attachment_of(path))
                except FileTrouble as error:
                    troubles.append(error.says)
                    continue
                was = draft.attached.get(path)
                if was is not None and (sentence := changed(was, found[-1])):
                    troubles.append(sentence)
        if troubles:
            problems.setdefault("attachments", []).extend(troubles)
        return tuple(found)

    def _too_large(self, size: int) -> str:
        limit = self._limit_bytes()
        return (
            f"The message would have {_megabytes(size)} ({size:,} bytes, attachments as Base64); "
            f"at most {_megabytes(limit)} are taken. Take out {_megabytes(size - limit)}."
        )


_FIELDS = (
    *("from", "to", "cc", "bcc", "reply-to", "subject", "body", "headers", "attachments"),
    *("groups", "fields", "template"),
)


def _named(attachments: Sequence[Attachment], html: str) -> tuple[Attachment, ...]:
    """The attachments, those that the HTML shows with the name it gives them."""
    names = shown_as(html, [it.name for it in attachments])
    return tuple(
        replace(it, content_id=shown) if shown else it for it, shown in zip(attachments, names, strict=True)
    )


def _without_halves(draft: Draft) -> Draft:
    return replace(
        draft,
        sender=_whole(draft.sender),
        to=_whole(draft.to),
        cc=_whole(draft.cc),
        bcc=_whole(draft.bcc),
        reply_to=_whole(draft.reply_to),
        subject=_whole(draft.subject),
        text=_whole(draft.text),
        html=_whole(draft.html),
        headers=[(_whole(name), _whole(value)) for name, value in draft.headers],
        groups=_whole(draft.groups),
        fields=[(_whole(name), _whole(value)) for name, value in draft.fields],
        template=_whole(draft.template).strip(),
    )


def _written(draft: Draft, problems: dict[str, list[str]]) -> Message | None:
    """Everything but the attachments; None where there is no sender to write as."""
    sender = _one("from", draft.sender, problems, missing="Write who the message is from.")
    seen: set[str] = set()
    to, cc, bcc = (
        _many(name, text, problems, seen)
        for name, text in (("to", draft.to), ("cc", draft.cc), ("bcc", draft.bcc))
    )
    if not (to or cc or bcc or problems.keys() & {"to", "cc", "bcc"}):
        problems["to"] = ["Write at least one recipient."]
    reply_to = _one("reply-to", draft.reply_to, problems)
    if problem := subject_problem(draft.subject):
        problems["subject"] = [problem]
    headers, wrong = read_headers(draft.headers)
    if wrong:
        problems["headers"] = wrong
    groups, fields = _groups(draft.groups, problems), _fields(draft.fields, problems)
    if _UNSEEN.search(draft.template) or len(draft.template) > LONGEST_TEMPLATE:
        problems["template"] = [
            f"The name of a template is one line of up to {LONGEST_TEMPLATE} visible characters."
        ]
    if sender is None:
        return None
    return Message(
        sender=sender,
        to=to,
        cc=cc,
        bcc=bcc,
        reply_to=reply_to,
        subject=draft.subject,
        text=draft.text,
        html=draft.html,
        headers=headers,
        groups=groups,
        track_opens=draft.track_opens,
        track_clicks=draft.track_clicks,
        fields=fields,
        template=draft.template,
    )


def _groups(text: str, problems: dict[str, list[str]]) -> tuple[str, ...]:
    """The campaigns in their order, each once."""
    found = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    for name in found:
        if _UNSEEN.search(name):
            problems.setdefault("groups", []).append("A campaign is one line of visible characters.")
        elif len(name) > LONGEST_GROUP:
            problems.setdefault("groups", []).append(
                f"A campaign has at most {LONGEST_GROUP} characters; this one has {len(name)}."
            )
    return found


def _fields(rows: Iterable[tuple[str, str]], problems: dict[str, list[str]]) -> tuple[tuple[str, str], ...]:
    """The placeholders with their values, rows that are empty left out."""
    found: dict[str, str] = {}
    for name, value in ((name.strip().strip("{}").strip(), value) for name, value in rows):
        if not name and not value.strip():
            continue
        if not name:
            problems.setdefault("fields", []).append(f"The value {value!r} has no placeholder.")
        elif name in found:
            problems.setdefault("fields", []).append(f"The placeholder {name} stands there twice.")
        found[name] = value
    return tuple(found.items())


def _one(name: str, text: str, problems: dict[str, list[str]], *, missing: str = "") -> Address | None:
    entries = split_addresses(text)
    if not entries:
        if missing:
            problems[name] = [missing]
        return None
    if len(entries) > 1:
        problems[name] = [f"Only one address fits here; {len(entries)} are written."]
        return None
    return _parsed(name, entries[0], problems)


def _many(name: str, text: str, problems: dict[str, list[str]], seen: set[str]) -> tuple[Address, ...]:
    """The addresses of a field, each mailbox once, those of the fields before left out."""
    found: list[Address] = []
    for entry in split_addresses(text):
        address = _parsed(name, entry, problems)
        if address is not None and address.key not in seen:
            seen.add(address.key)
            found.append(address)
    return tuple(found)


def _parsed(name: str, entry: str, problems: dict[str, list[str]]) -> Address | None:
    try:
        return Address.parse(entry)
    except AddressError:
        problems.setdefault(name, []).append(check_address(entry).sentence)
        return None


def _joined(problems: list[str]) -> str:
    more = len(problems) - NAMED_AT_ONCE
    told = " ".join(problems[:NAMED_AT_ONCE])
    return f"{told} And {more} more." if more > 0 else told


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 50_000 else f"{size:,} bytes"
