"""turboSMTP's API v2: sending, and everything else of it."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import document, in_header
from turbodesk.sandbox.openapi.shapes import WHOLE, only, thing
from turbodesk.sandbox.openapi.turbosmtp_sends import LOGIN, send, send_body
from turbodesk.sandbox.openapi.turbosmtp_v2_account import ACCOUNT
from turbodesk.sandbox.openapi.turbosmtp_v2_codes import coded
from turbodesk.sandbox.openapi.turbosmtp_v2_lists import LISTS
from turbodesk.sandbox.openapi.turbosmtp_v2_subaccounts import ALERTS, SUB_ACCOUNTS
from turbodesk.sandbox.openapi.turbosmtp_v2_validation import VALIDATION

DOCUMENT = document(
    "The sandbox's turboSMTP API v2",
    "What the sandbox answers unless it was told to fail.",
    base="/api/v2",
    operations=[
        *ACCOUNT,
        *SUB_ACCOUNTS,
        *ALERTS,
        *LISTS,
        *VALIDATION,
        send(
            "/mail/send",
            "Takes a letter in, from a key pair or from an e-mail and a password.",
            thing({"message": only("OK"), "mid": WHOLE}),
            parameters=LOGIN,
            body=send_body(marks=True),
            security=[["key", "secret"], []],
            leads_to={"get /analytics/{id}": {"id": "$response.body#/mid"}},
        ),
    ],
    everywhere={403: coded("only_loopback_names_are_let_in")},
    schemes={
        "key": in_header("consumerKey"),
        "secret": in_header("consumerSecret"),
        "token": in_header("Authorization"),
    },
    security=[["key", "secret"], ["token"]],
)
