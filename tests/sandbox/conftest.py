"""A sandbox on a socket for every test, and somebody to talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from turbodesk.sandbox.server import SandboxServer

from .described import AsDescribed

V1_SEND, V2_SEND = "/api/mail/send", "/api/v2/mail/send"
NOON = 1_900_000_000.0


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class Caller:
    """One client of a sandbox: its sign-in, its sends, its questions."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.at = server.endpoints
        self.http = httpx.Client(
            base_url=self.at.dashboard_url,
            headers={"X-Sandbox-Token": self.at.control_token},
            event_hooks={"response": [AsDescribed()]},
            trust_env=False,
            timeout=20,
        )
        self._token = ""

    @property
    def secrets(self) -> dict[str, str]:
        return {"authuser": self.at.user, "authpass": self.at.password}

    def sign_in(self, **more: object) -> str:
        body = {"email": self.at.user, "password": self.at.password, **more}
        token: str = self.http.post("/api/authorize", json=body).json()["auth"]
        return token

    def get(self, path: str, **parameters: object) -> httpx.Response:
        self._token = self._token or self.sign_in(no_expire="1")
        return self.http.get(path, params=parameters, headers={"Authorization": self._token})

    def call(self, method: str, path: str, **parameters: object) -> httpx.Response:
        self._token = self._token or self.sign_in(no_expire="1")
        return self.http.request(method, path, params=parameters, headers={"Authorization": self._token})

    def send(self, to: str = "ok@example.com", path: str = V2_SEND, **fields: object) -> httpx.Response:
        message = {"from": "me@example.com", "to": to, "subject": "Hi", "content": "Hello", **self.secrets}
        return self.http.post(path, json={**message, **fields})

    def caught(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.http.get("/sandbox/messages").json()["messages"]
        return messages

    def show(self, id: str = "") -> dict[str, Any]:
        message: dict[str, Any] = self.http.get(f"/sandbox/messages/{id or self.caught()[0]['id']}").json()
        return message

    def fault(self, kind: str, **more: object) -> None:
        answer = self.http.put("/sandbox/faults", json={"faults": [{"kind": kind, **more}]})
        assert answer.status_code == 200, answer.text


Opener = Callable[..., AbstractContextManager[Caller]]


@contextmanager
def _open(data: Path | None = None, *, history_rows: int | None = 0, **more: Any) -> Iterator[Caller]:
    with SandboxServer(data, history_rows=history_rows, **more) as server:
        caller = Caller(server)
        with caller.http:
            yield caller


@pytest.fixture
def opened() -> Opener:
    """Starts a sandbox of one's own."""
    return _open


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running() -> Iterator[Caller]:
    with _open() as caller:
        yield caller


@pytest.fixture
def sandbox(running: Caller) -> Caller:
    """An empty sandbox, shared by the tests of a module."""
    running.http.post("/sandbox/reset")
    return running
