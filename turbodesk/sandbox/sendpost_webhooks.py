"""SendPost's webhooks: which URL is told of which events, and how it has done so far."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request

from turbodesk.sandbox.sendpost_wire import Problem, Refusal, is_v1, json_body, nanoseconds, page, reply
from turbodesk.sandbox.state import State
from turbodesk.sandbox.webhook_post import is_loopback
from turbodesk.sandbox.wire import text_of

FLAGS: Mapping[str, bool] = {
    "enabled": True,
    "processed": False,
    "sent": False,
    "delivered": True,
    "dropped": True,
    "smtpDropped": False,
    "softBounced": True,
    "hardBounced": True,
    "opened": True,
    "clicked": True,
    "unsubscribed": True,
    "spam": True,
    "uniqueOpen": False,
    "uniqueClick": False,
}
"""Each flag, and what it is where a new webhook does not say."""

MOST = 100  # webhooks of one account
URL_LIMIT = 2048  # characters
_GIVEN_UP = "The last event could not be delivered in six tries."
_PATH_ID = re.compile("[0-9]{1,9}")
_COLUMNS = "id, url, flags, v1, created, disabled_at, disabled_reason, taken, failed, failing"


class Webhook(NamedTuple):
    """One registered URL. `v1`: it was last written in that contract, and its payloads follow it."""

    id: int
    url: str
    flags: dict[str, bool]
    v1: bool
    created_ms: int
    disabled_ms: int
    disabled_reason: str
    taken: int
    failed: int
    failing: bool

    def wants(self, name: str) -> bool:
        """Whether an event of this name is sent to it; all happens once here, so a first time is any."""
        unique = {"opened": "uniqueOpen", "clicked": "uniqueClick"}.get(name, name)
        return self.flags["enabled"] and (self.flags[name] or self.flags[unique])

    def as_json(self, *, v1: bool, listed: bool = False) -> dict[str, object]:
        """The webhook in either contract; `listed`: as an item of the list."""
        body: dict[str, object] = {
            "id": self.id,
            "url": self.url,
            **self.flags,
            "created": nanoseconds(self.created_ms),
        }
        if not v1:
            return {**body, "created_by": None, "updated_by": None}
        body |= {"status": self.status, "disabledAt": nanoseconds(self.disabled_ms)}
        body["disabledReason"] = self.disabled_reason
        return {**body, "successRate": self._rate()} if listed else body

    @property
    def status(self) -> str:
        if not self.flags["enabled"]:
            return "disabled"
        return "degraded" if self.failing else "active"

    def _rate(self) -> int:
        tries = self.taken + self.failed
        return 100 if not tries else self.taken * 100 // tries


class SendPostWebhooks:
    """The webhooks in one State, those of every process on its file."""

    def __init__(self, state: State) -> None:
        self._state = state

    def all(self, contains: str = "") -> list[Webhook]:
        """Those whose URL contains this, case aside, oldest first."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM webhook ORDER BY id")  # noqa: S608 (a constant)
        return [it for it in map(_webhook, rows) if contains.lower() in it.url.lower()]

    def one(self, id: str) -> Webhook:
        """The webhook with this id; raises Refusal."""
        row = None
        if _PATH_ID.fullmatch(id):
            row = self._db.execute(f"SELECT {_COLUMNS} FROM webhook WHERE id = ?", (int(id),)).fetchone()  # noqa: S608
        if row is None:
            raise Refusal(406, "There is no such webhook.")
        return _webhook(row)

    def add(self, body: Mapping[str, object], *, v1: bool) -> Webhook:
        """A new one as `body` describes it; raises Refusal."""
        url, flags = _read(body, FLAGS, needs_url=True)
        with self._state.writing() as db:
            self._check_url(db, url, 0)
            if db.execute("SELECT count(*) FROM webhook").fetchone()[0] >= MOST:
                raise Refusal(403, f"An account has no more than {MOST} webhooks.")
            added = db.execute(
                "INSERT INTO webhook(url, flags, v1, created) VALUES (?, ?, ?, ?)",
                (url, json.dumps(flags), v1, self._state.now_ms()),
            )
        return self.one(str(added.lastrowid))

    def change(self, id: str, body: Mapping[str, object], *, v1: bool) -> Webhook:
        """The webhook as it is with what `body` says; what it leaves out stays. Raises Refusal."""
        before = self.one(id)
        url, flags = _read(body, before.flags, needs_url=False)
        with self._state.writing() as db:
            self._check_url(db, url, before.id)
            db.execute(
                "UPDATE webhook SET url = ?, flags = ?, v1 = ?, disabled_at = ?, disabled_reason = '', "
                "failing = 0 WHERE id = ?",
                (
                    url or before.url,
                    json.dumps(flags),
                    v1,
                    0 if flags["enabled"] else before.disabled_ms or self._state.now_ms(),
                    before.id,
                ),
            )
        return self.one(id)

    def remove(self, id: str) -> Webhook:
        """Takes it away; raises Refusal where it is not there."""
        gone = self.one(id)
        with self._state.writing() as db:
            db.execute("DELETE FROM webhook WHERE id = ?", (gone.id,))
        return gone

    def tell(self, id: int, *, taken: bool, given_up: bool) -> None:
        """Notes how a try ended; one that is given up switches the webhook off."""
        with self._state.writing() as db:
            db.execute(
                "UPDATE webhook SET taken = taken + ?, failed = failed + ?, failing = ? WHERE id = ?",
                (taken, not taken, not taken, id),
            )
            if given_up:
                db.execute(
                    "UPDATE webhook SET flags = json_set(flags, '$.enabled', json('false')), "
                    "disabled_at = ?, disabled_reason = ? WHERE id = ?",
                    (self._state.now_ms(), _GIVEN_UP, id),
                )

    @property
    def _db(self) -> sqlite3.Connection:
        return self._state.connection

    def _check_url(self, db: sqlite3.Connection, url: str, own: int) -> None:
        if url and db.execute("SELECT 1 FROM webhook WHERE url = ? AND id != ?", (url, own)).fetchone():
            raise Refusal(403, "A webhook with this URL exists already.")


