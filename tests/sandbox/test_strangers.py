"""Strangers who know the descriptions and nothing else: whatever they ask, they are answered as described."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from turbodesk.sandbox.openapi.served import described

from .conftest import Caller, Clock, Opener
from .v2_caller import V2Caller

SEED = 20300317
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance", "response_headers_conformance", "ignored_auth", "use_after_free",
    "ensure_resource_availability",
)  # fmt: skip

_ALERT: dict[str, object] = {"email": "ann@example.com", "percentage": 80}
_SUB_ACCOUNT: dict[str, object] = {
    "email": "new{}@example.com", "password": "Sandbox2030", "confirm_password": "Sandbox2030",
    "first_name": "Ann", "last_name": "Other", "ip": "203.0.113.31", "policy_agree": True,
}  # fmt: skip

Headers = dict[str, str]


@dataclass(frozen=True)
class Api:
    """One API: where its description is, under what its paths stand, how to sign in, how to sign out."""

    base: str
    prefix: str
    keys: Callable[[Caller], Headers]
    sign_out: str = ""


def v1_keys(caller: Caller) -> Headers:
    return {"Authorization": caller.sign_in(no_expire="1"), **caller.secrets}


def v2_keys(caller: Caller) -> Headers:
    v2 = V2Caller(caller)
    return {**v2.sign_in(no_expire=True), **v2.keys}


def sendpost_keys(caller: Caller) -> Headers:
    at = caller.at.sendpost
    return {"X-Account-ApiKey": at.account_key, "X-SubAccount-ApiKey": at.subaccount_key}


APIS = {
    "turbosmtp_v1": Api("/api", "", v1_keys, "/api/deauthorize"),
    "turbosmtp_v2": Api("/api/v2", "/api/v2", v2_keys, "/deauthorize"),
    "sendpost": Api("/api/v1", "/api/v1", sendpost_keys),
}


class Strangers:
    """schemathesis in a process of its own, whose working directory is `here`."""

    def __init__(self, caller: Caller, api: Api, here: Path) -> None:
        self._caller, self._api, self._here = caller, api, here
        self._keys = api.keys(caller)
        known = (Path(__file__).parent / "strangers.toml").read_text("utf-8")
        made = {
            "ids": self._send_some(),
            "lists": self._upload_some(),
            "alerts": self._post_some(10, "/api/v2/tools/alerts", _ALERT),
            "subaccounts": self._post_some(1, "/api/v2/subaccounts", _SUB_ACCOUNT),
            "webhook": self._post_some(
                10, "/api/v1/account/webhook", {"url": "https://hooks.example.com/{}"}
            ),
        }
        tables = [f"[dictionaries.{name}]\nvalues = {json.dumps(ids)}\n" for name, ids in made.items()]
        (here / "schemathesis.toml").write_text("\n".join([known, *tables]), "utf-8")

    def _send_some(self) -> list[str]:
        """Messages with everything they can have; their ids as either service knows them."""
        picture = {"content": "R0lGODlhAQABAAAAACw=", "name": "dot.gif", "type": "image/gif"}
        turbosmtp = self._caller.send(
            "ann@example.com, open@example.net", html_content="<p>Hello</p>", attachments=[picture]
        )
        words = ("ann", "open", "click", "hardbounce", "softbounce", "unsub", "spam")
        letter = {
            "from": {"email": "me@example.com", "name": "Me"},
            "replyTo": {"email": "desk@example.com", "name": "Desk"},
            "to": [
                {
                    "email": f"{word}@example.com",
                    "customFields": {"order": {"number": 7}},
                    "cc": [{"email": "copy@example.com"}],
                    "bcc": [{"email": "blind@example.com"}],
                }
                for word in words
            ],
            "subject": "Your order {{order.number}}",
            "htmlBody": "<p>Hello</p>",
            "groups": ["spring"],
            "attachments": [{"filename": "dot.gif", "content": picture["content"]}],
        }
        keys = sendpost_keys(self._caller)
        sendpost = self._caller.http.post("/api/v1/subaccount/email/", json=letter, headers=keys)
        return [str(turbosmtp.json()["mid"]), *(one["messageId"] for one in sendpost.json())]

    def _upload_some(self) -> list[str]:
        """Lists to validate, more than are taken away at random; their ids."""
        keys = V2Caller(self._caller).keys
        files = {"file": ("list.txt", b"ann@example.com\nno address\n")}
        answers = [
            self._caller.http.post("/api/v2/emailvalidation/upload", files=files, headers=keys)
            for _ in range(10)
        ]
        return [str(answer.json()["list_id"]) for answer in answers]

    def _post_some(self, count: int, path: str, body: dict[str, object]) -> list[str]:
        """Things of which each needs a name of its own; their ids."""
        keys = {**V2Caller(self._caller).keys, **sendpost_keys(self._caller)}
        found = []
        for number in range(count):
            own = {name: it.format(number) if isinstance(it, str) else it for name, it in body.items()}
            answer = self._caller.http.post(path, json=own, headers=keys).json()
            found.append(str(answer.get("id") or answer["subaccount_id"]))
        return found

    def ask(self, *options: str) -> None:
        """Asks as `options` say; fails with what was answered otherwise than described."""
        command = [
            sys.executable, "-m", "schemathesis.cli", "run",
            f"{self._caller.at.dashboard_url}{self._api.base}/openapi.json", "--checks", ",".join(CHECKS),
            "--seed", str(SEED), "--continue-on-failure", "--no-color", "--generation-database", "none",
            *options,
        ]  # fmt: skip
        for name, value in self._keys.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run(command, cwd=self._here, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"


@pytest.mark.prove
@pytest.mark.parametrize("name", APIS)
def test_whatever_is_asked_is_answered_as_described(
    opened: Opener, tmp_path: Path, clock: Clock, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "turbodesk.sandbox.server")
    api = APIS[name]
    with opened(history_rows=500, clock=clock) as caller:
        strangers = Strangers(caller, api, tmp_path)
        strangers.ask("--max-time", "30", *(["--exclude-path", api.sign_out] if api.sign_out else []))

    asked = Counter(one for record in caplog.records if (one := operation_of(name, record.getMessage())))
    assert asked.total() > 50
    good = {operation for operation, status in asked if status < 300}
    # Where the machine is busy there is no time for all of them; some want luck besides.
    never = {one for one in operations(name) if one[1] != api.sign_out} - good
    assert len(never) <= len(operations(name)) // 2, never
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


@pytest.mark.prove
@pytest.mark.parametrize("name", [name for name, api in APIS.items() if api.sign_out])
def test_signing_out_is_answered_as_described(
    opened: Opener, tmp_path: Path, clock: Clock, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "turbodesk.sandbox.server")
    api = APIS[name]
    with opened(clock=clock) as caller:
        Strangers(caller, api, tmp_path).ask(
            "--include-path", api.sign_out, "--max-examples", "20", "--phases", "coverage,fuzzing"
        )

    asked = {operation_of(name, record.getMessage()) for record in caplog.records}
    assert {((("POST", api.sign_out)), status) for status in (200, 401)} <= asked


Asked = tuple[tuple[str, str], int]


def operations(name: str) -> list[tuple[str, str]]:
    """Method and path of each, those with the fewest parameters first."""
    paths = described(name)["paths"]
    assert isinstance(paths, dict)
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return sorted(found, key=lambda one: one[1].count("{"))


def operation_of(name: str, line: str) -> Asked | None:
    """What a line of the sandbox's log says was asked of this API, and with which status it ended."""
    said = re.fullmatch(r"(\w+) (.*) (\d{3})", line, re.DOTALL)
    if said is None:
        return None
    method, path, status = said.groups()
    path = path.removeprefix(APIS[name].prefix).replace("***", "***/***")  # two secrets, masked as one
    for operation in operations(name):
        if operation[0] == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", operation[1]), path):
            return operation, int(status)
    return None
