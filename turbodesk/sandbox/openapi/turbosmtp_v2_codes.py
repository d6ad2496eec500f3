"""The codes of turboSMTP's API v2, and what most of its operations may be asked with."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import Parameter
from turbodesk.sandbox.openapi.shapes import DAY, Shape, thing, words, written


def coded(*codes: str) -> Shape:
    """An answer that is one of these codes and nothing else."""
    return thing({"message": words(*codes)})


NOT_SIGNED_IN = coded("missing_authorization_key", "invalid_authorization_key", "account_is_inactive")
TOO_LARGE = coded("request_body_too_large")
NOT_FOUND = "not_found"  # where no path is like the one asked for
NO_BODY = "invalid_request_body"

FROM_CODES = ("missing_required_parameter_from", "from_format_should_be_yyyy-mm-dd")
TO_CODES = ("missing_required_parameter_to", "to_format_should_be_yyyy-mm-dd")
TZ_CODE = "invalid_tz"
PAGE_CODES = (
    "page_should_be_integer",
    "page_should_be_greater_than_0",
    "limit_should_be_integer",
    "limit_should_be_greater_than_0",
)
ORDER_TYPE_CODE = "ordertype_should_be_asc_or_desc"
SEARCH_CODES = ("smart_search_should_be_true_or_false", "filter_is_too_long")

FROM, TO = (Parameter(name, DAY, required=True) for name in ("from", "to"))
TZ_SHAPE = written(r"^[+-]\d{2}:\d{2}$", "-07:00")
TZ = Parameter("tz", TZ_SHAPE)
PAGE, LIMIT = (Parameter(name, {"type": "integer", "minimum": 1}) for name in ("page", "limit"))
