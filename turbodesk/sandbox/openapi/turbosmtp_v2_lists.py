"""turboSMTP's API v2: messages, and who gets nothing any more."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import JSON, MULTIPART, Operation, Parameter
from turbodesk.sandbox.openapi.shapes import (
    COUNT,
    DAY,
    EMAIL,
    TEXT,
    TRUTH,
    WALL_CLOCK,
    WHOLE,
    Shape,
    fields,
    list_of,
    only,
    or_null,
    thing,
    up_to,
    words,
    written,
)
from turbodesk.sandbox.openapi.turbosmtp_v2_codes import (
    FROM,
    FROM_CODES,
    LIMIT,
    NO_BODY,
    NOT_FOUND,
    NOT_SIGNED_IN,
    ORDER_TYPE_CODE,
    PAGE,
    PAGE_CODES,
    SEARCH_CODES,
    TO,
    TO_CODES,
    TOO_LARGE,
    TZ,
    TZ_CODE,
    TZ_SHAPE,
    coded,
)

_STATUS = words("NEW", "DEFER", "SUCCESS", "OPEN", "CLICK", "REPORT", "FAIL", "SYSFAIL", "UNSUB")
_ORDER_TYPE = words("asc", "desc")
_LIST_CODES = (*FROM_CODES, *TO_CODES, TZ_CODE, *SEARCH_CODES, ORDER_TYPE_CODE)


def _read(
    path: str, says: str, shape: Shape, codes: Shape, *asked: Parameter, csv: bool = False
) -> Operation:
    answers = {200: shape, 400: codes, 401: NOT_SIGNED_IN}
    return Operation("GET", path, says, answers, asked, csv=(200,) if csv else ())


# messages

_MESSAGE = thing(
    {
        "id": WHOLE,
        "subject": TEXT,
        "sender": TEXT,
        "recipient": TEXT,
        "send_time": written(WALL_CLOCK),
        "status": _STATUS,
        "domain": TEXT,
        "contact_domain": TEXT,
        "recipient_domain": TEXT,
        "x_campaign_id": TEXT,
        "error": TEXT,
    }
)
_DAY_OF_CHART = thing(
    {
        "date": DAY,
        **dict.fromkeys(
            ("all", "queued", "delivered", "bounce", "opens", "clicks", "unsubscribes", "spam", "drop"), COUNT
        ),
    }
)
_MESSAGES = thing({"count": COUNT, "results": list_of(_MESSAGE)}, {"aggs": list_of(_DAY_OF_CHART)})
_MESSAGE_CODES = (
    *_LIST_CODES,
    "missing_required_parameter_filter_by",
    "invalid_status_value",
    "filter_by_can_only_be_subject_or_sender_or_recipient_or_domain",
    "orderby_can_only_be_subject_or_sender_or_recipient_or_domain",
)
_MESSAGES_ASKED = (
    FROM,
    TO,
    Parameter("status[]", list_of(_STATUS)),
    Parameter("filter", up_to(1000)),
    Parameter("filter_by", list_of(words("subject", "sender", "recipient", "domain", "x_campaign_id"))),
    Parameter("smart_search", TRUTH),
    Parameter("orderby", words("send_time", "sender", "recipient", "subject")),
    Parameter("ordertype", _ORDER_TYPE),
    TZ,
)
_ANALYTICS = [
    _read(
        "/analytics",
        "A page of the messages; with `int` or `grp` an array for charts comes beside them.",
        _MESSAGES,
        coded(*_MESSAGE_CODES, *PAGE_CODES),
        *_MESSAGES_ASKED,
        PAGE,
        LIMIT,
        Parameter("int", words(1)),
        Parameter("grp", words("day")),
    ),
    _read("/analytics/csv", "All of them.", TEXT, coded(*_MESSAGE_CODES), *_MESSAGES_ASKED, csv=True),
    Operation(
        "GET",
        "/analytics/{id}",
        "One message, by its id or by that of its send.",
        {
            200: _MESSAGE,
            400: coded("invalid_id", TZ_CODE),
            401: NOT_SIGNED_IN,
            404: coded("email_not_found", NOT_FOUND),
        },
        [TZ],
        path_shapes={"id": written(r"^\d{1,19}$")},
    ),
]

# suppressions

_SOURCE = words("manual", "bounce", "spam", "unsubscribe", "validation_failed")
_MAYBE_TEXT = or_null(TEXT)
_ENTRY = thing(
    {
        "date": written(WALL_CLOCK),
        "sender": _MAYBE_TEXT,
        "source": _SOURCE,
        "subject": TEXT,
        "recipient": _MAYBE_TEXT,
        "reason": _MAYBE_TEXT,
    }
)
_ENTRIES = thing({"count": COUNT, "results": list_of(_ENTRY)})
_ENTRY_CODES = (
    *_LIST_CODES,
    "filter_by_can_only_be_manual_or_bounce_or_spam_or_unsubscribe_or_validation_failed",
    "orderby_can_only_be_date_or_source_or_recipient_or_reason",
)
_BODY_CODES = (*_ENTRY_CODES, NO_BODY, "invalid_restrict")
_ORDER = words("date", "source", "recipient", "reason")
_ENTRIES_ASKED = (
    FROM,
    TO,
    Parameter("filter", up_to(1000)),
    Parameter("filter_by", list_of(_SOURCE)),
    Parameter("smart_search", TRUTH),
    Parameter("orderby", _ORDER),
    Parameter("ordertype", _ORDER_TYPE),
    TZ,
)
_RESTRICTION = fields(
    {"by": words("sender", "recipient", "reason", "subject"), "filter": {**up_to(1000), "minLength": 1}},
    {"operator": words("include", "exclude"), "smart_search": TRUTH},
)
_WHICH: dict[str, Shape] = {
    "tz": TZ_SHAPE,
    "filter": up_to(1000),
    "filter_by": list_of(_SOURCE),
    "smart_search": TRUTH,
    "restrict": list_of(_RESTRICTION, maxItems=5),
}
_DAYS = {"from": DAY, "to": DAY}
_PAGED: dict[str, Shape] = {
    "page": {"type": "integer", "minimum": 1},
    "limit": {"type": "integer", "minimum": 1},
    "orderby": _ORDER,
    "ordertype": _ORDER_TYPE,
}
_SUCCESS = thing({"success": only(True)})


def _post(
    path: str, says: str, shape: Shape, codes: Shape, body: dict[str, Shape], *, csv: bool = False
) -> Operation:
    answers = {200: shape, 400: codes, 401: NOT_SIGNED_IN, 413: TOO_LARGE}
    return Operation("POST", path, says, answers, body=body, csv=(200,) if csv else ())


_SUPPRESSIONS = [
    _read(
        "/suppressions",
        "A page of who gets nothing any more.",
        _ENTRIES,
        coded(*_ENTRY_CODES, *PAGE_CODES),
        *_ENTRIES_ASKED,
        PAGE,
        LIMIT,
    ),
    _read("/suppressions/csv", "All of them.", TEXT, coded(*_ENTRY_CODES), *_ENTRIES_ASKED, csv=True),
    _post(
        "/suppressions",
        "The same, by a body that may restrict them further.",
        _ENTRIES,
        coded(*_BODY_CODES, *PAGE_CODES),
        {JSON: fields(_DAYS, {**_WHICH, **_PAGED})},
    ),
    _post(
        "/suppressions/csv",
        "All of them.",
        TEXT,
        coded(*_BODY_CODES),
        {JSON: fields(_DAYS, _WHICH)},
        csv=True,
    ),
    _post(
        "/suppressions/delete",
        "Takes off all that match.",
        _SUCCESS,
        coded(*_BODY_CODES),
        {JSON: fields(_DAYS, _WHICH)},
    ),
    _post(
        "/suppressions/bulk_delete",
        "Takes these addresses off, listed or not.",
        _SUCCESS,
        coded("no_contacts_were_provided"),
        {JSON: list_of(EMAIL, minItems=1)},
    ),
    _post(
        "/suppressions/import",
        "Puts addresses on the list, from the body or from a file of theirs.",
        thing({"status": only("success"), "valid": list_of(TEXT), "invalid": list_of(TEXT)}),
        coded("missing_upload_file", "invalid_mail_address_list", NO_BODY),
        {
            JSON: fields({"content": list_of(EMAIL, minItems=1)}, {"type": only("manual"), "reason": TEXT}),
            MULTIPART: fields({"type": only("file"), "file": TEXT}, {"reason": TEXT}),
        },
    ),
]
LISTS = [*_ANALYTICS, *_SUPPRESSIONS]
