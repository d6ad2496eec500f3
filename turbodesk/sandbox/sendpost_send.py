"""Reads a send as SendPost reads it, says who of its recipients is refused, and makes mail of the rest."""

from __future__ import annotations

import binascii
import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

from turbodesk.sandbox.addresses import HEADER_NAME, LINE_BREAK, is_address, key_of
from turbodesk.sandbox.post import Part, Post, Recipient, is_verified, may_reach
from turbodesk.sandbox.sendpost_account import OWNER, TEMPLATES, Template
from turbodesk.sandbox.sendpost_fill import fill
from turbodesk.sandbox.sendpost_wire import Problem, Refusal
from turbodesk.sandbox.wire import text_of

TO_LIMIT, COPY_LIMIT = 1000, 50
SUBJECT_LIMIT, PRE_TEXT_LIMIT, NAME_LIMIT, FILE_NAME_LIMIT = 998, 200, 256, 255
ATTACHMENTS_LIMIT_BYTES = 26_214_400

# What a message to one recipient may come to, besides 0: it was taken.
BAD_RECIPIENT, SUPPRESSED, NOT_VERIFIED, RATE_LIMITED, BAD_SENDER = 1, 2, 3, 4, 5
ERRORS = {
    BAD_RECIPIENT: "Invalid recipient email",
    SUPPRESSED: "Recipient is in the suppression list",
    NOT_VERIFIED: "Sending domain is not verified",
    RATE_LIMITED: "Rate limit exceeded",
    BAD_SENDER: "Invalid sender email",
}

_OWN_HEADERS = frozenset(
    {
        "from", "to", "cc", "bcc", "subject", "date", "message-id", "sender", "return-path", "received",
        "mime-version", "content-type", "content-transfer-encoding", "dkim-signature",
    }
)  # fmt: skip
# Copies that differ are kept one by one, unless together they would fill the store.
_APART_LIMIT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Person:
    """An address, and what placeholders stand for in the message to it."""

    email: str
    name: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class To:
    """One recipient with the copies of the message to them."""

    person: Person
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()

    @property
    def everybody(self) -> tuple[Person, ...]:
        return self.person, *self.cc, *self.bcc


@dataclass(frozen=True, slots=True)
class Letter:
    """One send as the body asked for it, the parts of a template filled in."""

    sender: Person
    to: tuple[To, ...]
    reply_to: Person | None
    subject: str
    text: str
    html: str
    amp: str
    pre_text: str
    ip_pool: str
    webhook: str
    headers: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    track_opens: bool
    track_clicks: bool
    parts: tuple[Part, ...]
    variables: Mapping[str, object]


def read_letter(body: Mapping[str, object], *, templated: bool) -> Letter:
    """What `body` asks for; raises Refusal: 422 with everything that is wrong, or 406 for the template.

    `templated`: it was sent to the path that wants a template, and may bring variables for it.
    """
    reader = _Reader(body)
    sender, to = reader.sender(), reader.recipients()
    reply_to = reader.person(body.get("replyTo"), "replyTo") if body.get("replyTo") is not None else None
    subject = reader.line("subject", SUBJECT_LIMIT)
    text, html, amp = (reader.text(name) for name in ("textBody", "htmlBody", "ampBody"))
    pre_text, ip_pool = reader.line("preText", PRE_TEXT_LIMIT), reader.line("ippool")
    webhook, named = reader.line("webhookEndpoint"), reader.line("template")
    id = reader.line("templateId") if templated else ""
    variables = reader.members("templateVariables") if templated else {}
    opens, clicks = reader.switch("trackOpens"), reader.switch("trackClicks")
    headers, groups, parts = reader.headers(), reader.groups(), reader.attachments()
    if templated and not (named or id):
        reader.wrong("template", "template or templateId is required")
    elif not (text or html or amp or named or id):
        reader.wrong("htmlBody", "one of htmlBody, textBody and template is required")
    if reader.problems:
        raise Refusal(422, reader.problems[0].message, reader.problems)
    template = _template(named, id)
    if template:
        given = bool(text or html)
        subject = subject or template.subject
        text, html = text if given else template.text, html if given else template.html
    return Letter(
        sender, to, reply_to, subject, text, html, amp, pre_text, ip_pool, webhook, headers, groups,
        opens, clicks, parts, variables,
    )  # fmt: skip


def _template(name: str, id: str) -> Template | None:
    """The template of that name, or else of that id; None where neither is asked for. Raises Refusal."""
    if not (name or id):
        return None
    for template in TEMPLATES:
        if template.name == name or (not name and template.id == id):
            return template
    raise Refusal(406, f"There is no template {name or id!r}.")


