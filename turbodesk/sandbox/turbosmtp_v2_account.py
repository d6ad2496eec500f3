"""turboSMTP's API v2: the account, the accounts below it, and its key pairs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.state import USER, State
from turbodesk.sandbox.times import wall_clock
from turbodesk.sandbox.turbosmtp_account import ACCOUNT_ID, SUB_ACCOUNTS, SubAccount
from turbodesk.sandbox.turbosmtp_v2_keys import PERMISSIONS, KeyPair, KeyRing
from turbodesk.sandbox.turbosmtp_v2_questions import Asked, Coded, body_fields
from turbodesk.sandbox.wire import Answer, text_of

_LABEL_LIMIT = 255
_NEWEST = {  # the name a parameter has today for the one it had before
    "filterByEmail": "filter_by_email",
    "filterByActive": "filter_by_active",
    "filterByIP": "filter_by_ip",
    "orderby": "order_by",
}


class Account:
    """`/user/config`, `/user/consumerKeys` and `/subaccounts/list`; all raise Coded."""

    def __init__(self, state: State, keys: KeyRing) -> None:
        self._state = state
        self._keys = keys

    async def config(self, request: Request) -> Response:
        return Answer({"email": USER, "account_type": "paid"})

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
        key, secret = self._keys.create(label, tuple(_ip(text) for text in ips), permissions)
        return Answer({"consumerKey": key, "consumerSecret": secret}, 201)

    async def delete_key(self, request: Request) -> Response:
        if not self._keys.delete(request.path_params["key"]):
            raise Coded("key_not_found", 404)
        return Answer({"message": "success"})

    async def sub_accounts(self, request: Request) -> Response:
        """Both spellings of every parameter are good."""
        asked = Asked.in_query(request).renamed(_NEWEST)
        page, limit = asked.page()
        email = asked.text("filter_by_email").lower()
        active = asked.truth("filter_by_active", "filter_by_active_should_be_boolean")
        ips = {_ip(text_of(value)) for value in asked.values("filter_by_ip") if value}
        order = asked.one_of("order_by", ("email", "last_used"), "order_by_can_only_be_email_or_last_used")
        found = [
            self._sub_account(sub)
            for sub in SUB_ACCOUNTS
            if email in sub.email and active in (None, sub.active) and (not ips or sub.ip in ips)
        ]
        found.sort(key=lambda row: str(row[order] or ""), reverse=asked.descending())
        rows = found[(page - 1) * limit : page * limit]
        if not rows and page > 1:
            raise Coded("page_not_found", 404)
        return Answer({"count": len(found), "results": rows})

    def _sub_account(self, sub: SubAccount) -> dict[str, object]:
        now = datetime.fromtimestamp(self._state.now(), UTC)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        used = None if sub.idle_days is None else today - timedelta(days=sub.idle_days)
        ends = today.replace(month=1, day=1, year=today.year + (0 if sub.expired else 1))
        return {
            "subaccount_id": sub.id,
            "parent_id": ACCOUNT_ID,
            "email": sub.email,
            "active": sub.active,
            "ip": sub.ip,
            "limit": sub.limit,
            "sent": sub.sent,
            "last_used": used and f"{used:%Y-%m-%d %H:%M:%S}",
            "plan_expiration": f"{ends:%Y-%m-%d %H:%M:%S}",
            "plan_limit_interval": sub.interval,
            "expired": sub.expired,
        }


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


def _ip(text: str) -> str:
    try:
        return str(IPv4Address(text.strip()))
    except AddressValueError:
        raise Coded("ip_should_be_IPV4_format") from None