class WebhookAnswers:
    """The answers under /account/webhook."""

    def __init__(self, state: State) -> None:
        self._webhooks = SendPostWebhooks(state)

    def asked(self) -> list[tuple[str, str, Callable[[Request], Awaitable[object]]]]:
        return [
            ("GET", "/account/webhook", self._list),
            ("POST", "/account/webhook", self._add),
            ("GET", "/account/webhook/{id}", self._one),
            ("PUT", "/account/webhook/{id}", self._change),
            ("DELETE", "/account/webhook/{id}", self._remove),
        ]

    async def _list(self, request: Request) -> object:
        """`GET /account/webhook`, documented; oldest first."""
        limit, offset = page(request)
        found = self._webhooks.all(request.query_params.get("search", "").strip())[offset : offset + limit]
        return [it.as_json(v1=is_v1(request), listed=True) for it in found]

    async def _one(self, request: Request) -> object:
        """`GET /account/webhook/{id}`, documented."""
        return self._webhooks.one(request.path_params["id"]).as_json(v1=is_v1(request))

    async def _add(self, request: Request) -> object:
        """`POST /account/webhook`, documented; 200 in the older contract."""
        v1 = is_v1(request)
        made = self._webhooks.add(await json_body(request), v1=v1)
        return reply(request, made.as_json(v1=v1), 201 if v1 else 200)

    async def _change(self, request: Request) -> object:
        """`PUT /account/webhook/{id}`, documented; what the body leaves out stays as it is."""
        v1, body = is_v1(request), await json_body(request)
        return self._webhooks.change(request.path_params["id"], body, v1=v1).as_json(v1=v1)

    async def _remove(self, request: Request) -> object:
        """`DELETE /account/webhook/{id}`, documented."""
        gone = self._webhooks.remove(request.path_params["id"])
        return {"id": gone.id, "message": "Webhook was deleted successfully."}


def _webhook(row: tuple[object, ...]) -> Webhook:
    found = Webhook._make(row)
    flags = {**FLAGS, **json.loads(str(found.flags))}
    return found._replace(flags=flags, v1=bool(found.v1), failing=bool(found.failing))


def _read(
    body: Mapping[str, object], before: Mapping[str, bool], *, needs_url: bool
) -> tuple[str, dict[str, bool]]:
    """The URL, empty where none is given, and every flag; raises Refusal with all that is wrong."""
    problems = [
        Problem(name, f"{name} must be true or false")
        for name in FLAGS
        if body.get(name) is not None and not isinstance(body[name], bool)
    ]
    url = text_of(body.get("url")).strip()
    if (body.get("url") is not None or needs_url) and (problem := _url_problem(url)):
        problems.insert(0, Problem("url", problem))
    if problems:
        raise Refusal(422, problems[0].message, problems)
    given = {name: value for name in FLAGS if isinstance(value := body.get(name), bool)}
    return url, {**before, **given}


def _url_problem(url: str) -> str:
    """What is wrong with a URL; it must be HTTPS and public, or plain HTTP to this computer."""
    if not url:
        return "url is required"
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        return f"url must be of at most {URL_LIMIT} printable ASCII characters"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "url is not valid"
    if parts.scheme == "http" and is_loopback(host):
        return ""
    if parts.scheme != "https" or not host or is_loopback(host):
        return "url must be HTTPS and public"
    return ""
