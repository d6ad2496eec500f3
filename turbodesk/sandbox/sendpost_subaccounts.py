"""SendPost's sub-accounts: listed with their keys, made, renamed, taken away."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from starlette.requests import Request

from turbodesk.sandbox.sendpost_account import SUBACCOUNTS, SubAccount
from turbodesk.sandbox.sendpost_wire import Problem, Refusal, is_v1, json_body, reply, searched
from turbodesk.sandbox.state import State
from turbodesk.sandbox.wire import text_of

MOST = 100  # sub-accounts of one account
NAME_LIMIT = 100  # characters
_KEY_SIZE = 24  # bytes


class SubAccounts:
    """The sub-accounts in one State, those of every process on its file. A row of the table outranks the
    seeded one of its id, and may say that it is gone."""

    def __init__(self, state: State) -> None:
        self._state = state

    def all(self) -> list[SubAccount]:
        """Oldest first."""
        return _all(self._state.connection)

    def one(self, id: str) -> SubAccount:
        """The sub-account with this id; raises Refusal."""
        return _one(self.all(), id)

    def of_key(self, key: str) -> SubAccount | None:
        """Whose key it is, None where it is nobody's."""
        return next((it for it in self.all() if it.key == key), None)

    def add(self, body: Mapping[str, object]) -> SubAccount:
        """A new one, with a key and without a domain; raises Refusal."""
        name = _name(body)
        with self._state.writing() as db:
            there = _all(db)
            _check_free(there, name)
            if len(there) >= MOST:
                raise Refusal(403, f"An account has no more than {MOST} sub-accounts.")
            added = db.execute(
                "INSERT INTO sendpost_sub_account(name, key, made) VALUES (?, ?, ?)",
                (name, secrets.token_urlsafe(_KEY_SIZE), self._state.now_ms()),
            )
        return self.one(str(added.lastrowid))

    def rename(self, id: str, body: Mapping[str, object]) -> SubAccount:
        """The sub-account under its new name; raises Refusal."""
        self.one(id)  # what is not there is said before what is wrong with the body
        name = _name(body)
        with self._state.writing() as db:
            there = _all(db)
            before = _one(there, id)
            _check_free([it for it in there if it.id != before.id], name)
            _keep(db, replace(before, name=name))
        return self.one(id)

    def remove(self, id: str) -> SubAccount:
        """Takes it away with its key; raises Refusal, also for the default one, which stays."""
        with self._state.writing() as db:
            found = _one(_all(db), id)
            if found.is_default:
                raise Refusal(406, "The default sub-account cannot be deleted.")
            _keep(db, found, gone=True)
        return found


def _all(db: sqlite3.Connection) -> list[SubAccount]:
    found = {it.id: it for it in SUBACCOUNTS}
    for id, name, key, made_ms, gone in db.execute(
        "SELECT id, name, key, made, gone FROM sendpost_sub_account ORDER BY id"
    ):
        seeded = found.pop(id, None)
        if not gone:
            found[id] = (
                replace(seeded, name=name) if seeded else SubAccount(id, name, key, (), made_ms=made_ms)
            )
    return sorted(found.values(), key=lambda it: it.id)


def _one(there: list[SubAccount], id: str) -> SubAccount:
    for it in there:
        if str(it.id) == id:
            return it
    raise Refusal(404, "There is no such sub-account.")


def _keep(db: sqlite3.Connection, sub: SubAccount, *, gone: bool = False) -> None:
    db.execute(
        "INSERT OR REPLACE INTO sendpost_sub_account VALUES (?, ?, ?, ?, ?)",
        (sub.id, sub.name, sub.key, sub.made_ms, gone),
    )


def _name(body: Mapping[str, object]) -> str:
    name = text_of(body.get("name")).strip()
    problem = ""
    if not name:
        problem = "name is required"
    elif len(name) > NAME_LIMIT:
        problem = f"name must be of at most {NAME_LIMIT} characters"
    if problem:
        raise Refusal(422, problem, [Problem("name", problem)])
    return name


def _check_free(there: list[SubAccount], name: str) -> None:
    if any(it.name.lower() == name.lower() for it in there):
        raise Refusal(403, "A sub-account with this name exists already.")


class SubAccountAnswers:
    """The answers under /account/subaccount."""

    def __init__(self, subs: SubAccounts) -> None:
        self._subs = subs

    def asked(self) -> list[tuple[str, str, Callable[[Request], Awaitable[object]]]]:
        return [
            ("GET", "/account/subaccount", self._list),
            ("POST", "/account/subaccount", self._add),
            ("GET", "/account/subaccount/{id}", self._one),
            ("PUT", "/account/subaccount/{id}", self._rename),
            ("DELETE", "/account/subaccount/{id}", self._remove),
        ]

    async def _list(self, request: Request) -> object:
        """`GET /account/subaccount/`, documented."""
        return [it.as_json(v1=is_v1(request)) for it in searched(request, self._subs.all())]

    async def _one(self, request: Request) -> object:
        """`GET /account/subaccount/{id}`, documented."""
        return self._subs.one(request.path_params["id"]).as_json(v1=is_v1(request))

    async def _add(self, request: Request) -> object:
        """`POST /account/subaccount/`, documented; 201 in either contract."""
        made = self._subs.add(await json_body(request))
        return reply(request, made.as_json(v1=is_v1(request)), 201)

    async def _rename(self, request: Request) -> object:
        """`PUT /account/subaccount/{id}`, documented."""
        body = await json_body(request)
        return self._subs.rename(request.path_params["id"], body).as_json(v1=is_v1(request))

    async def _remove(self, request: Request) -> object:
        """`DELETE /account/subaccount/{id}`, documented."""
        gone = self._subs.remove(request.path_params["id"])
        return {"id": gone.id, "message": "Sub-account was deleted successfully."}
