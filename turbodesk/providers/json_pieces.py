"""Letters as JSON: attachments are encoded as they go out; what no JSON wire carries is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import pybase64

from turbodesk.model.message import Attachment, Message
from turbodesk.providers.exchange import Body

KEY_HEADER = "X-Turbodesk-ID"

Describe = Callable[[Attachment], Mapping[str, object]]
"""What stands beside the content in the entry of one attachment, at least one member."""

CONTROL = re.compile("[\x00-\x1f\x7f]")
_ADDRESS = re.compile(r"[^\s<>,;\x00-\x20\x7f@]+@[^\s<>,;\x00-\x20\x7f@]+")  # a comma would make two of one
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")  # a colon would end it, and what follows be another header
_OPENING = b',"attachments":['
_CONTENT = b',"content":"'


def json_body(
    media_type: str, fields: Mapping[str, object], attachments: Sequence[Attachment], describe: Describe
) -> Body:
    """The fields as one object, at least one, with the attachments after them as its last member.

    Raises UnicodeEncodeError where a text holds half a character.
    """
    head = msgspec.json.encode(fields)
    if not attachments:
        return Body(media_type, head)
    opening = head[:-1] + _OPENING
    heads = [msgspec.json.encode(describe(each))[:-1] + _CONTENT for each in attachments]
    sizes = [len(head) + each.wire_bytes + len(b'"},') for head, each in zip(heads, attachments, strict=True)]
    length = len(opening) + sum(sizes) - len(b",") + len(b"]}")
    return Body(media_type, pieces=_Pieces(opening, heads, attachments), length=length)


class _Pieces:
    """The body slice by slice; may be gone through again."""

    def __init__(self, opening: bytes, heads: Sequence[bytes], attachments: Sequence[Attachment]) -> None:
        self._opening, self._heads, self._attachments = opening, heads, attachments

    def __call__(self) -> Iterator[bytes]:
        pending = self._opening
        for number, (head, attachment) in enumerate(zip(self._heads, self._attachments, strict=True)):
            pending += (b"," if number else b"") + head
            for data in attachment.source.slices():
                yield pending + pybase64.b64encode(data)
                pending = b""
            pending += b'"}'
        yield pending + b"]}"


def letter_problems(message: Message, service: str, *, ours: frozenset[str] = frozenset()) -> dict[str, str]:
    """What no object of headers and no line of a mail can carry: field to sentence, empty where nothing is.

    `ours` are the headers, in lower case, that the adapter writes beside KEY_HEADER.
    """
    problems: dict[str, str] = {}
    if CONTROL.search(message.subject):
        problems["subject"] = "The subject holds a line break or a control character."
    names = [header.name.lower() for header in message.headers]
    for name, header in zip(names, message.headers, strict=True):
        if names.count(name) > 1 or name in ours or name == KEY_HEADER.lower():
            problems["headers"] = f"The header {header.name} stands twice; {service} takes each once."
        if CONTROL.search(header.name + header.value):
            problems["headers"] = "A header holds a line break or a control character."
        elif not _HEADER_NAME.fullmatch(header.name):
            problems["headers"] = f"{ascii(header.name)[1:-1][:80]} is no name of a header."
    boxes = [message.sender, *message.to, *message.cc, *message.bcc, *filter(None, [message.reply_to])]
    if any(CONTROL.search(box.email + box.name) for box in boxes):
        problems["to"] = "An address holds a line break or a control character."
    if odd := next((box for box in boxes if not _ADDRESS.fullmatch(box.email)), None):
        field = "from" if odd is message.sender else "to"
        problems.setdefault(field, f"{ascii(odd.email)[1:-1]} is no address that a mail can go to.")
    return problems
