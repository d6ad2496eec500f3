"""How the sandbox is told to fail: statuses, nonsense, delay, cut connections."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from turbodesk.sandbox.failures import failure
from turbodesk.sandbox.sendpost_wire import CONTRACT_HEADER
from turbodesk.sandbox.turbosmtp_v2_analytics import as_described
from turbodesk.sandbox.wire import hang_up, transport_of

BEHAVIOURS = (
    "null_lists", "plain_stats", "old_stats", "partial_failure", "legacy_only", "v1_by_default", "hidden_off",
)  # fmt: skip
HTTP_KINDS = (
    "status", "html", "truncated", "close_before", "close_after", "delay", "drip", "broken_comma", "huge",
    "error_under_200", "expire_token", "redirect", "flat_errors", "nested_errors", "csv_comma", *BEHAVIOURS,
)  # fmt: skip
SMTP_KINDS = ("smtp_reply", "smtp_delay", "smtp_no_starttls", "smtp_cut_after_data")
SMTP_STEPS = ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END")
_KINDS = (*HTTP_KINDS, *SMTP_KINDS)
_HUGE_BYTES = 11_000_000
_HTML = "<!doctype html><html><title>Bad Gateway</title><body><h1>Bad Gateway</h1></body></html>"


class NotAFault(Exception):
    """A sentence that says what is wrong with a fault that was asked for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `match` is the beginning of a path, `method` a method; empty: any.

    Over SMTP `match` is one of SMTP_STEPS, where END is the end of a message's data. `times` is how often
    it still happens, 0 until it is taken away. `seconds` is how long a delay lasts, or the pause between
    two bytes of a drip.
    """

    kind: str
    match: str = ""
    method: str = ""
    status: int = 500
    seconds: float = 0.0
    retry_after: str | None = None
    times: int = 0

    def meets(self, method: str, path: str) -> bool:
        fits = f"{path}/".startswith(self.match) and self.method.upper() in ("", method)
        return fits and self.kind in HTTP_KINDS


def fault_of(given: object) -> Fault:
    """The fault that a JSON object asks for; raises NotAFault."""
    if not isinstance(given, dict):
        raise NotAFault("A fault is an object.")
    kind = given.get("kind")
    if kind not in _KINDS:
        raise NotAFault(f"kind is one of {', '.join(_KINDS)}.")
    retry_after = given.get("retry_after")
    fault = Fault(
        kind=kind,
        match=_text(given, "match"),
        method=_text(given, "method"),
        status=int(_number(given, "status", 451 if kind in SMTP_KINDS else 500)),
        seconds=_number(given, "seconds", 0.0),
        retry_after=None if retry_after is None else str(retry_after),
        times=int(_number(given, "times", 0)),
    )
    if not 200 <= fault.status <= 599:
        raise NotAFault("status is between 200 and 599.")
    if kind in SMTP_KINDS and fault.match not in ("", *SMTP_STEPS):
        raise NotAFault(f"match is one of {', '.join(SMTP_STEPS)}, or empty.")
    return fault


def _text(given: dict[str, object], name: str) -> str:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise NotAFault(f"{name} is a text.")
    return value or ""


def _number(given: dict[str, object], name: str, default: float) -> float:
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise NotAFault(f"{name} is a number from 0.")
    return value


class Faults:
    """The faults of one server; the first that meets a request, or a step of SMTP, happens."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def set(self, given: object) -> None:
        """Replaces them all; raises NotAFault and changes nothing then."""
        if not isinstance(given, list):
            raise NotAFault("faults is a list, in a JSON body (Content-Type: application/json).")
        self._faults = [fault_of(one) for one in given]

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(fault) for fault in self._faults]

    def take(self, method: str, path: str) -> Fault | None:
        return self._take(lambda fault: fault.meets(method, path))

    def take_smtp(self, step: str, *kinds: str) -> Fault | None:
        return self._take(lambda fault: fault.kind in kinds and fault.match in ("", step))

    def _take(self, meets: Callable[[Fault], bool]) -> Fault | None:
        for position, fault in enumerate(self._faults):
            if meets(fault):
                if fault.times == 1:
                    del self._faults[position]
                elif fault.times:
                    self._faults[position] = replace(fault, times=fault.times - 1)
                return fault
        return None


