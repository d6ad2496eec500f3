"""SendPost's API v1: statistics, sub-accounts and domains."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import JSON, Operation, Parameter
from turbodesk.sandbox.openapi.sendpost_errors import CONTRACT, FROM, OFFSET, SEARCH, TO, errors, limit
from turbodesk.sandbox.openapi.shapes import (
    ANYTHING,
    COUNT,
    DAY,
    TEXT,
    TRUTH,
    WHOLE,
    Shape,
    either,
    fields,
    list_of,
    only,
    thing,
    up_to,
    words,
    written,
)

_OWN = [["subaccount"]]
_ID: dict[str, Shape] = {"id": words("117", "118")}

# statistics

_NAMES = (
    "processed", "sent", "dropped", "smtpDropped", "delivered", "softBounced", "hardBounced", "opened",
    "clicked", "unsubscribed", "spam",
)  # fmt: skip
_COUNTERS = thing(dict.fromkeys(_NAMES, COUNT))
_DAILY = list_of(thing({"date": DAY, "stat": _COUNTERS}), maxItems=31)
_GROUP = Parameter("group", up_to(200), required=True)


def _stat(path: str, says: str, shape: Shape, *asked: Parameter) -> Operation:
    security = _OWN if path.startswith("/subaccount") else None
    answers = {200: shape, **errors(400, 406)}
    shapes = _ID if "{id}" in path else {}
    return Operation(
        "GET", path, says, answers, [CONTRACT, FROM, TO, *asked], security=security, path_shapes=shapes
    )


_ONE = "/account/subaccount/stat/{id}"
_STATS = [
    _stat("/account/stat", "The account by day (C10).", _DAILY),
    _stat("/account/stat/aggregate", "The account in sum (C10).", _COUNTERS),
    _stat("/account/stat/group", "One group by day.", _DAILY, _GROUP),
    _stat("/account/stat/aggregate/group", "One group in sum.", _COUNTERS, _GROUP),
    _stat(_ONE, "One sub-account by day (C7).", _DAILY),
    _stat(f"{_ONE}/aggregate", "One sub-account in sum (C8).", _COUNTERS),
    _stat(
        f"{_ONE}/group",
        "One group of one sub-account in sum, whatever its name says (C9).",
        _COUNTERS,
        _GROUP,
    ),
    _stat("/subaccount/stat", "The sub-account by day; seen in clients.", _DAILY),
    _stat("/subaccount/stat/aggregate", "The sub-account in sum; seen in clients.", _COUNTERS),
    _stat("/subaccount/stat/group", "One group by day; seen in clients.", _DAILY, _GROUP),
    _stat("/subaccount/stat/aggregate/group", "One group in sum; seen in clients.", _COUNTERS, _GROUP),
]

# sub-accounts

_SUB_ACCOUNT: dict[str, Shape] = {
    "id": WHOLE,
    "name": up_to(100),
    "apiKey": TEXT,
    "type": words(0, 1),
    "isPlus": TRUTH,
    "blocked": TRUTH,
    "created": COUNT,
}
_LABEL = thing(
    {
        "id": WHOLE,
        "name": up_to(50),
        "color": written("^[0-9a-f]{6}$"),
        "type": words(0, 1, 2),
        "created": COUNT,
    }
)
_LOGIN = thing({"id": WHOLE, "username": TEXT, "password": TEXT, "created": COUNT, "updated": COUNT})
_ONE_SUB_ACCOUNT = either(
    thing({**_SUB_ACCOUNT, "accountId": WHOLE, "labels": list_of(_LABEL)}),
    thing(
        {
            **_SUB_ACCOUNT,
            "labels": list_of(TEXT),
            "smtpAuths": list_of(_LOGIN),
            "created_by": only(None),
            "updated_by": only(None),
            "blocked_at": COUNT,
            "block_reason": TEXT,
            "hb_exempt": TRUTH,
            "generate_weekly_report": TRUTH,
            "handlers": list_of(ANYTHING),
        }
    ),
)

_NAMED = {JSON: fields({"name": {"type": "string", "minLength": 1, "maxLength": 100}})}

# domains

_RECORD = thing({"host": TEXT, "type": words("TXT", "CNAME"), "textValue": TEXT})
_RECORDS = ("dkim", "returnPath", "track", "dmarc")
_DOMAIN: dict[str, Shape] = {
    "id": WHOLE,
    "name": TEXT,
    **dict.fromkeys(_RECORDS, _RECORD),
    **{f"{name}Verified": TRUTH for name in _RECORDS},
    **{f"{name}FailureReason": TEXT for name in _RECORDS},
    "verified": TRUTH,
    "domainRegisteredDate": DAY,
    "created": COUNT,
}
_ONE_DOMAIN = either(
    thing({**_DOMAIN, "dnsProvider": TEXT}),
    thing(
        {
            **_DOMAIN,
            "spf": _RECORD,
            "spfVerified": TRUTH,
            "gpt": _RECORD,
            "gptVerified": TRUTH,
            "mailboxVerified": TRUTH,
            "dkimConfig": TEXT,
        }
    ),
)
_PAGED = [CONTRACT, limit(), OFFSET, SEARCH]

ACCOUNT = [
    *_STATS,
    Operation(
        "GET",
        "/account/subaccount",
        "The sub-accounts with their keys.",
        {200: list_of(_ONE_SUB_ACCOUNT), **errors(400)},
        _PAGED,
    ),
    Operation(
        "GET",
        "/account/subaccount/{id}",
        "One sub-account.",
        {200: _ONE_SUB_ACCOUNT},
        [CONTRACT],
        path_shapes=_ID,
    ),
    Operation(
        "POST",
        "/account/subaccount",
        "Makes a sub-account, with a key of its own and no domain yet.",
        {201: _ONE_SUB_ACCOUNT, **errors(413, 422)},
        [CONTRACT],
        _NAMED,
        leads_to={
            f"{method} /account/subaccount/{{id}}": {"id": "$response.body#/id"}
            for method in ("put", "delete")
        },
    ),
    Operation(
        "PUT",
        "/account/subaccount/{id}",
        "Gives a sub-account another name.",
        {200: _ONE_SUB_ACCOUNT, **errors(413, 422)},
        [CONTRACT],
        _NAMED,
        path_shapes=_ID,
    ),
    Operation(
        "DELETE",
        "/account/subaccount/{id}",
        "Takes a sub-account away, but for the default one.",
        {200: thing({"id": WHOLE, "message": TEXT}), **errors(406)},
        [CONTRACT],
        path_shapes=_ID,
    ),
    Operation(
        "GET",
        "/subaccount/domain",
        "The sub-account's domains.",
        {200: list_of(_ONE_DOMAIN), **errors(400)},
        _PAGED,
        security=_OWN,
    ),
    Operation(
        "GET",
        "/subaccount/domain/{id}",
        "One domain.",
        {200: _ONE_DOMAIN, **errors(406)},
        [CONTRACT],
        security=_OWN,
        path_shapes={"id": words("2001", "2002", "2003", "2004", "9")},
    ),
]
