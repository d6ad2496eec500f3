"""A client of the sandbox that talks to SendPost, key by key and contract by contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from turbodesk.sandbox.sendpost_account import BLOCKED_KEY

from .conftest import Caller

TODAY = datetime.now(UTC).date()


class SendPostCaller:
    """Speaks the contract v1 unless told otherwise."""

    def __init__(self, sandbox: Caller, contract: str = "v1") -> None:
        self.sandbox = sandbox
        self.at = sandbox.at.sendpost
        self.contract = contract

    def ask(
        self, method: str, path: str, *, key: str | None = None, body: Any = None, **query: object
    ) -> httpx.Response:
        """`key` None: the right one of the kind that the path asks for; empty: none."""
        account = path.startswith("/account")
        chosen = (self.at.account_key if account else self.at.subaccount_key) if key is None else key
        headers = {"X-SendPost-Public-Contract": self.contract} if self.contract else {}
        if chosen:
            headers["X-Account-ApiKey" if account else "X-SubAccount-ApiKey"] = chosen
        url, content = f"{self.at.base_url}{path}", {} if body is None else {"json": body}
        return self.sandbox.http.request(method, url, params=query, headers=headers, **content)  # type: ignore[arg-type]

    def get(self, path: str, **query: object) -> Any:
        answer = self.ask("GET", path, **query)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, method: str, path: str, **more: Any) -> int:
        answer = self.ask(method, path, **more)
        assert answer.status_code >= 400, answer.text
        said = answer.json()
        assert said["error"]["message"] if self.contract == "v1" else said["status"] == "error"
        return answer.status_code

    def send(self, *to: str | dict[str, Any], **fields: Any) -> httpx.Response:
        message = {
            "from": {"email": "me@example.com", "name": "Me"},
            "to": [{"email": one} if isinstance(one, str) else one for one in to],
            "subject": "Hi",
            "textBody": "Hello",
        }
        return self.ask("POST", "/subaccount/email/", body={**message, **fields})

    def sent(self, *to: str | dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
        answer = self.send(*to, **fields)
        assert answer.status_code == 200, answer.text
        entries: list[dict[str, Any]] = answer.json()
        return entries

    def codes(self, *to: str | dict[str, Any], **fields: Any) -> list[int]:
        return [entry["errorCode"] for entry in self.sent(*to, **fields)]

    def suppressed(self, **query: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(
            "/subaccount/suppression", **{"from": TODAY - timedelta(1), "to": TODAY + timedelta(1), **query}
        )
        return found

    def today(self, path: str = "/account/stat/aggregate", **query: object) -> dict[str, int]:
        """The counters of today that are not 0."""
        found = self.get(path, **{"from": TODAY, "to": TODAY + timedelta(1), **query})
        return {name: count for name, count in found.items() if count}


BLOCKED = BLOCKED_KEY
