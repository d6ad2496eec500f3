"""turboSMTP's first API: sign-in, the three ways to send, account, plans, sub-accounts and tracking tools."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox.post import Post
from turbodesk.sandbox.send import BETA, V1, V2, Dialect, Refused, read_send
from turbodesk.sandbox.state import TOOLS, USER, Standing, State
from turbodesk.sandbox.tables import moment_ms
from turbodesk.sandbox.turbosmtp_v1_lists import Lists, timestamp
from turbodesk.sandbox.wire import (
    Answer,
    HangUp,
    NoSuchThing,
    NotValid,
    Unreadable,
    fields_of,
    is_form,
    requests_under_way,
    text_of,
)

Handler = Callable[[Request], Awaitable[Response]]

SLOW_S = 2.0
RETRY_AFTER_S = 2
_ACCOUNT_ID = 18_897_904
_IP = 3_405_803_801  # 203.0.113.25, big-endian
_SUB_ACCOUNTS = (
    ("shop@example.com", True, "203.0.113.31", 18_240, 40_000, 5),
    ("newsletter@example.org", True, "203.0.113.32", 48_610, 50_000, 4),
    ("billing@example.com", True, "203.0.113.33", 3_907, -1, 5),
    ("events@example.net", True, "198.51.100.14", 7_455, 10_000, 3),
    ("workshop@example.com", True, "198.51.100.15", 212, 5_000, 5),
    ("archive@example.org", False, "198.51.100.16", 0, 1_000, 2),
)


def numbered(code: int, message: str, status: int, *, member: str = "errorCode", details: str = "") -> Answer:
    """A numbered error; the number stands under `member`."""
    body: dict[str, object] = {member: code, "message": message}
    if details:
        body["details"] = details
    return Answer(body, status)


def no_such_resource() -> Answer:
    return numbered(4, "No such resource", 404)


def _no_key(method: str, path: str) -> Answer:
    details = f"No authorization key was specified for request: {method} {path}"
    return numbered(3, "Invalid authorization token", 401, details=details)


def _wrong(standing: Standing, user: str) -> Answer:
    says = (
        f"Account for  {user}  is inactive"
        if standing is Standing.INACTIVE
        else "Wrong credentials specified"
    )
    return numbered(3, says, 401, member="error")


class Intake:
    """Stores what arrives in one turn of the loop together: many sends, one transaction."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: list[tuple[Post, asyncio.Future[int | None]]] = []

    async def store(self, post: Post, *, alone: bool) -> int | None:
        """The id it was given once it is on file; None: there is no credit left.

        `alone`: no other request is under way that might be worth waiting for.
        """
        if alone:
            return self._state.accept([post])[0]
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[int | None] = loop.create_future()
        self._waiting.append((post, stored))
        if len(self._waiting) == 1:
            loop.call_soon(self._flush)
        return await stored

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            ids = self._state.accept([post for post, _ in batch])
        except Exception as error:
            for _, stored in batch:
                if not stored.done():
                    stored.set_exception(error)
            return
        for (_, stored), id in zip(batch, ids, strict=True):
            if not stored.done():
                stored.set_result(id)


