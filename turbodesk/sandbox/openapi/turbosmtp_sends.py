"""The body of a send to turboSMTP and its answers, which both of its generations have in common."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import FORM, JSON, MULTIPART, Operation, Parameter
from turbodesk.sandbox.openapi.shapes import (
    EMAIL,
    TEXT,
    Shape,
    either,
    fields,
    list_of,
    named,
    only,
    or_null,
    thing,
    up_to,
    words,
)

_MAYBE_TEXT = or_null(TEXT)
_TEXTS: dict[str, Shape] = {
    "cc": _MAYBE_TEXT,
    "bcc": _MAYBE_TEXT,
    "subject": or_null(up_to(700)),
    "content": _MAYBE_TEXT,
    "html_content": _MAYBE_TEXT,
    "mime_raw": _MAYBE_TEXT,
    "authuser": _MAYBE_TEXT,
    "authpass": _MAYBE_TEXT,
}
_MARKS = {"reference_id": _MAYBE_TEXT, "X-campaign-ID": _MAYBE_TEXT, "reply_to": TEXT}
_ATTACHMENT = fields({"content": TEXT, "name": TEXT, "type": TEXT}, {"content_id": TEXT})
_SENDER_AND_RECIPIENTS = {"from": EMAIL, "to": EMAIL}
_PLAIN_TEXTS = dict.fromkeys((*_TEXTS, "custom_headers"), TEXT)

LOGIN = tuple(Parameter(name, TEXT, place="header") for name in ("authuser", "authpass"))
LOGIN_IN_QUERY = tuple(Parameter(name, TEXT) for name in ("authuser", "authpass"))

_ERRORS = either(
    list_of(either(TEXT, list_of(TEXT))),
    thing({"message": only("error"), "errors": words("Invalid Mime", "nocredit")}),
)
REFUSED = thing({"message": only("error"), "errors": _ERRORS})
SENDS_REFUSED: dict[int, Shape] = {
    400: REFUSED,
    401: either(
        thing({"errorCode": only(3), "message": TEXT}, {"details": TEXT}),
        thing({"error": only(3), "message": TEXT}),
    ),
    403: thing({"errorCode": only(7), "message": TEXT}),
    413: REFUSED,
    429: REFUSED,
    500: thing({"errorCode": only(5), "message": TEXT}),
}


def send_body(*, marks: bool) -> dict[str, Shape]:
    """As JSON and as both kinds of form; `marks`: with what the second generation adds."""
    more = _MARKS if marks else {}
    in_json = {
        **_TEXTS,
        "custom_headers": either(named(TEXT), TEXT, {"type": "null"}),
        "attachments": or_null(list_of(_ATTACHMENT, maxItems=5)),
        **more,
    }
    in_form = {**_PLAIN_TEXTS, **dict.fromkeys(more, TEXT)}
    return {
        JSON: fields(_SENDER_AND_RECIPIENTS, in_json),
        FORM: fields(_SENDER_AND_RECIPIENTS, in_form),
        MULTIPART: fields(_SENDER_AND_RECIPIENTS, in_form),
    }


def send(path: str, says: str, accepted: Shape, **more: object) -> Operation:
    return Operation("POST", path, says, {200: accepted, **SENDS_REFUSED}, **more)  # type: ignore[arg-type]
