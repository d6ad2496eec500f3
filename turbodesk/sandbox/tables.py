"""The tables of the sandbox's data file, their rows, and the ids that carry their time."""

from __future__ import annotations

import hashlib
import uuid
from typing import NamedTuple

# Step n takes a file from version n to version n + 1; a new file takes them all. A step is never changed
# once files of its version are about.
STEPS = (
    """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE token(hash TEXT PRIMARY KEY, expires REAL) WITHOUT ROWID;
CREATE TABLE mail(
    id INTEGER PRIMARY KEY, sender TEXT NOT NULL, sender_name TEXT NOT NULL, subject TEXT NOT NULL,
    recipients INTEGER NOT NULL, attachments INTEGER NOT NULL, size INTEGER NOT NULL, key TEXT NOT NULL,
    headers TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, mime BLOB);
CREATE TABLE part(
    mail INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    content BLOB NOT NULL, content_id TEXT NOT NULL, PRIMARY KEY(mail, position));
CREATE TABLE email(
    id INTEGER PRIMARY KEY, subject TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    status TEXT NOT NULL, error TEXT, kind TEXT, name TEXT);
CREATE TABLE report(
    cid INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL, hard INTEGER NOT NULL, email TEXT NOT NULL,
    at INTEGER NOT NULL, response TEXT, sent INTEGER NOT NULL);
CREATE INDEX report_by_list ON report(list);
INSERT INTO meta VALUES ('offset', 0.0), ('changes', 0), ('credit', NULL), ('plan_limit', 2500),
    ('clickTracking', 1), ('openingTracking', 1);
INSERT INTO sqlite_sequence VALUES ('report', 323223134);
""",
    """
ALTER TABLE email ADD COLUMN campaign TEXT NOT NULL DEFAULT '';
ALTER TABLE mail ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
CREATE INDEX report_by_email ON report(email COLLATE NOCASE);
CREATE TABLE consumer_key(
    key TEXT PRIMARY KEY, secret TEXT NOT NULL, label TEXT NOT NULL, created REAL NOT NULL, ips TEXT NOT NULL,
    permissions TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mail_group(name TEXT NOT NULL, mail INTEGER NOT NULL, PRIMARY KEY(name, mail)) WITHOUT ROWID;
CREATE TRIGGER mail_grouped AFTER INSERT ON mail WHEN instr(NEW.options, '"groups"') BEGIN
    INSERT OR IGNORE INTO mail_group SELECT value, NEW.id FROM json_each(NEW.options, '$.groups'); END;
""",
    """
CREATE TABLE validation_list(
    id INTEGER PRIMARY KEY AUTOINCREMENT, file_name TEXT NOT NULL, created INTEGER NOT NULL, started INTEGER,
    total INTEGER NOT NULL);
CREATE TABLE validation_email(
    id INTEGER PRIMARY KEY AUTOINCREMENT, list INTEGER NOT NULL, place INTEGER NOT NULL, email TEXT NOT NULL,
    status TEXT NOT NULL);
CREATE INDEX validation_email_by_list ON validation_email(list, place);
CREATE TABLE validation_use(at INTEGER NOT NULL, free INTEGER NOT NULL, paid INTEGER NOT NULL);
INSERT INTO sqlite_sequence VALUES ('validation_list', 48150), ('validation_email', 9216300);
""",
    """
CREATE TABLE webhook(
    id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, flags TEXT NOT NULL, v1 INTEGER NOT NULL,
    created INTEGER NOT NULL, disabled_at INTEGER NOT NULL DEFAULT 0,
    disabled_reason TEXT NOT NULL DEFAULT '', taken INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0, failing INTEGER NOT NULL DEFAULT 0);
INSERT INTO sqlite_sequence VALUES ('webhook', 900);
""",
    """
CREATE TABLE sub_account(id INTEGER PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE alert(id INTEGER PRIMARY KEY, email TEXT NOT NULL, percentage INTEGER NOT NULL);
INSERT INTO alert VALUES (1475205839938715649, 'sandbox@example.com', 80);
""",
    """
CREATE TABLE sendpost_sub_account(
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL, made INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0);
INSERT INTO sqlite_sequence VALUES ('sendpost_sub_account', 118);
""",
)
VERSION = len(STEPS)
ADD_REPORT = "INSERT INTO report(list, hard, email, at, response, sent) VALUES (?, ?, ?, ?, ?, ?)"
_EPOCH_MS = 1_262_304_000_000  # 2010-01-01, where the ids begin to count
_ID_SHIFT = 22
ID_MAX = 2**63 - 1

# A recipient's UUID: its id, spread over 64 bits by a factor that has an inverse, and 58 bits that prove it.
_SPREAD = 0x9E37_79B9_7F4A_7C15
_GATHER = pow(_SPREAD, -1, 1 << 64)
_PROOF_BITS = 58


def id_at(moment_ms: int) -> int:
    """The smallest id of a moment in epoch milliseconds."""
    return min(max(moment_ms - _EPOCH_MS, 0) << _ID_SHIFT, ID_MAX)


def moment_ms(id: int) -> int:
    """When the message with this id was taken in, in epoch milliseconds."""
    return (id >> _ID_SHIFT) + _EPOCH_MS


def uuid_of(id: int) -> str:
    """The UUID that the message to one recipient has besides its id."""
    bits = (id * _SPREAD % (1 << 64)) << _PROOF_BITS | _proof(id)
    return str(uuid.UUID(int=bits >> 74 << 80 | (bits >> 62 & 0xFFF) << 64 | bits & (1 << 62) - 1, version=4))


def id_of(text: str) -> int | None:
    """The id whose UUID this is, in whatever spelling; None where there can be no such message."""
    try:
        number = uuid.UUID(text).int
    except ValueError:
        return None
    bits = number >> 80 << 74 | (number >> 64 & 0xFFF) << 62 | number & (1 << 62) - 1
    id = (bits >> _PROOF_BITS) * _GATHER % (1 << 64)
    return id if id <= ID_MAX and uuid_of(id) == str(uuid.UUID(int=number)) else None


def _proof(id: int) -> int:
    digest = hashlib.blake2b(id.to_bytes(8), digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - _PROOF_BITS)


class ReportRow(NamedTuple):
    """One entry of a list.

    `sent` is the id of the message that led to it, 0 where none did; `subject` and `sender` are of that
    message, None where it is not known. `hard` means something on the list of bounces only.
    """

    cid: int
    list: str
    email: str
    at_ms: int
    response: str | None
    subject: str | None
    sender: str | None
    sent: int
    hard: bool


class EmailRow(NamedTuple):
    """One message to one recipient; `kind` and `name` are None in the sample history."""

    id: int
    subject: str
    sender: str
    recipient: str
    status: str
    error: str | None
    kind: str | None
    name: str | None
    campaign: str


class MailRow(NamedTuple):
    """One accepted send without its body."""

    id: int
    sender: str
    sender_name: str
    subject: str
    recipients: int
    attachments: int
    size: int
