"""SendPost's API v1: sends, messages, suppressions, statistics, sub-accounts, domains and webhooks."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import document, in_header
from turbodesk.sandbox.openapi.sendpost_account import ACCOUNT
from turbodesk.sandbox.openapi.sendpost_errors import error
from turbodesk.sandbox.openapi.sendpost_messages import MESSAGES
from turbodesk.sandbox.openapi.sendpost_sends import SENDS
from turbodesk.sandbox.openapi.sendpost_webhooks import WEBHOOKS
from turbodesk.sandbox.openapi.shapes import words

DOCUMENT = document(
    "The sandbox's SendPost API v1",
    "What the sandbox answers unless it was told to fail. "
    "Which of two shapes an answer has is asked for by the header X-SendPost-Public-Contract.",
    base="/api/v1",
    operations=[*SENDS, *MESSAGES, *ACCOUNT, *WEBHOOKS],
    everywhere={401: error(401), 403: error(403), 404: error(404)},
    schemes={"account": in_header("X-Account-ApiKey"), "subaccount": in_header("X-SubAccount-ApiKey")},
    security=[["account"]],
    headers={
        "X-SendPost-Public-Contract": {"required": True, "schema": words("v1", "legacy")},
        "Deprecation": {"schema": words("true")},
        "Sunset": {"schema": {"type": "string"}},
        "Link": {"schema": {"type": "string"}},
    },
)
