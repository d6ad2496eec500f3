"""The tables of the sandbox's data file, their rows, and the ids that carry their time."""

from __future__ import annotations

from typing import NamedTuple

VERSION = 1
SCHEMA = """
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
"""
_EPOCH_MS = 1_262_304_000_000  # 2010-01-01, where the ids begin to count
_ID_SHIFT = 22
_ID_MAX = 2**63 - 1


def id_at(moment_ms: int) -> int:
    """The smallest id of a moment in epoch milliseconds."""
    return min(max(moment_ms - _EPOCH_MS, 0) << _ID_SHIFT, _ID_MAX)


def moment_ms(id: int) -> int:
    """When the message with this id was taken in, in epoch milliseconds."""
    return (id >> _ID_SHIFT) + _EPOCH_MS


class ReportRow(NamedTuple):
    """One entry of a list; `subject` and `sender` are of the message that led to it, where it is known."""

    cid: int
    list: str
    email: str
    at_ms: int
    response: str | None
    subject: str | None
    sender: str | None


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


class MailRow(NamedTuple):
    """One accepted send without its body."""

    id: int
    sender: str
    sender_name: str
    subject: str
    recipients: int
    attachments: int
    size: int
