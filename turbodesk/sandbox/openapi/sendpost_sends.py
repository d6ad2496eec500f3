"""SendPost's API v1: a send, with and without a stored template."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import JSON, Operation
from turbodesk.sandbox.openapi.sendpost_errors import CONTRACT, errors
from turbodesk.sandbox.openapi.shapes import (
    ANYTHING,
    COUNT,
    EMAIL,
    TEXT,
    TRUTH,
    Shape,
    either,
    fields,
    list_of,
    named,
    only,
    thing,
    up_to,
    words,
    written,
)

_ANY_FIELDS = named(ANYTHING)
_SENDER_EMAIL: Shape = {**EMAIL, "examples": ["me@example.com"]}
_ADDRESS = fields({"email": _SENDER_EMAIL}, {"name": up_to(256)})
_COPY = fields({"email": EMAIL}, {"name": up_to(256), "customFields": _ANY_FIELDS})
_RECIPIENT = fields(
    {"email": EMAIL},
    {
        "name": up_to(256),
        "cc": list_of(_COPY, maxItems=50),
        "bcc": list_of(_COPY, maxItems=50),
        "customFields": _ANY_FIELDS,
    },
)
_ATTACHMENT = fields(
    {
        "content": {"type": "string", "contentEncoding": "base64", "examples": ["SGVsbG8="]},
        "filename": up_to(255),
    }
)
_ALWAYS = {"from": _ADDRESS, "to": list_of(_RECIPIENT, minItems=1, maxItems=1000)}
_SOMETIMES: dict[str, Shape] = {
    "replyTo": _ADDRESS,
    "subject": up_to(998),
    "preText": up_to(200),
    "htmlBody": TEXT,
    "textBody": TEXT,
    "ampBody": TEXT,
    "template": words("welcome", "receipt"),
    "ippool": TEXT,
    "headers": named(TEXT),
    "trackOpens": TRUTH,
    "trackClicks": TRUTH,
    "groups": list_of(TEXT),
    "attachments": list_of(_ATTACHMENT, maxItems=5),
    "webhookEndpoint": TEXT,
}
_TEMPLATED: dict[str, Shape] = {"templateId": words("501", "502"), "templateVariables": named(TEXT)}

_TAKEN = {
    "to": TEXT,
    "messageId": written("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    "submittedAt": COUNT,
    "errorCode": words(0, 2),
    "message": TEXT,
}
_REFUSED = {**_TAKEN, "messageId": only(""), "errorCode": words(1, 3, 4, 5)}
_OUTCOMES = list_of(either(thing(_TAKEN), thing(_REFUSED)), minItems=1, maxItems=1000)


def _send(path: str, says: str, more: dict[str, Shape]) -> Operation:
    return Operation(
        "POST",
        path,
        says,
        {200: _OUTCOMES, **errors(406, 413, 422, 429, 500)},
        [CONTRACT],
        body={JSON: fields(_ALWAYS, {**_SOMETIMES, **more})},
        security=[["subaccount"]],
    )


SENDS = [
    _send("/subaccount/email", "Takes a letter in; what came of each recipient (C1).", {}),
    _send("/subaccount/email/template", "The same with a stored template.", _TEMPLATED),
]
