"""SendPost's API v1: webhooks."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import JSON, Operation
from turbodesk.sandbox.openapi.sendpost_errors import CONTRACT, OFFSET, SEARCH, errors, limit
from turbodesk.sandbox.openapi.shapes import (
    COUNT,
    TEXT,
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

_PATH = "/account/webhook"
_ID: dict[str, Shape] = {"id": written(r"^\d{1,9}$", "901")}
_NAMES = (
    "enabled", "processed", "sent", "delivered", "dropped", "smtpDropped", "softBounced", "hardBounced",
    "opened", "clicked", "unsubscribed", "spam", "uniqueOpen", "uniqueClick",
)  # fmt: skip
_FLAGS = dict.fromkeys(_NAMES, TRUTH)
_WEBHOOK: dict[str, Shape] = {"id": WHOLE, "url": TEXT, **_FLAGS, "created": COUNT}
_V1: dict[str, Shape] = {
    **_WEBHOOK,
    "status": words("active", "degraded", "disabled"),
    "disabledAt": COUNT,
    "disabledReason": TEXT,
}
_LEGACY = thing({**_WEBHOOK, "created_by": only(None), "updated_by": only(None)})
_ONE = either(thing(_V1), _LEGACY)
_LISTED = either(thing({**_V1, "successRate": {**COUNT, "maximum": 100}}), _LEGACY)

_URL: Shape = {
    "type": "string",
    "maxLength": 2048,
    "examples": ["https://hooks.example.com/mine", "https://hooks.example.com/other"],
}
_WISHES = dict.fromkeys(_NAMES, or_null(TRUTH))
_NEW = {JSON: fields({"url": _URL}, _WISHES)}
_CHANGE = {JSON: fields({}, {"url": or_null(_URL), **_WISHES})}

WEBHOOKS = [
    Operation(
        "GET",
        _PATH,
        "The account's webhooks, oldest first.",
        {200: list_of(_LISTED), **errors(400)},
        [CONTRACT, limit(), OFFSET, SEARCH],
    ),
    Operation(
        "POST",
        _PATH,
        "Makes a webhook; 200 in the older contract.",
        {200: _LEGACY, 201: thing(_V1), **errors(413, 422)},
        [CONTRACT],
        _NEW,
        leads_to={f"{method} {_PATH}/{{id}}": {"id": "$response.body#/id"} for method in ("put", "delete")},
    ),
    Operation(
        "GET", _PATH + "/{id}", "One webhook.", {200: _ONE, **errors(406)}, [CONTRACT], path_shapes=_ID
    ),
    Operation(
        "PUT",
        _PATH + "/{id}",
        "Changes a webhook; what is left out stays as it is.",
        {200: _ONE, **errors(406, 413, 422)},
        [CONTRACT],
        _CHANGE,
        path_shapes=_ID,
    ),
    Operation(
        "DELETE",
        _PATH + "/{id}",
        "Takes a webhook away.",
        {200: thing({"id": WHOLE, "message": TEXT}), **errors(406)},
        [CONTRACT],
        path_shapes=_ID,
    ),
]