@dataclass(slots=True)
class _Recorded:
    """An answer that was not sent yet."""

    start: Message
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def replay(self, send: Send) -> None:
        names = {b"content-length", b"transfer-encoding"}
        headers = [(name, value) for name, value in self.start["headers"] if name.lower() not in names]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({**self.start, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class FaultyApp:
    """An app whose answers under /api and /web go wrong as `faults` says."""

    def __init__(self, app: ASGIApp, faults: Faults, expire_tokens: Callable[[], None]) -> None:
        self._app = app
        self._faults = faults
        self._expire_tokens = expire_tokens
        self._bent: dict[str, Callable[[_Recorded], None]] = {
            "broken_comma": _break_comma,
            "huge": _make_huge,
            "error_under_200": _say_200,
            "flat_errors": _flatten,
            "nested_errors": _nest,
            "csv_comma": _describe_csv,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        fault = self._faults.take(scope["method"], path) if path.startswith(("/api", "/web")) else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        match fault.kind:
            case "close_before":
                await hang_up(scope, receive)
            case "status" | "html" | "redirect":
                await _instead(fault, scope)(scope, receive, send)
            case "expire_token":
                self._expire_tokens()
                await self._app(scope, receive, send)
            case kind if kind in BEHAVIOURS:
                await self._app({**_without_contract(scope, kind), "behaviour": kind}, receive, send)
            case _:
                await self._after(fault, scope, receive, send)

    async def _after(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles the request, and then does something to its answer."""
        recorded = _Recorded({})
        await self._app(scope, receive, recorded.send)
        if not recorded.start:
            return  # a scenario address has closed the connection
        if fault.kind in self._bent:
            self._bent[fault.kind](recorded)
            await recorded.replay(send)
            return
        plays: dict[str, Callable[[], Awaitable[None]]] = {
            "close_after": lambda: hang_up(scope, receive),
            "truncated": lambda: _truncate(recorded, scope, receive),
            "delay": lambda: _delay(recorded, fault, send),
            "drip": lambda: _drip(recorded, fault, send),
        }
        await plays[fault.kind]()


def _without_contract(scope: Scope, kind: str) -> Scope:
    """SendPost's older generation does not know the header that asks for a contract."""
    if kind != "legacy_only":
        return scope
    contract = CONTRACT_HEADER.lower().encode()
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != contract]}


def _instead(fault: Fault, scope: Scope) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.kind == "html":
        return HTMLResponse(_HTML, fault.status, headers)
    if fault.kind == "redirect":
        host = next(value.decode("latin-1") for name, value in scope["headers"] if name == b"host")
        status = fault.status if 300 <= fault.status < 400 else 302
        return Response(status_code=status, headers={"Location": f"http://{host}/redirected"})
    return failure(Request(scope), fault.status, headers=headers)


async def _truncate(recorded: _Recorded, scope: Scope, receive: Receive) -> None:
    """Promises the whole body, sends half of it, closes."""
    transport = transport_of(scope)
    lines = [f"HTTP/1.1 {recorded.start['status']} OK", "content-type: application/json"]
    head = "\r\n".join([*lines, f"content-length: {len(recorded.body)}", "", ""]).encode()
    transport.write(head + recorded.body[: len(recorded.body) // 2])
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _delay(recorded: _Recorded, fault: Fault, send: Send) -> None:
    await asyncio.sleep(fault.seconds)
    await recorded.replay(send)


async def _drip(recorded: _Recorded, fault: Fault, send: Send) -> None:
    await send(recorded.start)
    for byte in recorded.body:
        await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await asyncio.sleep(fault.seconds)
    await send({"type": "http.response.body", "body": b""})


def _break_comma(recorded: _Recorded) -> None:
    recorded.body = re.sub(rb',(\s*"mid")', rb"\1", recorded.body)


def _make_huge(recorded: _Recorded) -> None:
    recorded.body = json.dumps({"message": "OK", "padding": "x" * _HUGE_BYTES}).encode()


def _say_200(recorded: _Recorded) -> None:
    recorded.start = {**recorded.start, "status": 200}


def _flatten(recorded: _Recorded) -> None:
    """Errors in one flat list, as the later generation writes them."""
    try:
        answer = json.loads(recorded.body)
    except ValueError:
        return
    if isinstance(answer, dict) and "errors" in answer:
        recorded.body = json.dumps({**answer, "errors": _flat(answer["errors"])}).encode()


def _nest(recorded: _Recorded) -> None:
    """Errors in one list more, or in an object where there is one, as the earlier generation writes them."""
    try:
        answer = json.loads(recorded.body)
    except ValueError:
        return
    if isinstance(answer, dict) and "errors" in answer:
        texts = _flat(answer["errors"])
        whole = texts[0] if texts in (["Invalid Mime"], ["nocredit"]) else None
        errors = {"message": "error", "errors": whole} if whole else [texts]
        recorded.body = json.dumps({**answer, "errors": errors}).encode()


def _describe_csv(recorded: _Recorded) -> None:
    recorded.body = as_described(recorded.body.decode()).encode()


def _flat(errors: object) -> list[object]:
    if isinstance(errors, dict):
        return _flat(errors.get("errors"))
    if isinstance(errors, list):
        return [text for error in errors for text in _flat(error)]
    return [errors]
