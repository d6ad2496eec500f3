"""turboSMTP's API v2: validation of addresses."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import JSON, MULTIPART, Operation
from turbodesk.sandbox.openapi.shapes import (
    COUNT,
    EMAIL,
    NUMBER,
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
    PAGE,
    PAGE_CODES,
    TO,
    TO_CODES,
    TOO_LARGE,
    TZ,
    TZ_CODE,
    coded,
)

_WHEN, _DONE = written(WALL_CLOCK), thing({"success": only(True)})
_MAYBE = or_null(TEXT)
_STATUS = words("valid", "invalid", "catch_all", "unknown", "spamtrap", "abuse", "do_not_mail")
_KNOWN: dict[str, Shape] = {
    "email": TEXT,
    "status": _STATUS,
    "sub_status": TEXT,
    "free_email": TRUTH,
    "domain": TEXT,
    "domain_age_days": or_null(COUNT),
    "smtp_provider": _MAYBE,
    "mx_found": TRUTH,
    "mx_record": _MAYBE,
}
_WHOLE_RECORD: dict[str, Shape] = {
    **_KNOWN,
    "did_you_mean": _MAYBE,
    **dict.fromkeys(
        ("account", "firstname", "lastname", "gender", "country", "region", "city", "zipcode"), _MAYBE
    ),
    "processed_at": _WHEN,
}
_LIST: dict[str, Shape] = {
    "id": WHOLE,
    "creation_time": _WHEN,
    "file_name": TEXT,
    "is_processed": TRUTH,
    "percentage": {"type": "integer", "minimum": 0, "maximum": 100},
    "total_emails": COUNT,
    "total_processed": COUNT,
}
_NO_LIST = coded("list_not_found", NOT_FOUND)
_ID: dict[str, Shape] = {"id": written(r"^\d{1,18}$", "48151")}
_ONE, _EMAILS = "/emailvalidation/lists/{id}", "/emailvalidation/lists/{id}/emails"

VALIDATION = [
    Operation(
        "GET",
        "/emailvalidation/subscription",
        "What is left to validate with.",
        {
            200: thing(
                {
                    "currency": words("$", "€", "£"),
                    "free_credits": COUNT,
                    "free_credits_used": COUNT,
                    "remaining_free_credit": COUNT,
                    "paid_credits": NUMBER,
                    "latest_period_start_date": or_null(_WHEN),
                    "period_expiration_date": or_null(_WHEN),
                    "last_used_period": or_null(_WHEN),
                }
            ),
            401: NOT_SIGNED_IN,
        },
    ),
    Operation(
        "POST",
        "/emailvalidation/validateEmail",
        "Validates one address, for one credit.",
        {
            200: thing(_WHOLE_RECORD),
            400: coded(
                NO_BODY, "missing_required_parameter_email", "invalid_email_address", "insufficient_credit"
            ),
            401: NOT_SIGNED_IN,
            413: TOO_LARGE,
        },
        body={JSON: fields({"email": EMAIL})},
    ),
    Operation(
        "POST",
        "/emailvalidation/upload",
        "Makes a list of a CSV or TXT file, one address on each line.",
        {
            201: thing({"list_id": WHOLE, "total_emails": COUNT}),
            400: coded("missing_upload_file", "invalid_mail_address_list", "unsupported_file_format"),
            401: NOT_SIGNED_IN,
            413: TOO_LARGE,
        },
        body={MULTIPART: fields({"file": {"type": "string", "format": "binary"}})},
        leads_to={
            f"{method} {path}": {"id": "$response.body#/list_id"}
            for method, path in (("post", f"{_ONE}/validate"), ("get", _EMAILS), ("delete", _ONE))
        },
    ),
    Operation(
        "GET",
        "/emailvalidation/lists",
        "A page of the lists, newest first.",
        {
            200: thing({"count": COUNT, "results": list_of(thing(_LIST))}),
            400: coded(*FROM_CODES, *TO_CODES, TZ_CODE, *PAGE_CODES),
            401: NOT_SIGNED_IN,
        },
        [FROM, TO, TZ, PAGE, LIMIT],
    ),
    Operation(
        "GET",
        _ONE,
        "One list, and how far it is.",
        {
            200: thing(
                {**_LIST, "status_summary": list_of(thing({"status": _STATUS, "total": COUNT}))},
            ),
            401: NOT_SIGNED_IN,
            404: _NO_LIST,
        },
        path_shapes=_ID,
    ),
    Operation(
        "DELETE",
        _ONE,
        "Takes a list away.",
        {200: _DONE, 401: NOT_SIGNED_IN, 404: _NO_LIST},
        path_shapes=_ID,
    ),
    Operation(
        "POST",
        f"{_ONE}/validate",
        "Begins to validate a list, for one credit each.",
        {
            200: _DONE,
            400: coded("list_already_validated", "insufficient_credit"),
            401: NOT_SIGNED_IN,
            404: _NO_LIST,
        },
        path_shapes=_ID,
    ),
    Operation(
        "GET",
        _EMAILS,
        "A page of what is validated by now.",
        {
            200: thing(
                {"count": COUNT, "processed": COUNT, "results": list_of(thing({**_KNOWN, "id": WHOLE}))}
            ),
            400: coded(*PAGE_CODES),
            401: NOT_SIGNED_IN,
            404: _NO_LIST,
        },
        [PAGE, LIMIT],
        path_shapes=_ID,
        leads_to={
            f"get {_EMAILS}/{{email}}": {"id": "$request.path.id", "email": "$response.body#/results/0/id"}
        },
    ),
    Operation(
        "GET",
        f"{_EMAILS}/{{email}}",
        "One of them, with all that is known.",
        {
            200: thing(
                {**_WHOLE_RECORD, "id": WHOLE, "account_id": WHOLE, "created_at": _WHEN, "list_id": WHOLE}
            ),
            401: NOT_SIGNED_IN,
            404: coded("list_not_found", "email_not_found", NOT_FOUND),
        },
        path_shapes={**_ID, "email": written(r"^\d{1,18}$")},
    ),
    Operation(
        "GET",
        f"{_ONE}/csv",
        "All that is validated by now.",
        {200: TEXT, 401: NOT_SIGNED_IN, 404: _NO_LIST},
        csv=(200,),
        path_shapes=_ID,
    ),
]
