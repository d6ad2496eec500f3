"""Writes a message as Internet mail: headers, parts, attachments as Base64, CRLF throughout."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address as MimeAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

import pybase64

from turbodesk.model.message import Address, Attachment, Message

LINE_BYTES = 57  # make 76 characters of Base64
SLICE_BYTES = LINE_BYTES * 13_797  # about 768 KiB in whole lines

STRUCTURE = frozenset(
    {
        *("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version"),
        *("content-type", "content-transfer-encoding", "content-disposition", "content-id"),
    }
)
"""Headers that are written here, or that would break the mail if a writer set them; lower case."""

_POLICY = SMTP.clone(cte_type="7bit")
# Not message/… or multipart/…: RFC 2046 does not let those go as Base64.
_TYPE = re.compile(r"^(?!message/|multipart/)[\w!#$&^.+-]+/[\w!#$&^.+-]+$", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is decided once for a mail, so that writing it again gives the same bytes."""

    date: datetime
    message_id: str
    boundary: str

    @classmethod
    def now(cls, message: Message) -> Stamp:
        """The stamp of this moment; the Message-ID is `<key@domain of the sender>` where there is a key."""
        id = (
            f"<{message.key}@{message.sender.domain}>"
            if message.key
            else make_msgid(domain=message.sender.domain)
        )
        return cls(datetime.now(UTC), id, f"=_{secrets.token_hex(16)}")


def mime_pieces(message: Message, stamp: Stamp) -> Iterator[bytes]:
    """The message as it stands on the wire, in pieces of up to a megabyte, none empty.

    There is no Bcc header. Reading attachments may raise FileTrouble.
    """
    head, letter = _headers(message, stamp), _letter(message, stamp)
    if not message.attachments:
        yield head + letter
        return
    pending = head + f'Content-Type: multipart/mixed; boundary="{stamp.boundary}"\r\n'.encode()
    pending += f"\r\n--{stamp.boundary}\r\n".encode() + letter
    for attachment in message.attachments:
        pending += f"\r\n--{stamp.boundary}\r\n".encode() + _part_head(attachment)
        for data in attachment.source.slices(SLICE_BYTES):
            yield pending + pybase64.encodebytes(data).replace(b"\n", b"\r\n")
            pending = b""
    yield pending + f"\r\n--{stamp.boundary}--\r\n".encode()


def _headers(message: Message, stamp: Stamp) -> bytes:
    """The lines of the head but those that describe the content."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _mailbox(message.sender)
    for name, addresses in (("To", message.to), ("Cc", message.cc)):
        if addresses:
            mail[name] = [_mailbox(address) for address in addresses]
    if message.reply_to:
        mail["Reply-To"] = _mailbox(message.reply_to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(stamp.date)
    mail["Message-ID"] = stamp.message_id
    for header in message.headers:
        mail[header.name] = header.value
    if message.key:
        mail["X-Turbodesk-ID"] = message.key
    mail["MIME-Version"] = "1.0"
    return mail.as_bytes(policy=_POLICY).removesuffix(b"\r\n")


def _letter(message: Message, stamp: Stamp) -> bytes:
    """The part of text and HTML with its own head; an empty text where there is neither."""
    letter = EmailMessage(policy=_POLICY)
    if message.text or not message.html:
        letter.set_content(message.text)
    if message.html and not message.text:
        letter.set_content(message.html, subtype="html")
    elif message.html:
        letter.add_alternative(message.html, subtype="html")
        letter.set_boundary(f"{stamp.boundary}-letter")
    del letter["MIME-Version"]
    return letter.as_bytes(policy=_POLICY)


def _part_head(attachment: Attachment) -> bytes:
    part = EmailMessage(policy=_POLICY)
    part["Content-Type"] = (
        attachment.media_type if _TYPE.match(attachment.media_type) else "application/octet-stream"
    )
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=attachment.name)
    return part.as_bytes(policy=_POLICY)


def _mailbox(address: Address) -> MimeAddress:
    return MimeAddress(display_name=address.name, addr_spec=address.email)