class _Reader:
    """Takes the members of one body; what is wrong with them gathers in `problems`."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self._body = body
        self.problems: list[Problem] = []

    def wrong(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def text(self, name: str) -> str:
        return self._text(self._body.get(name), name)

    def line(self, name: str, most: int | None = None) -> str:
        return self._line(self._body.get(name), name, most)

    def members(self, name: str) -> Mapping[str, object]:
        return self._members(self._body.get(name), name)

    def switch(self, name: str) -> bool:
        value = self._body.get(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, f"{name} must be true or false")
        return value is not False

    def sender(self) -> Person:
        if self._body.get("from") is None:
            self.wrong("from", "from is required")
            return Person("")
        return self.person(self._body["from"], "from")

    def person(self, value: object, path: str) -> Person:
        """An address; whether it is a good one is another question."""
        if not isinstance(value, dict):
            self.wrong(path, f"{path} must be an object")
            return Person("")
        email = self._required(value.get("email"), f"{path}.email")
        name = self._line(value.get("name"), f"{path}.name", NAME_LIMIT)
        return Person(email, name, self._members(value.get("customFields"), f"{path}.customFields"))

    def recipients(self) -> tuple[To, ...]:
        if self._body.get("to") in (None, []):
            self.wrong("to", "to must name at least one recipient")
        given = self._list(self._body.get("to"), "to", TO_LIMIT)
        return tuple(self._to(value, f"to[{number}]") for number, value in enumerate(given))

    def _to(self, value: object, path: str) -> To:
        person = self.person(value, path)
        members = value if isinstance(value, dict) else {}
        cc, bcc = (
            tuple(
                self.person(copy, f"{path}.{kind}[{number}]")
                for number, copy in enumerate(self._list(members.get(kind), f"{path}.{kind}", COPY_LIMIT))
            )
            for kind in ("cc", "bcc")
        )
        return To(person, cc, bcc)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Those that a sender may choose; the others are left out."""
        kept = []
        for name, value in self.members("headers").items():
            path = f"headers.{name}"
            text = self._line(value, path)
            if not HEADER_NAME.fullmatch(name):
                self.wrong(path, "a header's name must be of printable ASCII without a colon")
            elif name.lower() not in _OWN_HEADERS:
                kept.append((name, text))
        return tuple(kept)

    def groups(self) -> tuple[str, ...]:
        """Each once, in the order given."""
        given = self._list(self._body.get("groups"), "groups")
        names = [self._line(value, f"groups[{number}]") for number, value in enumerate(given)]
        return tuple(dict.fromkeys(name for name in names if name))

    def attachments(self) -> tuple[Part, ...]:
        given = self._list(self._body.get("attachments"), "attachments")
        parts = tuple(self._part(value, f"attachments[{number}]") for number, value in enumerate(given))
        if sum(len(part.content) for part in parts) > ATTACHMENTS_LIMIT_BYTES:
            self.wrong("attachments", f"attachments must not exceed {ATTACHMENTS_LIMIT_BYTES} bytes in all")
        return parts

    def _part(self, value: object, path: str) -> Part:
        if not isinstance(value, dict):
            self.wrong(path, f"{path} must be an object")
            return Part("", "", b"")
        name = self._required(value.get("filename"), f"{path}.filename", FILE_NAME_LIMIT)
        return Part(name, _type_of(name), self._content(value.get("content"), f"{path}.content"))

    def _content(self, value: object, path: str) -> bytes:
        """Standard Base64 with its padding and without line breaks."""
        try:
            if isinstance(value, str):
                return binascii.a2b_base64(value, strict_mode=True)
        except ValueError:
            pass
        self.wrong(path, f"{path} must be valid Base64")
        return b""

    def _text(self, value: object, path: str) -> str:
        if value is not None and not isinstance(value, str):
            self.wrong(path, f"{path} must be a string")
        return text_of(value)

    def _required(self, value: object, path: str, most: int | None = None) -> str:
        if value in (None, ""):
            self.wrong(path, f"{path} is required")
        return self._line(value, path, most)

    def _line(self, value: object, path: str, most: int | None = None) -> str:
        text = self._text(value, path)
        if most is not None and len(text) > most:
            self.wrong(path, f"{path} must not be longer than {most} characters")
        if LINE_BREAK.search(text):
            self.wrong(path, f"{path} must not contain line breaks")
        return text

    def _members(self, value: object, path: str) -> Mapping[str, object]:
        if value is not None and not isinstance(value, dict):
            self.wrong(path, f"{path} must be an object")
        return value if isinstance(value, dict) else {}

    def _list(self, value: object, path: str, most: int | None = None) -> list[object]:
        if value is not None and not isinstance(value, list):
            self.wrong(path, f"{path} must be a list")
        if not isinstance(value, list):
            return []
        if most is not None and len(value) > most:
            self.wrong(path, f"{path} must not hold more than {most} entries")
            return []
        return value


