"""turboSMTP's first API: sign-in, account, reports, statistics, tools, and the older way to send."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import FORM, JSON, Operation, Parameter, document, in_header, in_query
from turbodesk.sandbox.openapi.shapes import (
    COUNT,
    EMAIL,
    NUMBER,
    TEXT,
    TIMESTAMP,
    TRUTH,
    WHOLE,
    Shape,
    either,
    fields,
    list_of,
    only,
    or_null,
    thing,
    words,
    written,
)
from turbodesk.sandbox.openapi.turbosmtp_sends import LOGIN, LOGIN_IN_QUERY, send, send_body

_STATUS = words("NEW", "DEFER", "SUCCESS", "OPEN", "CLICK", "REPORT", "FAIL", "SYSFAIL", "UNSUB")
_WHEN = written(TIMESTAMP)


def _error(number: int) -> Shape:
    return thing({"errorCode": only(number), "message": TEXT})


_EVERYWHERE: dict[int, Shape] = {403: _error(7)}
_NOT_SIGNED_IN = either(
    thing({"errorCode": only(3), "message": TEXT}, {"details": TEXT}),
    thing({"error": only(3), "message": TEXT}),
)
_NOT_VALID = thing({"message": only("error"), "errors": list_of(TEXT, minItems=1)})
_TOO_LARGE = thing({"message": TEXT})
_SIGNED_IN: dict[int, Shape] = {401: _NOT_SIGNED_IN, 404: _error(4)}
_TOKEN = thing({"auth": TEXT})

# reports and statistics

_TYPE = {"type": words("bounce", "hardbounce", "softbounce", "spam", "unsub")}
_DATE = written(r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$", "2026-01-31")
_TZ = Parameter("tz", written(r"^[+-]\d{2}:\d{2}$", "+01:00"))
_PAGE, _CONTAINS = Parameter("page", {"type": "integer", "minimum": 1}), Parameter("filter", TEXT)
_DAYS = (Parameter("start", _DATE), Parameter("end", _DATE))
_STATUSES = Parameter(
    "filter", words("*", '"*"', "FAIL", '["FAIL"]', '["NEW","DEFER"]', "['FAIL', 'SYSFAIL']")
)

_REPORT = thing({"cid": WHOLE, "email": TEXT, "ts": _WHEN, "response": or_null(TEXT)})
_EMAIL = thing(
    {
        "id": WHOLE,
        "subject": TEXT,
        "sender": TEXT,
        "recipient": TEXT,
        "sendTime": _WHEN,
        "status": _STATUS,
        "error": or_null(TEXT),
    }
)
_COUNTED = thing({"count": COUNT})
_SUCCESS = thing({"success": only(True)})


def _read(path: str, says: str, shape: Shape, *asked: Parameter, csv: bool = False) -> Operation:
    """What is read with a token; with parameters, some of them may be not valid."""
    answers = {200: shape, **_SIGNED_IN, **({400: _NOT_VALID} if asked else {})}
    shapes = _TYPE if "{type}" in path else {}
    return Operation("GET", path, says, answers, asked, csv=(200,) if csv else (), path_shapes=shapes)


_REPORTS, _STATS = "/web/api/reports/{type}", "/api/stats"
_LISTS = [
    _read(
        _REPORTS, "Twenty rows of a time (R1).", list_of(_REPORT, maxItems=20), *_DAYS, _PAGE, _CONTAINS, _TZ
    ),
    _read(f"{_REPORTS}/count", "How many there are (R2).", _COUNTED, *_DAYS, _PAGE, _CONTAINS, _TZ),
    _read(f"{_REPORTS}/csv", "All of a time (R3).", TEXT, *_DAYS, _PAGE, _CONTAINS, _TZ, csv=True),
    _read(
        f"{_REPORTS}/all", "Twenty rows of all (R4).", list_of(_REPORT, maxItems=20), _PAGE, _CONTAINS, _TZ
    ),
    _read(f"{_REPORTS}/all/count", "How many there are of all (R5).", _COUNTED, _PAGE, _CONTAINS, _TZ),
    _read(f"{_REPORTS}/all/csv", "All there are (R6).", TEXT, _PAGE, _CONTAINS, _TZ, csv=True),
    Operation(
        "DELETE",
        _REPORTS,
        "Takes rows off by their cid (R7).",
        {200: _SUCCESS, 400: _NOT_VALID, **_SIGNED_IN},
        [Parameter("ids", written(r"^\d{1,18}(,\d{1,18}){0,9}$", "323223135"), required=True)],
        path_shapes=_TYPE,
    ),
    Operation(
        "DELETE", "/web/api/reports/spam/all", "Takes all complaints off (R8).", {200: _SUCCESS, **_SIGNED_IN}
    ),
    _read(
        f"{_STATS}/panes/emails",
        "Ten messages (T1).",
        list_of(_EMAIL, maxItems=10),
        *_DAYS,
        _PAGE,
        _STATUSES,
        _TZ,
    ),
    _read(f"{_STATS}/panes/emails/count", "How many there are (T2).", _COUNTED, *_DAYS, _STATUSES, _TZ),
    Operation(
        "GET",
        f"{_STATS}/email-feed-last/{{no}}",
        "The newest messages (T3).",
        {200: list_of(_EMAIL, maxItems=30), 400: _NOT_VALID, **_SIGNED_IN},
        [_TZ],
        path_shapes={"no": words("10", "20", "30")},
    ),
    _read(
        f"{_STATS}/emails/csv",
        "All messages of a time (T4).",
        TEXT,
        Parameter("start_date", _DATE),
        Parameter("end_date", _DATE),
        _STATUSES,
        _TZ,
        csv=True,
    ),
]

# signing in

_SIGN_IN = fields({"email": EMAIL, "password": TEXT}, {"no_expire": words("0", "1")})
_WRONG = either(_error(1), _error(2))
_TOKENS = [
    Operation(
        "POST",
        "/api/authorize",
        "A token for an e-mail and a password.",
        {200: _TOKEN, 401: _WRONG, 413: _TOO_LARGE},
        body={JSON: _SIGN_IN, FORM: _SIGN_IN},
        security=[],
    ),
    Operation(
        "GET",
        "/api/authorize/{email}/{password}",
        "The same, as it was asked for once.",
        {200: _TOKEN, 401: _WRONG, 404: _error(4)},
        security=[],
    ),
    Operation(
        "POST",
        "/api/deauthorize",
        "Makes a token worthless.",
        {200: thing({"message": only("Token deauthorized")}), 401: either(_error(8), _error(9))},
        security=[["token"]],
    ),
]

# the account and its tools

_USER = thing(
    {
        "passwd": only(""),
        "active": TRUTH,
        "email": TEXT,
        "gateway": TEXT,
        "ip": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
        "accountid": WHOLE,
        "id": WHOLE,
        "parentid": or_null(WHOLE),
        "domain": TEXT,
        "companyName": TEXT,
        "country": TEXT,
        "timezone": TEXT,
        "lang": TEXT,
    }
)
_PLAN = thing(
    {
        "id": WHOLE,
        "accountID": WHOLE,
        "smtp_limit": WHOLE,
        "smtp_limit_interval": words("Daily", "Monthly", "Yearly"),
        "plan_expiration": _WHEN,
        "smtp_count": COUNT,
        "last_used": _WHEN,
        "parentid": or_null(WHOLE),
        "expired": words(0, 1),
        "active": TRUTH,
    }
)
_SUB_ACCOUNT = thing(
    {
        "id": WHOLE,
        "email": TEXT,
        "active": TRUTH,
        "ip": TEXT,
        "sent": COUNT,
        "limit": {"type": "integer", "minimum": -1},
        "reputation": NUMBER,
    }
)
_TOOL = thing(
    {
        "id": words("clickTracking", "openingTracking"),
        "forced": TRUTH,
        "requiredSettings": list_of(TEXT),
        "enabled": TRUTH,
        "settings": list_of(
            thing({"key": words("clicktracking", "clicktracking_plaintext"), "value": TRUTH}), maxItems=2
        ),
    }
)
_TOOL_PATH: dict[str, Shape] = {
    "tool": words("clickTracking", "openingTracking"),
    "action": words("enable", "disable"),
}
_ACCOUNT = [
    _read("/api", "Whether a sign-in is good.", thing({"message": only("OK")})),
    _read("/api/account/type", "What is paid for.", thing({"type": words("free", "paid")})),
    _read("/api/user/info", "Who is signed in.", _USER),
    _read("/api/plans", "The plans, the one in use first.", list_of(_PLAN)),
    _read("/api/useraccounts/summary", "The accounts below this one.", list_of(_SUB_ACCOUNT)),
    Operation(
        "GET",
        "/api/tools/{tool}",
        "One way of tracking.",
        {200: _TOOL, **_SIGNED_IN},
        path_shapes=_TOOL_PATH,
    ),
    *(
        Operation(
            method,
            "/api/tools/{tool}/{action}",
            "Switches one way of tracking.",
            {200: _TOOL, **_SIGNED_IN},
            path_shapes=_TOOL_PATH,
        )
        for method in ("PUT", "GET")
    ),
]

DOCUMENT = document(
    "The sandbox's turboSMTP API v1",
    "What the sandbox answers unless it was told to fail. Of the credentials for sending see API v2.",
    base="/",
    operations=[
        *_TOKENS,
        *_ACCOUNT,
        *_LISTS,
        send(
            "/api/mail/send",
            "Takes a letter in; deprecated since 2020.",
            thing({"message": only("OK")}),
            parameters=[*LOGIN, *LOGIN_IN_QUERY],
            body=send_body(marks=False),
            security=[],
        ),
    ],
    everywhere=_EVERYWHERE,
    schemes={
        "token": in_header("Authorization"),
        "user": in_query("authuser"),
        "password": in_query("authpass"),
    },
    security=[["token"], ["user", "password"]],
)
