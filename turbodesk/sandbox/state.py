"""What the sandbox keeps, in SQLite: mail taken in, what became of it, sign-ins, its clock."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import sqlite3
import time
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Protocol

from turbodesk.sandbox import fate as fates
from turbodesk.sandbox.history import DEFAULT_DAYS, DEFAULT_ROWS, history, listed
from turbodesk.sandbox.keeping import Keeping
from turbodesk.sandbox.listing import EMAILS, REPORTS, Listings, Question, Value, containing
from turbodesk.sandbox.post import Part, Post, Recipient
from turbodesk.sandbox.suppressing import suppressed
from turbodesk.sandbox.tables import (
    ADD_REPORT,
    ID_MAX,
    STEPS,
    VERSION,
    EmailRow,
    MailRow,
    ReportRow,
    id_at,
    moment_ms,
)

# Names and keys that may do everything. They guard nothing: whoever reaches the loopback port may read them.
USER = "sandbox@example.com"
INACTIVE_USER = "inactive@example.com"
PASSWORD = "sandbox"  # noqa: S105
CONSUMER_KEY = "5a11d0c0ffee4bad8f00d0123456789a"
CONSUMER_SECRET = "Sandb0xS3cretF0rEverybodyToRead1"  # noqa: S105
ACCOUNT_KEY = "SandboxAccountKey117"
SUBACCOUNT_KEY = "SandboxSubAccountKey117"
SMTP_USER = "default@117.sendpost.io"
SMTP_PASSWORD = "sandbox-smtp"  # noqa: S105
TOOLS = ("clickTracking", "openingTracking")

_BUSY_S = 60.0
_ADD_MAIL = "INSERT INTO mail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_PART = "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)"
_ADD_EMAIL = "INSERT INTO email VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MAIL_ROWS = "SELECT id, sender, sender_name, subject, recipients, attachments, size FROM mail "
_EMPTY = (
    "DELETE FROM mail; DELETE FROM part; DELETE FROM email; DELETE FROM report; DELETE FROM consumer_key; "
    "DELETE FROM mail_group; DELETE FROM validation_list; DELETE FROM validation_email; "
    "DELETE FROM validation_use; DELETE FROM webhook; DELETE FROM sub_account; DELETE FROM alert; "
    "DELETE FROM sendpost_sub_account;"
)

_LAST_S = moment_ms(ID_MAX) // 1000 - 366 * 86_400  # the clock itself goes on from there
_PLAN_LIMITS = (2_500, 10_000, 25_000, 100_000, 500_000, 2_500_000, 10_000_000)


class Standing(Enum):
    """What a name and a password are worth."""

    GOOD = "good"
    WRONG = "wrong"
    INACTIVE = "inactive"


class TooFar(Exception):
    """A time for which there are no ids."""


class CannotBecome(Exception):
    """A status that does not lead to the one asked for."""


class Watcher(Protocol):
    """Who wants to know, in this process, what was just committed."""

    def accepted(self, mails: Sequence[tuple[int, Post]]) -> None:
        """This mail was taken in, each under its id."""

    def happened(self, before: EmailRow, after: EmailRow) -> None:
        """Something was made of a message."""

    def moved(self) -> None:
        """The clock was."""

    def emptied(self) -> None:
        """Everything was reset."""


class State:
    """One sandbox over one SQLite file, or over memory. Belongs to the thread that made it.

    Several processes may keep the same file open at once. What was accepted is on file when the call
    returns and outlives the process, though not the machine: these are play data, and are not fsynced.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        history_rows: int | None = None,
        history_days: int = DEFAULT_DAYS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Opens `data`, or makes it with a past; raises OSError where it is a file of something else."""
        self._clock = clock
        self.watcher: Watcher | None = None
        self._keeping = Keeping()
        if data is not None and not data.exists():
            os.close(os.open(data, os.O_CREAT | os.O_RDWR, 0o600))
        try:
            if data is not None and not data.is_file():  # opening a pipe would wait for its other end
                raise sqlite3.OperationalError("not a file")
            self._db = sqlite3.connect(data or ":memory:", timeout=_BUSY_S, isolation_level=None)
            try:
                self._prepare(DEFAULT_ROWS if history_rows is None else history_rows, history_days)
            except BaseException:
                self._db.close()
                raise
        except sqlite3.DatabaseError as error:
            raise OSError(f"{data} cannot be used as the sandbox's data file: {error}") from error
        self._listings = Listings(self._db)

    def close(self) -> None:
        self._db.close()

    def _prepare(self, rows: int, days: int) -> None:
        # Not WAL: two processes share the file, and SQLite before 3.51.3 may lose a checkpoint then.
        for pragma in ("journal_mode=TRUNCATE", "synchronous=OFF", "cache_size=-65536", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}")
        if self._version() == VERSION:
            return
        with self.writing():
            version = self._version()
            if version > VERSION:
                raise sqlite3.DatabaseError("a newer version wrote it")
            if not version and self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise sqlite3.DatabaseError("another program keeps its data there")
            for step in STEPS[version:]:
                for statement in step.strip().split(";\n"):
                    self._db.execute(statement)
            if rows and not version:
                self._add_history(rows, days)
            self._db.execute(f"PRAGMA user_version={VERSION}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    # for those who keep tables of their own in the same file

    @property
    def connection(self) -> sqlite3.Connection:
        """For reading; what is written goes through `writing`."""
        return self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone among all processes on the file; not to be nested."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def changed(self) -> None:
        """To be called inside `writing` where an email or a report changes or goes."""
        self._db.execute("UPDATE meta SET value = value + 1 WHERE key = 'changes'")

    def ids(self, question: Question, parameters: Mapping[str, Value]) -> array[int]:
        """The ids that a question of one's own selects, oldest first; not to be changed."""
        return self._listings.ids(question, parameters)

    # the clock and the account

    def now(self) -> float:
        """The sandbox's own time, in epoch seconds."""
        return self._clock() + float(self._meta("offset"))

    def now_ms(self) -> int:
        """The same in whole milliseconds."""
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        """Moves the clock forward for every process on this file; raises TooFar."""
        with self.writing() as db:
            db.execute("UPDATE meta SET value = value + ? WHERE key = 'offset'", (seconds,))
            if self.now() >= _LAST_S:
                raise TooFar
        if self.watcher:
            self.watcher.moved()

    def _meta(self, key: str) -> int | float:
        value: int | float = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]
        return value

    def standing(self, user: str, password: str) -> Standing:
        if not hmac.compare_digest(password.encode(), PASSWORD.encode()):
            return Standing.WRONG
        match user.strip().lower():
            case "sandbox@example.com":
                return Standing.GOOD
            case "inactive@example.com":
                return Standing.INACTIVE
        return Standing.WRONG

    def expire_tokens(self) -> None:
        with self.writing() as db:
            db.execute("DELETE FROM token")

    def tool_enabled(self, tool: str) -> bool:
        return bool(self._meta(tool))

    def switch_tool(self, tool: str, *, enabled: bool) -> None:
        with self.writing() as db:
            db.execute("UPDATE meta SET value = ? WHERE key = ?", (int(enabled), tool))

    def set_credit(self, recipients: int | None) -> None:
        """How many more recipients are paid for; None: as many as one likes."""
        with self.writing() as db:
            db.execute("UPDATE meta SET value = ? WHERE key = 'credit'", (recipients,))

    def plan_limit(self) -> int:
        return int(self._meta("plan_limit"))

    def sent_since(self, moment: int) -> int:
        """How many recipients were sent to since a moment in epoch milliseconds."""
        sql = "SELECT count(*) FROM email WHERE id >= ?"
        return int(self._db.execute(sql, (id_at(moment),)).fetchone()[0])

    # taking mail in

    def accept(self, posts: Sequence[Post]) -> list[int | None]:
        """Stores `posts` and what becomes of their recipients, all at once; their ids, or None: no credit.

        The ids of a message's recipients are the numbers after its own.
        """
        given: list[int | None] = []
        with self.writing() as db:
            meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
            offset, credit = meta["offset"], meta["credit"]
            (last,) = db.execute("SELECT max(id) FROM email").fetchone()
            switches = bool(meta["openingTracking"]), bool(meta["clickTracking"])
            now_ms = int((self._clock() + offset) * 1000)
            next_id = max(id_at(now_ms) + secrets.randbelow(1 << 20), (last or 0) + 1)
            for post in posts:
                if credit is not None and credit < len(post.recipients):
                    given.append(None)
                    continue
                self._add_post(next_id, now_ms, post, switches)
                given.append(next_id)
                next_id += len(post.recipients) + 1
                credit = None if credit is None else credit - len(post.recipients)
            if credit is not None:
                db.execute("UPDATE meta SET value = ? WHERE key = 'credit'", (credit,))
            self._keeping.taken(db, len(posts), sum(post.size_bytes for post in posts))
        if self.watcher:
            mails = [(id, post) for id, post in zip(given, posts, strict=True) if id is not None]
            self.watcher.accepted(mails)
        return given

    def _add_post(self, mid: int, now_ms: int, post: Post, switches: tuple[bool, bool]) -> None:
        asked = (post.track_opens, post.track_clicks)
        opens, clicks = (
            switch if wish is None else wish for wish, switch in zip(asked, switches, strict=True)
        )
        options = {**post.options, "track_opens": opens, "track_clicks": clicks}
        self._db.execute(
            _ADD_MAIL,
            (mid, post.sender, post.sender_name, post.subject, len(post.recipients), len(post.parts),
             post.size_bytes, post.key, json.dumps(post.headers), post.text, post.html, post.mime,
             json.dumps(options)),
        )  # fmt: skip
        for position, part in enumerate(post.parts):
            self._db.execute(_ADD_PART, (mid, position, part.name, part.type, part.content, part.content_id))
        for id, (to, fate) in enumerate(self._fates(post, opens=opens, clicks=clicks), mid + 1):
            self._db.execute(
                _ADD_EMAIL,
                (id, post.subject, post.sender, to.email, fate.status, fate.error, to.kind, to.name,
                 post.campaign),
            )  # fmt: skip
            if fate.list:
                self._db.execute(ADD_REPORT, (fate.list, fate.hard, to.email, now_ms, fate.error, id))

    def _fates(self, post: Post, *, opens: bool, clicks: bool) -> Iterator[tuple[Recipient, fates.Fate]]:
        """What becomes of each recipient, where openings and clicks are seen, or are not."""
        dropped = {}
        if post.heeds_suppressions:
            dropped = suppressed(self._db, [to.email for to in post.recipients])
        unseen = {"OPEN": not opens, "CLICK": not clicks}
        for to in post.recipients:
            fate = fates.scenario(to.email)
            if fate is None and to.email in dropped:
                fate = fates.dropped(dropped[to.email])
            elif fate is None or unseen.get(fate.status):
                fate = fates.DELIVERED
            yield to, fate

    def add_history(self, rows: int, *, days: int = DEFAULT_DAYS, bounce_share: float = 0.019) -> None:
        """Adds a past of `rows` messages, whatever there is already."""
        with self.writing():
            self._add_history(rows, days, bounce_share)
            self.changed()

    def _add_history(self, rows: int, days: int, bounce_share: float = 0.019) -> None:
        reports: list[tuple[int, str, bool, str, str | None, int]] = [
            (at_ms, kind, False, email, reason, 0)
            for at_ms, kind, email, reason in listed(rows, now=self.now(), days=days)
        ]

        def emails() -> Iterator[tuple[object, ...]]:
            last = 0
            for at_ms, subject, sender, recipient, fate, event_ms, campaign in history(
                rows, now=self.now(), days=days, bounce_share=bounce_share
            ):
                last = max(last + 1, id_at(at_ms) + zlib.crc32(recipient.encode()) % (1 << 20))
                if fate.list:
                    reports.append((event_ms, fate.list, fate.hard, recipient, fate.error, last))
                yield last, subject, sender, recipient, fate.status, fate.error, None, None, campaign

        self._db.executemany(_ADD_EMAIL, emails())
        reports.sort()
        self._db.executemany(
            ADD_REPORT,
            ((kind, hard, email, at, said, sent) for at, kind, hard, email, said, sent in reports),
        )
        limit = next((limit for limit in _PLAN_LIMITS if limit > rows * 45 // days), _PLAN_LIMITS[-1])
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'plan_limit'", (limit,))

    def reset(self) -> None:
        """Empties mail, reports, history and webhooks, and sets the clock right and what was switched."""
        with self.writing() as db:
            for statement in _EMPTY.split(";"):
                db.execute(statement)
            db.execute("DELETE FROM meta WHERE key = 'agency'")
            db.execute("UPDATE meta SET value = 0.0 WHERE key = 'offset'")
            db.execute("UPDATE meta SET value = NULL WHERE key = 'credit'")
            db.execute("UPDATE meta SET value = 1 WHERE key IN (?, ?)", TOOLS)
            self.changed()
        if self.watcher:
            self.watcher.emptied()

    # reports and statistics

    def reports(
        self, list: str, hard: bool | None, *, since_ms: int, until_ms: int, contains: str = ""
    ) -> array[int]:
        """The ids of the entries from `since_ms` up to before `until_ms`, oldest first.

        `contains` is looked for in the e-mail, without regard to case.
        """
        parameters: dict[str, Value] = {
            "list": list, "hard": hard, "since": since_ms, "until": until_ms, "like": containing(contains),
        }  # fmt: skip
        return self._listings.ids(REPORTS, parameters)

    def report_rows(self, cids: Sequence[int]) -> list[ReportRow]:
        """Those entries in that order, without any that are gone."""
        rows = self._db.execute(
            "SELECT cid, list, report.email, at, response, subject, sender, sent, hard "
            "FROM report LEFT JOIN email ON email.id = sent WHERE cid IN (SELECT value FROM json_each(?))",
            (json.dumps(list(cids)),),
        )
        found = {row[0]: ReportRow._make((*row[:-1], bool(row[-1]))) for row in rows}
        return [found[cid] for cid in cids if cid in found]

    def delete_reports(self, list: str, hard: bool | None, cids: Sequence[int] | None = None) -> int:
        """Takes those entries, or all, off a list; how many went."""
        with self.writing() as db:
            gone = db.execute(
                "DELETE FROM report WHERE list = :list AND (:hard IS NULL OR hard = :hard) "
                "AND (:cids IS NULL OR cid IN (SELECT value FROM json_each(:cids)))",
                {"list": list, "hard": hard, "cids": None if cids is None else json.dumps(cids)},
            ).rowcount
            if gone:
                self.changed()
        return gone

    # messages

    def emails(self, *, since_ms: int, until_ms: int, statuses: Sequence[str] | None = None) -> array[int]:
        """The ids of the messages taken in from `since_ms` up to before `until_ms`, oldest first."""
        wanted = None if statuses is None else json.dumps(statuses)
        parameters: dict[str, Value] = {
            "since": id_at(since_ms), "until": id_at(until_ms), "statuses": wanted,
        }  # fmt: skip
        return self._listings.ids(EMAILS, parameters)

    def email_rows(self, ids: Sequence[int]) -> list[EmailRow]:
        """Those messages in that order, without any that are gone."""
        rows = self._db.execute(
            "SELECT * FROM email WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
        )
        found = {row[0]: EmailRow(*row) for row in rows}
        return [found[id] for id in ids if id in found]

    def last_emails(self, count: int) -> list[EmailRow]:
        """The newest messages, newest first."""
        rows = self._db.execute("SELECT * FROM email ORDER BY id DESC LIMIT ?", (count,))
        return [EmailRow(*row) for row in rows]

    # the inbox

    def mail_count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM mail").fetchone()[0])

    def mails(self, limit: int, offset: int) -> list[MailRow]:
        """Accepted sends, newest first."""
        rows = self._db.execute(f"{_MAIL_ROWS} ORDER BY id DESC LIMIT ? OFFSET ?", (limit, offset))
        return [MailRow(*row) for row in rows]

    def mail(self, mid: int) -> MailRow | None:
        row = self._db.execute(f"{_MAIL_ROWS} WHERE id = ?", (mid,)).fetchone()
        return MailRow(*row) if row else None

    def mail_of(self, email: EmailRow) -> MailRow | None:
        """The accepted send that this message to one recipient is of; None in the sample history."""
        row = self._db.execute(f"{_MAIL_ROWS} WHERE id < ? ORDER BY id DESC LIMIT 1", (email.id,)).fetchone()
        mail = MailRow(*row) if row else None
        return mail if mail and email.id <= mail.id + mail.recipients else None

    def recipients(self, mail: MailRow) -> list[EmailRow]:
        """The recipients of an accepted send, in the order in which it named them."""
        rows = self._db.execute(
            "SELECT * FROM email WHERE id > ? AND id <= ? ORDER BY id", (mail.id, mail.id + mail.recipients)
        )
        return [EmailRow(*row) for row in rows]

    def post(self, mail: MailRow) -> Post:
        """An accepted send as it came."""
        headers, text, html, mime, key, options = self._db.execute(
            "SELECT headers, text, html, mime, key, options FROM mail WHERE id = ?", (mail.id,)
        ).fetchone()
        rows, chosen = self.recipients(mail), json.loads(options)
        parts = self._db.execute(
            "SELECT name, type, content, content_id FROM part WHERE mail = ? ORDER BY position", (mail.id,)
        )
        return Post(
            sender=mail.sender,
            sender_name=mail.sender_name,
            recipients=tuple(Recipient(row.kind or "to", row.recipient, row.name or "") for row in rows),
            subject=mail.subject,
            text=text,
            html=html,
            headers=tuple((name, value) for name, value in json.loads(headers)),
            parts=tuple(Part(*row) for row in parts),
            mime=mime,
            key=key,
            campaign=rows[0].campaign if rows else "",
            track_opens=chosen.get("track_opens", True),
            track_clicks=chosen.get("track_clicks", True),
            options=chosen,
        )

    def happen(self, row: EmailRow, event: str) -> EmailRow:
        """Makes `event` happen to a message; it comes back as it is then. Raises CannotBecome."""
        fate = fates.of_event(event, row.recipient)
        if not self._can_be_seen(row, fate):
            raise CannotBecome(
                f"The message to {row.recipient} is not tracked: nobody sees that it is {event}ed."
            )
        with self.writing() as db:
            status = db.execute("SELECT status FROM email WHERE id = ?", (row.id,)).fetchone()[0]
            if fate.status not in fates.MAY_BECOME.get(status, frozenset()):
                raise CannotBecome(
                    f"The message to {row.recipient} is {status}: it cannot become {fate.status}."
                )
            db.execute(
                "UPDATE email SET status = ?, error = ? WHERE id = ?", (fate.status, fate.error, row.id)
            )
            if fate.list:
                report = (fate.list, fate.hard, row.recipient, self.now_ms(), fate.error, row.id)
                db.execute(ADD_REPORT, report)
            self.changed()
        after = row._replace(status=fate.status, error=fate.error)
        if self.watcher:
            self.watcher.happened(row._replace(status=status), after)
        return after

    def _can_be_seen(self, row: EmailRow, fate: fates.Fate) -> bool:
        """Whether this can be known of a message; all can of what is delivered or sent back."""
        mail = self.mail_of(row) if fate in (fates.OPENED, fates.CLICKED) else None
        if mail is None:
            return True
        post = self.post(mail)
        return bool(post.track_opens if fate is fates.OPENED else post.track_clicks)

    def accepted(self) -> tuple[int, dict[str, int]]:
        """How many sends were accepted, and how often each id of the sender's own."""
        counts = self._db.execute("SELECT key, count(*) FROM mail WHERE key != '' GROUP BY key")
        return self.mail_count(), dict(counts.fetchall())
