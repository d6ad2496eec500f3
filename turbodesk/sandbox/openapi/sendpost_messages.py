"""SendPost's API v1: messages, the events of their way, and suppressions."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import JSON, Operation, Parameter
from turbodesk.sandbox.openapi.sendpost_errors import CONTRACT, FROM, OFFSET, SEARCH, TO, errors, limit
from turbodesk.sandbox.openapi.shapes import (
    ANYTHING,
    COUNT,
    EMAIL,
    TEXT,
    TRUTH,
    WHOLE,
    Shape,
    either,
    fields,
    list_of,
    named,
    or_null,
    thing,
    words,
    written,
)

_UUID = written("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_MAILBOX = words("default", "gmail", "yahoo", "microsoft", "icloud")
_NANOSECONDS = COUNT

# messages

_PERSON = thing({"email": TEXT, "name": TEXT})


def _whom(field: Shape) -> tuple[Shape, Shape]:
    """A copy and a recipient whose custom fields are of this shape."""
    copy = {"email": TEXT, "name": TEXT, "customFields": named(field)}
    return thing(copy), thing({**copy, "cc": list_of(thing(copy)), "bcc": list_of(thing(copy))})


def _message(to: Shape, more: dict[str, Shape]) -> Shape:
    """What both contracts have, and `more`."""
    common: dict[str, Shape] = {
        "emailType": _MAILBOX,
        "submittedAt": _NANOSECONDS,
        "from": _PERSON,
        "to": to,
        "headerTo": to,
        "groups": list_of(TEXT),
        "ipPool": TEXT,
        "headers": named(TEXT),
        "subject": TEXT,
        "preText": TEXT,
        "htmlBody": TEXT,
        "textBody": TEXT,
        "ampBody": TEXT,
        "trackOpens": TRUTH,
        "trackClicks": TRUTH,
    }
    return thing({**common, **more}, {"replyTo": _PERSON})


_COPY, _RECIPIENT = _whom(ANYTHING)
_, _OLDER_RECIPIENT = _whom(TEXT)
_V1 = _message(
    _RECIPIENT,
    {
        "messageId": _UUID,
        "subAccountId": WHOLE,
        "publicIp": TEXT,
        "headerCc": list_of(_COPY),
        "headerBcc": list_of(_COPY),
        "attachments": list_of(thing({"filename": TEXT, "content": TEXT})),
    },
)
_LEGACY = _message(
    _OLDER_RECIPIENT,
    {
        "messageID": _UUID,
        "accountID": WHOLE,
        "subAccountID": WHOLE,
        "ipID": WHOLE,
        "accountIPPoolID": WHOLE,
        "publicIP": TEXT,
        "localIP": TEXT,
        "headerCc": or_null(list_of(TEXT, minItems=1)),
        "headerBcc": or_null(list_of(TEXT, minItems=1)),
        "attachments": list_of(TEXT),
        "customFields": named(ANYTHING),
        "attempt": WHOLE,
        "webhookEndpoint": TEXT,
        "mxRecords": list_of(TEXT),
    },
)

_FAMILY = dict.fromkeys(("Family", "Major", "Minor", "Patch"), TEXT)
_SAID = {"smtpCode": COUNT, "smtpDescription": TEXT}
_PLACE = ("cityID", "countryCode", "continentCode", "postalCode", "timeZone")
_VISIT = {
    "clickedURL": TEXT,
    "trackedIP": TEXT,
    "rawUserAgent": TEXT,
    "userAgent": thing(_FAMILY),
    "os": thing({**_FAMILY, "PatchMinor": TEXT}),
    "device": thing({"Family": TEXT}),
    "geo": thing(dict.fromkeys(_PLACE, TEXT)),
}
_EVENT = thing(
    {
        "eventID": _UUID,
        "messageID": _UUID,
        "type": {"type": "integer", "minimum": 0, "maximum": 10},
        "from": TEXT,
        "fromName": TEXT,
        "to": TEXT,
        "toName": TEXT,
        "messageSubject": TEXT,
        "groups": list_of(TEXT),
        "submittedAt": _NANOSECONDS,
        "accountID": WHOLE,
        "subAccountID": WHOLE,
        "ipID": WHOLE,
        "ipPoolID": WHOLE,
        "domainID": WHOLE,
        "tpspId": WHOLE,
        "messageType": _MAILBOX,
        **_SAID,
        "eventMetadata": either(thing(_SAID), thing({**_SAID, **_VISIT})),
    }
)
_MOMENT: Shape = {"type": "string", "format": "date-time", "examples": ["2026-01-31T00:00:00Z"]}
_MESSAGES = [
    Operation(
        "GET",
        "/account/message",
        "Messages of a time, newest first (C3).",
        {200: list_of(either(_V1, _LEGACY), maxItems=100), **errors(400)},
        [
            CONTRACT,
            Parameter("from", _MOMENT, required=True),
            Parameter("to", _MOMENT, required=True),
            limit(100),
            OFFSET,
        ],
    ),
    Operation(
        "GET", "/account/message/{id}", "One message (C2).", {200: either(_V1, _LEGACY)}, [CONTRACT],
        path_shapes={"id": _UUID},
    ),
    Operation(
        "GET",
        "/account/message/{id}/events",
        "What happened to one message; seen in clients.",
        {200: list_of(_EVENT, minItems=1), **errors(406)},
        [CONTRACT, Parameter("subAccountId", words(117), required=True)],
        path_shapes={"id": _UUID},
    ),
    Operation(
        "GET",
        "/account/recipient/{email}/messages",
        "What happened to all messages to one address; seen in clients.",
        {200: list_of(_EVENT)},
        [CONTRACT],
        path_shapes={"email": EMAIL},
    ),
]  # fmt: skip

# suppressions

_KINDS = ("hardBounce", "manual", "unsubscribe", "spamComplaint")
_ENTRY = {
    "id": WHOLE,
    "email": TEXT,
    "reason": {"type": "integer", "minimum": 0, "maximum": 4},
    "created": _NANOSECONDS,
}
_ENTRIES = list_of(
    either(
        thing(
            {
                **_ENTRY,
                "reasonText": words(*_KINDS),
                "smtpError": TEXT,
                "messageUUID": either(_UUID, words("")),
            }
        ),
        thing({**_ENTRY, "smtp_error": TEXT}),
    )
)
_EMAILS = list_of(fields({"email": EMAIL}), maxItems=20)
_OWN = [["subaccount"]]
_SUPPRESSIONS = [
    Operation(
        "GET",
        "/subaccount/suppression",
        "Who gets nothing any more, newest first (C4).",
        {200: {**_ENTRIES, "maxItems": 100}, **errors(400)},
        [CONTRACT, FROM, TO, limit(100), OFFSET, SEARCH, Parameter("type", words(*_KINDS))],
        security=_OWN,
    ),
    Operation(
        "POST",
        "/subaccount/suppression",
        "Puts addresses on the list (C5).",
        {200: _ENTRIES, **errors(406, 413, 422)},
        [CONTRACT],
        body={JSON: fields({}, dict.fromkeys(_KINDS, _EMAILS))},
        security=_OWN,
    ),
    Operation(
        "DELETE",
        "/subaccount/suppression",
        "Takes addresses off, whatever they are listed for (C6).",
        {
            200: either(thing({"message": TEXT}), list_of(thing({"id": WHOLE, "message": TEXT}))),
            **errors(406, 413, 422),
        },
        [CONTRACT],
        body={JSON: fields({"suppressions": _EMAILS})},
        security=_OWN,
    ),
]
MESSAGES = [*_MESSAGES, *_SUPPRESSIONS]
