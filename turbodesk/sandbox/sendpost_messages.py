"""SendPost's messages: one to each recipient, in either contract, and the events of their way."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from itertools import pairwise

from turbodesk.sandbox import sendpost_events as happenings
from turbodesk.sandbox.sendpost_account import ACCOUNT_ID, DEFAULT, IP_ID, LOCAL_IP, PUBLIC_IP
from turbodesk.sandbox.sendpost_events import NOTHING, Whole, groups_of, mailbox_of
from turbodesk.sandbox.sendpost_wire import nanoseconds
from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import EmailRow, MailRow, moment_ms, uuid_of

_POOL_ID = 3


class Messages:
    """The messages in one State. Those of the sample history have no bodies."""

    def __init__(self, state: State) -> None:
        self._state = state

    def one(self, row: EmailRow, *, v1: bool) -> dict[str, object]:
        """The message of `row` with its attachments' contents."""
        mail = self._state.mail_of(row)
        return _message(row, self.whole(mail, files=True) if mail else NOTHING, v1=v1)

    def several(self, rows: Sequence[EmailRow], *, v1: bool) -> list[dict[str, object]]:
        """The messages of `rows` in that order; of attachments the names alone."""
        wholes: dict[int, Whole] = {}
        found = []
        for row in rows:
            mail = self._state.mail_of(row)
            if mail and mail.id not in wholes:
                wholes[mail.id] = self.whole(mail)
            found.append(_message(row, wholes[mail.id] if mail else NOTHING, v1=v1))
        return found

    def whole(self, mail: MailRow, *, files: bool = False) -> Whole:
        """An accepted send as its messages and events need it; without `files`, their names alone."""
        headers, text, html, options = self._db.execute(
            "SELECT headers, text, html, options FROM mail WHERE id = ?", (mail.id,)
        ).fetchone()
        parts = self._db.execute(
            "SELECT name, CASE WHEN ? THEN content ELSE x'' END FROM part WHERE mail = ? ORDER BY position",
            (files, mail.id),
        )
        given, rows = json.loads(headers), self._state.recipients(mail)
        return Whole(mail.sender_name, rows, dict(given), text, html, parts.fetchall(), json.loads(options))

    @property
    def _db(self) -> sqlite3.Connection:
        return self._state.connection

    # events

    def events(self, row: EmailRow) -> list[dict[str, object]]:
        """What happened to the message of `row`, in order, under the older names."""
        mail = self._state.mail_of(row)
        whole = self.whole(mail) if mail else NOTHING
        types = happenings.happened(row, whole)
        at_ms = happenings.moments(row, len(types))
        at_ms[-1] = max(at_ms[-1], self._listed_ms(row))  # the last is what put the recipient on a list
        return [happenings.as_legacy(row, whole, type, at) for type, at in zip(types, at_ms, strict=True)]

    def events_of(self, email: str, most: int) -> list[dict[str, object]]:
        """What happened to the newest `most` messages to one address, the newest message first."""
        rows = self._db.execute(
            "SELECT * FROM email WHERE recipient = ? COLLATE NOCASE ORDER BY id DESC LIMIT ?", (email, most)
        ).fetchall()
        return [event for row in rows for event in self.events(EmailRow(*row))]

    def _listed_ms(self, row: EmailRow) -> int:
        """When this message put its recipient on a list; 0 where it did not."""
        found = self._db.execute(
            "SELECT max(at) FROM report WHERE email = ? COLLATE NOCASE AND sent = ?", (row.recipient, row.id)
        ).fetchone()
        return int(found[0] or 0)


