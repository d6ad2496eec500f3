"""turboSMTP's API v2: signing in, the account, and key pairs."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import FORM, JSON, Operation
from turbodesk.sandbox.openapi.shapes import (
    COUNT,
    EMAIL,
    TEXT,
    TRUTH,
    WALL_CLOCK,
    Shape,
    fields,
    list_of,
    only,
    thing,
    up_to,
    words,
    written,
)
from turbodesk.sandbox.openapi.turbosmtp_v2_codes import (
    NO_BODY,
    NOT_FOUND,
    NOT_SIGNED_IN,
    TOO_LARGE,
    coded,
)

_AUTH = thing({"auth": TEXT})
_SIGN_IN = fields({"email": EMAIL, "password": TEXT}, {"no_expire": TRUTH})
_IP = written(r"^\d{1,3}(\.\d{1,3}){3}$", "203.0.113.25")
_SUCCESS = thing({"message": only("success")})

_PERMISSIONS = list_of(words("SEND_SMTP", "SEND_API", "APIS"))
_KEY = thing(
    {
        "consumerKey": written("^[0-9a-f]{32}$"),
        "label": up_to(255),
        "creation_time": written(WALL_CLOCK),
        "ips": list_of(_IP),
        "is_legacy": TRUTH,
        "permissions": _PERMISSIONS,
    }
)
_NEW_KEY = fields({"label": up_to(255)}, {"permissions": _PERMISSIONS, "ips": list_of(_IP)})
_BY_TOKEN = [["token"]]
_NO_TOKEN: dict[int, Shape] = {401: coded("missing_authorization_key", "invalid_authorization_key")}

ACCOUNT = [
    Operation(
        "POST",
        "/authorize",
        "A token for an e-mail and a password.",
        {
            200: _AUTH,
            400: coded("missing_required_parameter", NO_BODY),
            401: coded("account_is_inactive"),
            403: coded("wrong_credentials_specified", "only_loopback_names_are_let_in"),
            413: TOO_LARGE,
        },
        body={JSON: _SIGN_IN, FORM: _SIGN_IN},
        security=[],
    ),
    Operation(
        "POST",
        "/deauthorize",
        "Makes a token worthless.",
        {200: thing({"message": only("token_deauthorized")}), **_NO_TOKEN},
        security=_BY_TOKEN,
    ),
    Operation(
        "GET",
        "/user/config",
        "Who is signed in; seen in clients.",
        {200: thing({"email": TEXT, "account_type": words("free", "paid")}), 401: NOT_SIGNED_IN},
    ),
    Operation(
        "GET",
        "/user/consumerKeys",
        "The key pairs, oldest first, without their secrets.",
        {200: thing({"count": COUNT, "results": list_of(_KEY)}), **_NO_TOKEN},
        security=_BY_TOKEN,
    ),
    Operation(
        "POST",
        "/user/consumerKeys",
        "A new key pair; its secret is told this once.",
        {
            201: thing(
                {"consumerKey": written("^[0-9a-f]{32}$"), "consumerSecret": written("^[A-Za-z0-9]{32}$")}
            ),
            400: coded(
                NO_BODY,
                "missing_required_parameter_label",
                "label_is_too_long",
                "invalid_permissions",
                "ip_should_be_IPV4_format",
            ),
            413: TOO_LARGE,
            **_NO_TOKEN,
        },
        body={JSON: _NEW_KEY},
        security=_BY_TOKEN,
        leads_to={"delete /user/consumerKeys/{key}": {"key": "$response.body#/consumerKey"}},
    ),
    Operation(
        "DELETE",
        "/user/consumerKeys/{key}",
        "Deletes a key pair.",
        {200: _SUCCESS, 404: coded("key_not_found", NOT_FOUND), **_NO_TOKEN},
        security=_BY_TOKEN,
    ),
]
