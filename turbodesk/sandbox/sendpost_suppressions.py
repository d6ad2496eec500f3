"""SendPost's suppressions: a view of the same lists that turboSMTP reports, each address once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from turbodesk.sandbox.addresses import is_address
from turbodesk.sandbox.fate import BOUNCE, MANUAL, SPAM, UNSUB, VALIDATION_FAILED
from turbodesk.sandbox.listing import REPORTS, Question, Value, containing, newest
from turbodesk.sandbox.sendpost_wire import Problem, Refusal, nanoseconds
from turbodesk.sandbox.state import State
from turbodesk.sandbox.suppressing import suppress, suppressed, unsuppress
from turbodesk.sandbox.tables import ReportRow, uuid_of
from turbodesk.sandbox.wire import text_of

# The kinds as bodies and queries name them, each with the lists it stands for, the one to add to first.
KINDS: dict[str, tuple[str, ...]] = {
    "hardBounce": (BOUNCE, VALIDATION_FAILED),
    "manual": (MANUAL,),
    "unsubscribe": (UNSUB,),
    "spamComplaint": (SPAM,),
}
_KIND_OF = {list: kind for kind, lists in KINDS.items() for list in lists}
_REASONS = {MANUAL: 0, UNSUB: 1, BOUNCE: 2, SPAM: 3, VALIDATION_FAILED: 4}

# An address counts as what it was listed for first; later entries of it do not show.
_LISTED = Question(
    """
SELECT cid FROM report WHERE cid > :after AND cid <= :top AND (list != 'bounce' OR hard)
AND (:lists IS NULL OR list IN (SELECT value FROM json_each(:lists))) AND at >= :since AND at < :until
AND (:like IS NULL OR email LIKE :like ESCAPE '\\')
AND NOT EXISTS (SELECT 1 FROM report AS older WHERE older.email = report.email COLLATE NOCASE
    AND older.cid < report.cid AND (older.list != 'bounce' OR older.hard))
ORDER BY cid
""",
    REPORTS.state,
)


class Suppressions:
    """Who gets nothing any more, in one State."""

    def __init__(self, state: State) -> None:
        self._state = state

    def page(
        self, since_ms: int, until_ms: int, *, kind: str, contains: str, limit: int, offset: int
    ) -> list[ReportRow]:
        """The entries of a time, newest first; `kind` and `contains` empty: all of them."""
        parameters: dict[str, Value] = {
            "lists": json.dumps(KINDS[kind]) if kind else None,
            "since": since_ms,
            "until": until_ms,
            "like": containing(contains),
        }
        ids = self._state.ids(_LISTED, parameters)
        return self._state.report_rows(newest(ids, offset=offset, limit=limit))

    def add(self, emails: Mapping[str, Sequence[str]]) -> list[ReportRow]:
        """Lists these addresses, by kind; the entries of all, oldest first.

        Whoever is listed already stays as they are.
        """
        with self._state.writing() as db:
            for kind, addresses in emails.items():
                listed = suppressed(db, addresses)
                new = [email for email in addresses if email not in listed]
                suppress(db, self._state.now_ms(), KINDS[kind][0], new)
        return self._entries(email for addresses in emails.values() for email in addresses)

    def remove(self, emails: Sequence[str]) -> list[ReportRow]:
        """Takes these addresses off, whatever they are listed for; the entries that went, oldest first."""
        entries = self._entries(emails)
        with self._state.writing() as db:
            if unsuppress(db, emails):
                self._state.changed()
        return entries

    def _entries(self, emails: Iterable[str]) -> list[ReportRow]:
        found = self._state.connection.execute(
            "SELECT min(cid) FROM report WHERE email COLLATE NOCASE IN (SELECT value FROM json_each(?)) "
            "AND (list != 'bounce' OR hard) GROUP BY email COLLATE NOCASE ORDER BY 1",
            (json.dumps(list(emails)),),
        )
        return self._state.report_rows([row[0] for row in found])


def as_json(row: ReportRow, *, v1: bool) -> dict[str, object]:
    """An entry in either contract."""
    reason = _REASONS[row.list]
    said = (row.response or "") if _KIND_OF[row.list] == "hardBounce" else ""
    body: dict[str, object] = {"id": row.cid, "email": row.email, "reason": reason}
    if not v1:
        return {**body, "smtp_error": said, "created": nanoseconds(row.at_ms)}
    return {
        **body,
        "reasonText": _KIND_OF[row.list],
        "smtpError": said,
        "messageUUID": uuid_of(row.sent) if row.sent else "",
        "created": nanoseconds(row.at_ms),
    }


def read_added(body: Mapping[str, object]) -> dict[str, list[str]]:
    """The addresses to list, by kind; raises Refusal where there are none, or where a body is malformed."""
    given = {kind: _emails(body[kind], kind) for kind in KINDS if body.get(kind) is not None}
    emails = {kind: addresses for kind, addresses in given.items() if addresses}
    if not emails:
        raise _nothing()
    return emails


def read_removed(body: Mapping[str, object]) -> list[str]:
    """The addresses to take off; raises Refusal as `read_added` does."""
    given = body.get("suppressions")
    emails = [] if given is None else _emails(given, "suppressions")
    if not emails:
        raise _nothing()
    return emails


def _nothing() -> Refusal:
    return Refusal(406, "The list of suppressions is empty.")


def _emails(given: object, path: str) -> list[str]:
    """Each address once."""
    if not isinstance(given, list):
        raise Refusal(422, f"{path} must be a list.", [Problem(path, f"{path} must be a list")])
    emails: dict[str, str] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(given):
        email = text_of(entry.get("email")) if isinstance(entry, dict) else ""
        if is_address(email):
            emails.setdefault(email.lower(), email)
        else:
            problems.append(Problem(f"{path}[{number}].email", "email must be an e-mail address"))
    if problems:
        raise Refusal(422, f"{problems[0].field}: {problems[0].message}.", problems)
    return list(emails.values())
