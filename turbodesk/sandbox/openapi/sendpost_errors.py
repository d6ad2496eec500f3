"""What SendPost's operations have in common: how they are asked, and how they refuse."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import Parameter
from turbodesk.sandbox.openapi.shapes import DAY, TEXT, Shape, either, list_of, only, thing, up_to, words

_KINDS = {
    400: ("invalid_request", "invalid_request_error"),
    401: ("authentication_failed", "authentication_error"),
    403: ("resource_exists", "conflict_error"),
    404: ("resource_not_found", "not_found_error"),
    406: ("resource_not_found", "not_found_error"),
    413: ("invalid_request", "invalid_request_error"),
    422: ("validation_error", "invalid_request_error"),
    429: ("rate_limit_exceeded", "rate_limit_error"),
    500: ("internal_error", "api_error"),
}


def error(status: int) -> Shape:
    """The body of a refusal in either contract."""
    code, kind = _KINDS[status]
    named = {"code": only(code), "message": TEXT, "type": only(kind)}
    in_detail = {"param": TEXT, "details": list_of(thing({"field": TEXT, "message": TEXT}), minItems=1)}
    return either(
        thing({"error": thing(named, in_detail if status == 422 else None)}),
        thing({"status": only("error"), "message": TEXT}),
    )


def errors(*statuses: int) -> dict[int, Shape]:
    return {status: error(status) for status in statuses}


CONTRACT = Parameter("X-SendPost-Public-Contract", words("v1", "legacy"), place="header")
FROM, TO = (Parameter(name, DAY, required=True) for name in ("from", "to"))
OFFSET = Parameter("offset", {"type": "integer", "minimum": 0, "maximum": 999_999_999})
SEARCH = Parameter("search", up_to(200))


def limit(most: int | None = None) -> Parameter:
    return Parameter("limit", {"type": "integer", "minimum": 1, "maximum": most or 999_999_999})
