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
    line,
    list_of,
    named,
    only,
    thing,
    words,
    written,
)

_ANY_FIELDS = named(ANYTHING)
_SENDER_EMAIL: Shape = {**EMAIL, "examples": ["me@example.com"]}
_ADDRESS = fields({"email": _SENDER_EMAIL}, {"name": line(256)})
_COPY = fields({"email": EMAIL}, {"name": line(256), "customFields": _ANY_FIELDS})
_RECIPIENT = fields(
    {"email": EMAIL},
    {
        "name": line(256),
        "cc": list_of(_COPY, maxItems=50),
        "bcc": list_of(_COPY, maxItems=50),
        "customFields": _ANY_FIELDS,
    },
)
_ATTACHMENT = fields(
    {
        "content": {
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
            "examples": ["SGVsbG8="],
        },
        "filename": {**line(255), "minLength": 1},
    }
)
_ALWAYS = {"from": _ADDRESS, "to": list_of(_RECIPIENT, minItems=1, maxItems=1000)}
_SOMETIMES: dict[str, Shape] = {
    "replyTo": _ADDRESS,
    "subject": line(998),
    "preText": line(200),
    "htmlBody": TEXT,
    "textBody": TEXT,
    "ampBody": TEXT,
    "template": words("welcome", "receipt"),
    "ippool": line(),
    "headers": {**named(line()), "propertyNames": {"pattern": "^[!-9;-~]+$"}},
    "trackOpens": TRUTH,
    "trackClicks": TRUTH,
    "groups": list_of(line()),
    "attachments": list_of(_ATTACHMENT, maxItems=5),
    "webhookEndpoint": line(),
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
_CONTENTS, _TEMPLATE = ("textBody", "htmlBody", "ampBody", "template"), ("template", "templateId")


def _send(path: str, says: str, more: dict[str, Shape], one_of: tuple[str, ...]) -> Operation:
    """A send that brings at least one of these members."""
    given = [{"required": [name], "properties": {name: {"minLength": 1}}} for name in one_of]
    body = {**fields(_ALWAYS, {**_SOMETIMES, **more}), "anyOf": given}
    return Operation(
        "POST",
        path,
        says,
        {200: _OUTCOMES, **errors(406, 413, 422, 429, 500)},
        [CONTRACT],
        body={JSON: body},
        security=[["subaccount"]],
    )


SENDS = [
    _send("/subaccount/email", "Takes a letter in; what came of each recipient (C1).", {}, _CONTENTS),
    _send("/subaccount/email/template", "The same with a stored template.", _TEMPLATED, _TEMPLATE),
]
