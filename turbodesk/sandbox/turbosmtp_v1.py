"""turboSMTP's first API: sign-in, account, plans, sub-accounts and tracking tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox.failures import failure
from turbodesk.sandbox.state import TOOLS, USER, Standing, State
from turbodesk.sandbox.tables import moment_ms
from turbodesk.sandbox.times import DAY_MS, timestamp
from turbodesk.sandbox.tokens import Tokens
from turbodesk.sandbox.turbosmtp_account import ACCOUNT_ID, IP, SubAccounts
from turbodesk.sandbox.turbosmtp_v1_lists import Lists
from turbodesk.sandbox.wire import (
    Answer,
    NoSuchThing,
    NotValid,
    Unreadable,
    fields_of,
    text_of,
)

TOKEN_LIFE_S = 3600

Handler = Callable[[Request], Awaitable[Response]]


def numbered(code: int, message: str, status: int, *, member: str = "errorCode", details: str = "") -> Answer:
    """A numbered error; the number stands under `member`."""
    body: dict[str, object] = {member: code, "message": message}
    if details:
        body["details"] = details
    return Answer(body, status)


def no_key(method: str, path: str) -> Answer:
    details = f"No authorization key was specified for request: {method} {path}"
    return numbered(3, "Invalid authorization token", 401, details=details)


def wrong(standing: Standing, user: str) -> Answer:
    says = (
        f"Account for  {user}  is inactive"
        if standing is Standing.INACTIVE
        else "Wrong credentials specified"
    )
    return numbered(3, says, 401, member="error")


class TurboSmtpV1:
    """The answers of the dashboard host over one State."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tokens = Tokens(state, "", life_s=TOKEN_LIFE_S, size_bytes=21)

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
                return Answer({"auth": self._tokens.issue(forever=forever)})
            case Standing.INACTIVE:
                return numbered(2, f"Account for  {email}  is inactive", 401)
            case _:
                return numbered(1, "Wrong credentials specified", 401)

    async def _deauthorize(self, request: Request) -> Response:
        token = _token_of(request)
        if not token:
            return numbered(8, "No authorization key was specified for request", 401)
        if not self._tokens.revoke(token):
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
                return failure(request, 404)
            except NotValid as parameter:
                return Answer({"message": "error", "errors": [f"parameter '{parameter}' not valid"]}, 400)

        return endpoint

    def _refusal(self, request: Request) -> Answer | None:
        """None where the token, or the name and password in the query, are good."""
        token = _token_of(request)
        if token and self._tokens.is_good(token):
            return None
        user, password = request.query_params.get("authuser"), request.query_params.get("authpass")
        if user is not None and password is not None:
            standing = self._state.standing(user, password)
            return None if standing is Standing.GOOD else wrong(standing, user)
        if token:
            return numbered(3, "Invalid authorization token", 401)
        return no_key(request.method, request.url.path)

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
                "ip": int(IPv4Address(IP)),
                "accountid": ACCOUNT_ID,
                "id": ACCOUNT_ID,
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
        trial_ms = int(month.timestamp() * 1000) - 200 * DAY_MS
        monthly = {
            "id": 2,
            "accountID": ACCOUNT_ID,
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
            "accountID": ACCOUNT_ID,
            "smtp_limit": 200,
            "smtp_limit_interval": "Daily",
            "plan_expiration": timestamp(trial_ms),
            "smtp_count": 0,
            "last_used": timestamp(trial_ms - DAY_MS),
            "parentid": None,
            "expired": 1,
            "active": False,
        }
        return Answer([monthly, trial])

    async def _sub_accounts(self, request: Request) -> Response:
        names = ("id", "email", "active", "ip", "sent", "limit", "reputation")
        subs = SubAccounts(self._state).all()
        return Answer([{name: getattr(sub, name) for name in names} for sub in subs])

    async def _tool(self, request: Request) -> Response:
        tool = request.path_params["tool"]
        if tool not in TOOLS:
            raise NoSuchThing
        return self._tool_answer(tool)

    async def _switch(self, request: Request) -> Response:
        tool, action = request.path_params["tool"], request.path_params["action"]
        if tool not in TOOLS or action not in ("enable", "disable"):
            raise NoSuchThing
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
