"""turboSMTP's API v2: the account and its key pairs."""

from __future__ import annotations

from datetime import UTC

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.state import USER, State
from turbodesk.sandbox.times import wall_clock
from turbodesk.sandbox.turbosmtp_v2_keys import PERMISSIONS, KeyPair, KeyRing
from turbodesk.sandbox.turbosmtp_v2_questions import Coded, body_fields, ipv4_of
from turbodesk.sandbox.wire import Answer, text_of, told

ENTERED = "entered"
"""What a request's state has the account below under whose token it came."""

_LABEL_LIMIT = 255


class Account:
    """`/user/config` and `/user/consumerKeys`; all raise Coded."""

    def __init__(self, state: State, keys: KeyRing) -> None:
        self._state = state
        self._keys = keys

    async def config(self, request: Request) -> Response:
        """Not documented."""
        if told(request, "hidden_off"):
            raise Coded("not_found", 404)
        below = getattr(request.state, ENTERED, None)
        return Answer({"email": below.email if below else USER, "account_type": "paid"})

    async def keys(self, request: Request) -> Response:
        pairs = self._keys.pairs()
        return Answer({"count": len(pairs), "results": [_key(pair) for pair in pairs]})

    async def create_key(self, request: Request) -> Response:
        """Without permissions it may do everything. The secret is told here and never again."""
        fields = await body_fields(request)
        label = text_of(fields.get("label")).strip()
        if not label:
            raise Coded("missing_required_parameter_label")
        if len(label) > _LABEL_LIMIT:
            raise Coded("label_is_too_long")
        permissions = _texts(fields.get("permissions"), "invalid_permissions") or PERMISSIONS
        if not set(permissions) <= set(PERMISSIONS):
            raise Coded("invalid_permissions")
        ips = _texts(fields.get("ips"), "ip_should_be_IPV4_format")
        key, secret = self._keys.create(label, tuple(ipv4_of(text) for text in ips), permissions)
        return Answer({"consumerKey": key, "consumerSecret": secret}, 201)

    async def delete_key(self, request: Request) -> Response:
        if not self._keys.delete(request.path_params["key"]):
            raise Coded("key_not_found", 404)
        return Answer({"message": "success"})


def _key(pair: KeyPair) -> dict[str, object]:
    return {
        "consumerKey": pair.key,
        "label": pair.label,
        "creation_time": wall_clock(int(pair.created * 1000), UTC),
        "ips": list(pair.ips),
        "is_legacy": pair.is_legacy,
        "permissions": list(pair.permissions),
    }


def _texts(given: object, code: str) -> tuple[str, ...]:
    """The texts of a list, each once and in order; nothing where it is null."""
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Coded(code)
    return tuple(dict.fromkeys(given))
