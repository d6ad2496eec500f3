"""A client of turboSMTP's API v2, for the tests of its sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from turbodesk.sandbox.server import SandboxServer

from .conftest import Caller

EVER = {"from": "2000-01-01", "to": "2090-12-31"}
API = "/api/v2"


class V2Caller:
    """Asks with the key pair that may do everything, unless it is told other headers."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.http = caller.http
        at = caller.at.turbosmtp_v2
        self.keys = {"consumerKey": at.consumer_key, "consumerSecret": at.consumer_secret}

    def call(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        headers = self.keys if headers is None else headers
        return self.http.request(method, API + path, headers=headers, **more)

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.call("GET", path, params=parameters)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.call("POST", path, json=body)

    def sign_in(self, **more: object) -> dict[str, str]:
        body = {"email": self.caller.at.user, "password": self.caller.at.password, **more}
        return {"Authorization": self.post("/authorize", body).json()["auth"]}

    def send(self, to: str = "ok@example.com", **fields: object) -> httpx.Response:
        message = {"from": "me@example.com", "to": to, "subject": "Hi", "content": "Hello"}
        return self.post("/mail/send", {**message, **fields})

    def found(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a list of `limit` 1000, of all time."""
        answer = self.get(path, **{**EVER, "limit": 1000, **parameters})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["results"]
        return rows


def said(answer: httpx.Response) -> tuple[int, object]:
    """The status, and the one member that an answer has."""
    assert list(answer.json()) == ["message"]
    return answer.status_code, answer.json()["message"]


@contextmanager
def v2_sandbox(data: Path | None = None, **more: Any) -> Iterator[V2Caller]:
    with SandboxServer(data, **{"history_rows": 0, **more}) as server:
        caller = Caller(server)
        with caller.http:
            yield V2Caller(caller)