def _type_of(name: str) -> str:
    """What the extension says, for want of a field for it."""
    kind, encoding = mimetypes.guess_type(name)
    return kind if kind and not encoding else "application/octet-stream"


def error_of(letter: Letter, to: To) -> int:
    """Why there is no message to `to`, as far as the addresses tell; 0 where there is one."""
    sender = letter.sender.email
    if not is_address(sender):
        return BAD_SENDER
    if not all(is_address(person.email) for person in to.everybody):
        return BAD_RECIPIENT
    if not is_verified(sender) or not all(may_reach(sender, one.email, OWNER) for one in to.everybody):
        return NOT_VERIFIED
    return 0


def posts_of(letter: Letter, taken: Sequence[To]) -> list[tuple[Post, list[int]]]:
    """The mail for these recipients, each with the positions in `taken` of those it goes to.

    Everybody gets a copy of their own. Copies that say the same are kept as one mail.
    """
    copies: dict[tuple[str, ...], list[int]] = {}
    attached, size = sum(len(part.content) for part in letter.parts), 0
    for position, to in enumerate(taken):
        content = _filled(letter, to)
        size += 0 if content in copies else attached + sum(map(len, content))
        if size > _APART_LIMIT_BYTES:
            copies = {(letter.subject, letter.text, letter.html, letter.amp): list(range(len(taken)))}
            break
        copies.setdefault(content, []).append(position)
    # One call is counted once under the sender's own id, however many mails it becomes.
    keys = chain([key_of(letter.headers)], repeat(""))
    return [
        (_post(letter, content, [taken[position] for position in positions], next(keys)), positions)
        for content, positions in copies.items()
    ]


def _filled(letter: Letter, to: To) -> tuple[str, ...]:
    """Subject, text, HTML and AMP as this recipient gets them."""
    token = hashlib.sha256(to.person.email.lower().encode()).hexdigest()[:24]
    unsubscribe = f"https://unsubscribe.example.com/{token}"
    fields = {**letter.variables, **to.person.fields, "unsubscribe": unsubscribe}
    plain = (fill(text, fields) for text in (letter.subject, letter.text))
    return *plain, fill(letter.html, fields, html=True), fill(letter.amp, fields, html=True)


def _post(letter: Letter, content: tuple[str, ...], whom: list[To], key: str) -> Post:
    subject, text, html, amp = content
    recipients = [
        Recipient(kind, person.email, person.name)
        for to in whom
        for kind, people in (("to", (to.person,)), ("cc", to.cc), ("bcc", to.bcc))
        for person in people
    ]
    return Post(
        sender=letter.sender.email,
        sender_name=letter.sender.name,
        recipients=tuple(recipients),
        subject=LINE_BREAK.sub(" ", subject),
        text=text,
        html=html,
        headers=_headers(letter),
        parts=letter.parts,
        key=key,
        track_opens=letter.track_opens,
        track_clicks=letter.track_clicks,
        options=_options(letter, amp, whom),
        heeds_suppressions=True,
    )


def _headers(letter: Letter) -> tuple[tuple[str, str], ...]:
    if letter.reply_to is None:
        return letter.headers
    name, email = letter.reply_to.name, letter.reply_to.email
    kept = tuple((name, value) for name, value in letter.headers if name.lower() != "reply-to")
    return *kept, ("Reply-To", f"{name} <{email}>" if name else email)


def _options(letter: Letter, amp: str, whom: list[To]) -> dict[str, object]:
    """What the store has no column for; members that say nothing are left out."""
    people = [person for to in whom for person in to.everybody]
    options: dict[str, object] = {
        "groups": list(letter.groups),
        "fields": {person.email.lower(): dict(person.fields) for person in people if person.fields},
        "amp": amp,
        "pre_text": letter.pre_text,
        "ip_pool": letter.ip_pool,
        "webhook": letter.webhook,
    }
    return {"api": "sendpost", **{name: value for name, value in options.items() if value}}