class TurboSmtpV1:
    """The answers of the dashboard host and of the send host, over one State."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._intake = Intake(state)

    def routes(self) -> list[Route]:
        lists = Lists(self._state)
        reports, stats = "/web/api/reports/{type}", "/api/stats"
        asked: list[tuple[str, str, Handler]] = [  # what is asked for most comes first
            ("GET", f"{stats}/panes/emails", lists.emails),
            ("GET", f"{reports}/all", lists.all_reports),
            ("GET", f"{reports}", lists.reports),
            ("GET", "/api", self._probe),
            ("GET", "/api/account/type", self._account_type),
            ("GET", "/api/user/info", self._user_info),
            ("GET", "/api/plans", self._plans),
            ("GET", "/api/useraccounts/summary", self._sub_accounts),
            ("GET", "/api/tools/{tool}", self._tool),
            ("GET", "/api/tools/{tool}/{action}", self._switch),
            ("PUT", "/api/tools/{tool}/{action}", self._switch),
            ("DELETE", "/web/api/reports/spam/all", lists.delete_spam),
            ("DELETE", f"{reports}", lists.delete_reports),
            ("GET", f"{reports}/count", lists.count_reports),
            ("GET", f"{reports}/csv", lists.export_reports),
            ("GET", f"{reports}/all/count", lists.count_all_reports),
            ("GET", f"{reports}/all/csv", lists.export_all_reports),
            ("GET", f"{stats}/panes/emails/count", lists.count_emails),
            ("GET", f"{stats}/email-feed-last/{{no}}", lists.last_emails),
            ("GET", f"{stats}/emails/csv", lists.export_emails),
        ]
        return [
            Route("/api/v2/mail/send", self._send_v2, methods=["POST"]),
            Route("/api/mail/send", self._send_v1, methods=["POST"]),
            Route("/api/authorize", self._authorize, methods=["POST"]),
            Route("/api/authorize/{email}/{password:path}", self._authorize_by_path, methods=["GET"]),
            Route("/api/deauthorize", self._deauthorize, methods=["POST"]),
            *(Route(path, self._signed_in(handler), methods=[method]) for method, path, handler in asked),
        ]

    # signing in

    async def _authorize(self, request: Request) -> Response:
        try:
            fields = await fields_of(request)
        except Unreadable:
            fields = {}
        email, password = text_of(fields.get("email")), text_of(fields.get("password"))
        return self._token(email, password, forever=fields.get("no_expire") in ("1", 1, True, "true"))

    async def _authorize_by_path(self, request: Request) -> Response:
        return self._token(request.path_params["email"], request.path_params["password"], forever=False)

    def _token(self, email: str, password: str, *, forever: bool) -> Answer:
        match self._state.standing(email, password):
            case Standing.GOOD:
                return Answer({"auth": self._state.issue_token(forever=forever)})
            case Standing.INACTIVE:
                return numbered(2, f"Account for  {email}  is inactive", 401)
            case _:
                return numbered(1, "Wrong credentials specified", 401)

    async def _deauthorize(self, request: Request) -> Response:
        token = _token_of(request)
        if not token:
            return numbered(8, "No authorization key was specified for request", 401)
        if not self._state.revoke_token(token):
            return numbered(9, "This authorization token doesn't exist.", 401)
        return Answer({"message": "Token deauthorized"})

    def _signed_in(self, handler: Handler) -> Handler:
        async def endpoint(request: Request) -> Response:
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
            try:
                return await handler(request)
            except NoSuchThing:
                return no_such_resource()
            except NotValid as parameter:
                return Answer({"message": "error", "errors": [f"parameter '{parameter}' not valid"]}, 400)

        return endpoint

    def _refusal(self, request: Request) -> Answer | None:
        """None where the token, or the name and password in the query, are good."""
        token = _token_of(request)
        if token and self._state.token_good(token):
            return None
        user, password = request.query_params.get("authuser"), request.query_params.get("authpass")
        if user is not None and password is not None:
            standing = self._state.standing(user, password)
            return None if standing is Standing.GOOD else _wrong(standing, user)
        if token:
            return numbered(3, "Invalid authorization token", 401)
        return _no_key(request.method, request.url.path)

    # sending

    async def _send_v2(self, request: Request) -> Response:
        return await self._send(request, V2)

    async def _send_v1(self, request: Request) -> Response:
        return await self._send(request, BETA if is_form(request) else V1)

    async def _send(self, request: Request, dialect: Dialect) -> Response:
        try:
            fields, readable = await fields_of(request), True
        except Unreadable:
            fields, readable = {}, False
        refusal = self._send_refusal(request, fields, dialect)
        if refusal is not None:
            return refusal
        if not readable:
            return Answer({"message": "error", "errors": ["request body is not valid"]}, 400)
        try:
            post = read_send(fields, dialect)
        except Refused as refused:
            return Answer({"message": "error", "errors": refused.errors}, 400)
        return await self._take(request, post, dialect)

    def _send_refusal(self, request: Request, fields: dict[str, object], dialect: Dialect) -> Answer | None:
        """Name and password travel with the send; the dashboard's token is no good here."""
        user, password = (
            self._credential(request, fields, dialect, name) for name in ("authuser", "authpass")
        )
        if not user and not password:
            return _no_key("POST", "/api/mail/send")
        standing = self._state.standing(user, password)
        return None if standing is Standing.GOOD else _wrong(standing, user)

    def _credential(self, request: Request, fields: dict[str, object], dialect: Dialect, name: str) -> str:
        query = request.query_params.get(name, "") if dialect.credentials_in_query else ""
        return text_of(fields.get(name)) or request.headers.get(name, "") or query

    async def _take(self, request: Request, post: Post, dialect: Dialect) -> Response:
        """Stores `post`, unless a scenario address forbids it, and answers as the addresses want it."""
        parts = {to.email.partition("@")[0].lower() for to in post.recipients}
        if "error500" in parts:
            return numbered(5, "An error occurred on the server", 500)
        if "ratelimit" in parts:
            retry_after = {"Retry-After": str(RETRY_AFTER_S)}
            return Answer({"message": "error", "errors": ["too many requests"]}, 429, retry_after)
        mid = await self._intake.store(post, alone=requests_under_way(request.scope) == 1)
        if mid is None:
            no_credit = {"message": "error", "errors": "nocredit"}
            return Answer({"message": "error", "errors": no_credit}, 400)
        if "drop" in parts:
            return HangUp()
        if "slow" in parts:
            await asyncio.sleep(SLOW_S)
        return Answer({"message": "OK", "mid": mid} if dialect.mid else {"message": "OK"})

    # account and tools

    async def _probe(self, request: Request) -> Response:
        return Answer({"message": "OK"})

    async def _account_type(self, request: Request) -> Response:
        return Answer({"type": "paid"})

    async def _user_info(self, request: Request) -> Response:
        return Answer(
            {
                "passwd": "",
                "active": True,
                "email": USER,
                "gateway": "q1",
                "ip": _IP,
                "accountid": _ACCOUNT_ID,
                "id": _ACCOUNT_ID,
                "parentid": None,
                "domain": "example.com",
                "companyName": "Example Outdoor",
                "country": "IT",
                "timezone": "Europe/Rome",
                "lang": "en",
            }
        )

    async def _plans(self, request: Request) -> Response:
        """A monthly plan in use, counted from the first of the month, and the daily trial before it."""
        now = datetime.fromtimestamp(self._state.now(), UTC)
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        last = self._state.last_emails(1)
        used = timestamp(moment_ms(last[0].id)) if last else timestamp(int(month.timestamp() * 1000))
        trial_ms = int(month.timestamp() * 1000) - 200 * 86_400_000
        monthly = {
            "id": 2,
            "accountID": _ACCOUNT_ID,
            "smtp_limit": self._state.plan_limit(),
            "smtp_limit_interval": "Monthly",
            "plan_expiration": f"{month.year + 1}-{month.month:02}-01T00:00:00.000Z",
            "smtp_count": self._state.sent_since(int(month.timestamp() * 1000)),
            "last_used": used,
            "parentid": None,
            "expired": 0,
            "active": True,
        }
        trial = {
            "id": 1,
            "accountID": _ACCOUNT_ID,
            "smtp_limit": 200,
            "smtp_limit_interval": "Daily",
            "plan_expiration": timestamp(trial_ms),
            "smtp_count": 0,
            "last_used": timestamp(trial_ms - 86_400_000),
            "parentid": None,
            "expired": 1,
            "active": False,
        }
        return Answer([monthly, trial])

    async def _sub_accounts(self, request: Request) -> Response:
        names = ("email", "active", "ip", "sent", "limit", "reputation")
        rows = enumerate(_SUB_ACCOUNTS, _ACCOUNT_ID + 1)
        return Answer([{"id": id, **dict(zip(names, row, strict=True))} for id, row in rows])

    async def _tool(self, request: Request) -> Response:
        tool = request.path_params["tool"]
        return self._tool_answer(tool) if tool in TOOLS else no_such_resource()

    async def _switch(self, request: Request) -> Response:
        tool, action = request.path_params["tool"], request.path_params["action"]
        if tool not in TOOLS or action not in ("enable", "disable"):
            return no_such_resource()
        self._state.switch_tool(tool, enabled=action == "enable")
        return self._tool_answer(tool)

    def _tool_answer(self, tool: str) -> Answer:
        enabled = self._state.tool_enabled(tool)
        settings: list[dict[str, object]] = []
        if tool == "clickTracking":
            settings = [
                {"key": "clicktracking", "value": enabled},
                {"key": "clicktracking_plaintext", "value": False},
            ]
        return Answer(
            {"id": tool, "forced": False, "requiredSettings": [], "enabled": enabled, "settings": settings}
        )


def _token_of(request: Request) -> str:
    """The token in the header, or in either name of the cookie."""
    cookies = request.cookies
    return (
        request.headers.get("authorization", "")
        or cookies.get("Authorization", "")
        or cookies.get("authorizationKey", "")
    )