def _message(row: EmailRow, whole: Whole, *, v1: bool) -> dict[str, object]:
    options = whole.options
    to, cc, bcc = _family(row, whole)
    fields = options.get("fields")
    fields_of = fields if isinstance(fields, dict) else {}

    def copy(one: EmailRow) -> dict[str, object]:
        own = fields_of.get(one.recipient.lower(), {})
        return {"email": one.recipient, "name": one.name or "", "customFields": own if v1 else _texts(own)}

    def person(one: EmailRow) -> dict[str, object]:
        copies = {"cc": [copy(it) for it in cc], "bcc": [copy(it) for it in bcc]}
        return {**copy(one), **(copies if one.id == to.id else {"cc": [], "bcc": []})}

    body: dict[str, object] = {
        "emailType": mailbox_of(row.recipient),
        "submittedAt": nanoseconds(moment_ms(row.id)),
        "from": {"email": row.sender, "name": whole.sender_name},
        "to": person(row),
        "headerTo": person(to),
        "groups": groups_of(row, options),
        "ipPool": options.get("ip_pool", "default"),
        "headers": {name: value for name, value in whole.headers.items() if name.lower() != "reply-to"},
        "subject": row.subject,
        "preText": options.get("pre_text", ""),
        "htmlBody": whole.html,
        "textBody": whole.text,
        "ampBody": options.get("amp", ""),
        "trackOpens": options.get("track_opens", True),
        "trackClicks": options.get("track_clicks", True),
    }
    name, email = parseaddr(next((it for key, it in whole.headers.items() if key.lower() == "reply-to"), ""))
    if email:
        body["replyTo"] = {"email": email, "name": name}
    if v1:
        return {**body, **_as_v1(row, whole, [copy(it) for it in cc], [copy(it) for it in bcc])}
    return {**body, **_as_legacy(row, whole, cc, bcc)}


def _as_v1(
    row: EmailRow, whole: Whole, cc: list[dict[str, object]], bcc: list[dict[str, object]]
) -> dict[str, object]:
    files = [
        {"filename": name, "content": base64.b64encode(content).decode("ascii")}
        for name, content in whole.files
    ]
    return {
        "messageId": uuid_of(row.id),
        "subAccountId": DEFAULT.id,
        "publicIp": PUBLIC_IP,
        "headerCc": cc,
        "headerBcc": bcc,
        "attachments": files,
    }


def _as_legacy(
    row: EmailRow, whole: Whole, cc: Sequence[EmailRow], bcc: Sequence[EmailRow]
) -> dict[str, object]:
    """The older names, with copies and attachments as plain texts; no copies at all are null."""
    return {
        "messageID": uuid_of(row.id),
        "accountID": ACCOUNT_ID,
        "subAccountID": DEFAULT.id,
        "ipID": IP_ID,
        "accountIPPoolID": _POOL_ID,
        "publicIP": PUBLIC_IP,
        "localIP": LOCAL_IP,
        "headerCc": [it.recipient for it in cc] or None,
        "headerBcc": [it.recipient for it in bcc] or None,
        "attachments": [name for name, _ in whole.files],
        "customFields": {},
        "attempt": 1,
        "webhookEndpoint": whole.options.get("webhook", ""),
        "mxRecords": [f"mx.{row.recipient.rpartition('@')[2]}"],
    }


def _texts(fields: Mapping[str, object]) -> dict[str, str]:
    """The values as text, the only kind that the older contract knows."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}


def _family(row: EmailRow, whole: Whole) -> tuple[EmailRow, list[EmailRow], list[EmailRow]]:
    """The recipient whose copy of the mail `row` is, and those whom that was copied to.

    With SendPost copies hang on one recipient each and stand behind them; elsewhere on all of them.
    """
    to, copies = row, [it for it in whole.rows if it.kind != "to"]
    if whole.options.get("api") == "sendpost":
        starts = [n for n, it in enumerate(whole.rows) if it.kind == "to"] + [len(whole.rows)]
        start, end = next(span for span in pairwise(starts) if row.id <= whole.rows[span[1] - 1].id)
        to, copies = whole.rows[start], list(whole.rows[start + 1 : end])
    elif row.kind != "to":
        to = next((it for it in whole.rows if it.kind == "to"), row)
    return to, [it for it in copies if it.kind == "cc"], [it for it in copies if it.kind == "bcc"]
