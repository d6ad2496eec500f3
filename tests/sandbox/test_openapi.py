"""The descriptions of the sandbox's APIs say what is there: no route more, no route less."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import httpx
import pytest
from jsonschema_rs import Draft202012Validator
from starlette.routing import BaseRoute, Route

from turbodesk.sandbox.openapi.served import described
from turbodesk.sandbox.sendpost import SendPost
from turbodesk.sandbox.state import State
from turbodesk.sandbox.turbosmtp_send import Sending
from turbodesk.sandbox.turbosmtp_v1 import TurboSmtpV1
from turbodesk.sandbox.turbosmtp_v2 import TurboSmtpV2

from .conftest import Caller
from .described import AsDescribed

BASES = {"turbosmtp_v1": "", "turbosmtp_v2": "/api/v2", "sendpost": "/api/v1"}
SERVED = {"turbosmtp_v1": "/api", "turbosmtp_v2": "/api/v2", "sendpost": "/api/v1"}
APIS = pytest.mark.parametrize("api", BASES)


def routed() -> dict[str, set[tuple[str, str]]]:
    """Method and path of every route, by the API that it belongs to."""
    state = State(history_rows=0)
    sends = asked(Sending(state).routes())
    v2_sends = {(method, path) for method, path in sends if path.startswith("/api/v2/")}
    return {
        "turbosmtp_v1": asked(TurboSmtpV1(state).routes()) | sends - v2_sends,
        "turbosmtp_v2": asked(TurboSmtpV2(state).routes()) | v2_sends,
        "sendpost": asked(SendPost(state).routes()),
    }


def asked(routes: Iterable[BaseRoute]) -> set[tuple[str, str]]:
    """Without those that stand for whatever there is not, and without HEAD, which is a GET."""
    return {
        (method, route.path_format)
        for route in routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }


@APIS
def test_every_route_is_described_and_every_description_is_routed(api: str) -> None:
    paths = described(api)["paths"]
    assert isinstance(paths, dict)
    told = {(method.upper(), BASES[api] + path) for path, methods in paths.items() for method in methods}

    assert told == routed()[api]


@APIS
def test_each_is_served_beneath_its_api_to_anybody(running: Caller, api: str) -> None:
    answer = running.http.get(f"{SERVED[api]}/openapi.json")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == described(api)
    assert answer.json()["servers"] == [{"url": BASES[api] or "/"}]


@APIS
def test_what_a_document_says_of_shapes_is_json_schema(api: str) -> None:
    def shapes(told: object) -> Iterable[object]:
        if isinstance(told, dict):
            if "schema" in told:
                yield told["schema"]
            for value in told.values():
                yield from shapes(value)
        elif isinstance(told, list):
            for value in told:
                yield from shapes(value)

    found = list(shapes(described(api)))
    assert len(found) > 50
    for shape in found:
        Draft202012Validator(shape)


def test_nobody_waits_for_what_hardly_anybody_asks_for() -> None:
    code = (
        "import sys, turbodesk.sandbox.server\n"
        "print([name for name in sys.modules if name.startswith('turbodesk.sandbox.openapi.')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "['turbodesk.sandbox.openapi.served']"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/user/info", 418, "{}"),
        ("/api/account/type", 200, '{"type": "golden"}'),
        ("/api/v2/user/config", 200, '{"email": "me@example.com"}'),
        ("/api/v2/analytics/1", 404, '{"message": "never_heard_of"}'),
        ("/api/v2/user/config/", 200, '{"email": "me@example.com", "account_type": "paid", "more": 1}'),
        ("/api/v1/account/stat", 200, '[{"date": "2026-01-31", "stat": {}}]'),
    ],
)
def test_an_answer_that_is_not_described_fails_any_test(path: str, status: int, body: str) -> None:
    request = httpx.Request("GET", f"http://127.0.0.1{path}")
    answer = httpx.Response(
        status, request=request, content=body, headers={"Content-Type": "application/json"}
    )
    with pytest.raises(AssertionError, match="described"):
        AsDescribed()(answer)


def test_every_answer_that_the_tests_of_the_sandbox_get_is_looked_at(running: Caller) -> None:
    (look,) = running.http.event_hooks["response"]
    assert isinstance(look, AsDescribed)
