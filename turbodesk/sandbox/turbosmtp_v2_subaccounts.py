"""turboSMTP's API v2: the accounts below the main one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from turbodesk.sandbox.addresses import is_address
from turbodesk.sandbox.state import INACTIVE_USER, USER, State
from turbodesk.sandbox.tokens import Tokens
from turbodesk.sandbox.turbosmtp_account import (
    ACCOUNT_ID,
    CONTACT_LENGTHS,
    IPS,
    NO_LIMIT,
    SubAccount,
    SubAccounts,
)
from turbodesk.sandbox.turbosmtp_v2_questions import (
    Asked,
    Coded,
    body_fields,
    id_in_path,
    ipv4_of,
    whole_of,
)
from turbodesk.sandbox.wire import Answer, text_of

_NEWEST = {  # the name a parameter has today for the one it had before
    "filterByEmail": "filter_by_email",
    "filterByActive": "filter_by_active",
    "filterByIP": "filter_by_ip",
    "orderby": "order_by",
}
_PASSWORD_LENGTH = 10
_NEEDED = ("email", "first_name", "last_name", "password", "confirm_password", "ip")


class Entered:
    """The tokens of those who sign in as an account below the main one.

    All mail and every list here is one account's, so they open what the main account's tokens do, but for the
    accounts below: these come with a plan that accounts below have not.
    """

    def __init__(self, state: State, *, life_s: float, size_bytes: int) -> None:
        self._subs = SubAccounts(state)
        self._state, self._life_s, self._size_bytes = state, life_s, size_bytes

    def issue(self, sub: SubAccount) -> str:
        """A new token."""
        return self._tokens(sub).issue(forever=False)

    def whose(self, token: str) -> SubAccount | None:
        """None where the token is nobody's, or no longer good."""
        return next((sub for sub in self._subs.all() if self._tokens(sub).is_good(token)), None)

    def revoke(self, token: str) -> None:
        if (sub := self.whose(token)) is not None:
            self._tokens(sub).revoke(token)

    def _tokens(self, sub: SubAccount) -> Tokens:
        api = f"v2 as {sub.id} "
        return Tokens(self._state, api, life_s=self._life_s, size_bytes=self._size_bytes)


class SubAccountPages:
    """`/subaccounts`; all raise Coded. A password is looked at and forgotten: nobody signs in with it."""

    def __init__(self, state: State, entered: Entered) -> None:
        self._state = state
        self._entered = entered
        self._subs = SubAccounts(state)

    async def page(self, request: Request) -> Response:
        """Both spellings of every parameter are good."""
        asked = Asked.in_query(request).renamed(_NEWEST)
        page, limit = asked.page()
        email = asked.text("filter_by_email").lower()
        active = asked.truth("filter_by_active", "filter_by_active_should_be_boolean")
        ips = {ipv4_of(text_of(value)) for value in asked.values("filter_by_ip") if value}
        order = asked.one_of("order_by", ("email", "last_used"), "order_by_can_only_be_email_or_last_used")
        found = [
            {**self._plan(sub), "email": sub.email}
            for sub in self._subs.all()
            if email in sub.email.lower() and active in (None, sub.active) and (not ips or sub.ip in ips)
        ]
        found.sort(key=lambda row: str(row[order] or ""), reverse=asked.descending())
        rows = found[(page - 1) * limit : page * limit]
        if not rows and page > 1:
            raise Coded("page_not_found", 404)
        return Answer({"count": len(found), "results": rows})

    async def one(self, request: Request) -> Response:
        return Answer(_details(self._sub(request)))

    async def plan(self, request: Request) -> Response:
        return Answer(self._plan(self._sub(request)))

    async def create(self, request: Request) -> Response:
        fields = await body_fields(request)
        for name in _NEEDED:
            if not text_of(fields.get(name)).strip():
                raise Coded(f"missing_required_parameter_{name}")
        email, password = text_of(fields["email"]).strip(), text_of(fields["password"])
        if not is_address(email):
            raise Coded("invalid_mail_address")
        if self._is_taken(email):
            raise Coded("email_is_already_in_use")
        _check_password(password)
        if password != text_of(fields["confirm_password"]):
            raise Coded("password_should_equal_confirm_password")
        sub = SubAccount(
            self._subs.new_id(), email, True, _own_ip(fields), 0, NO_LIMIT, "Monthly", 5, None,
            contact=_contact(fields), policy_agree=_agreed(fields),
        )  # fmt: skip
        self._subs.keep(sub)
        return Answer(_details(sub), 201)

    async def email_exists(self, request: Request) -> Response:
        email = request.query_params.get("Email", "").strip()
        if not email:
            raise Coded("missing_required_parameter_email")
        return Answer({"result": self._is_taken(email)})

    def _is_taken(self, email: str) -> bool:
        taken = {USER, INACTIVE_USER, *(sub.email.lower() for sub in self._subs.all())}
        return email.lower() in taken

    async def edit(self, request: Request) -> Response:
        """Texts that are left out stay as they were."""
        fields = await body_fields(request)
        sub = self._sub(request)
        for name in ("first_name", "last_name", "ip"):
            if not text_of(fields.get(name)).strip():
                raise Coded(f"missing_required_parameter_{name}")
        sub = sub._replace(
            ip=_own_ip(fields),
            contact={**sub.contact, **_contact(fields)},
            policy_agree=_agreed(fields),
        )
        self._subs.keep(sub)
        return Answer(_details(sub))

    async def limit(self, request: Request) -> Response:
        given = (await body_fields(request)).get("limit")
        sub = self._sub(request)
        if given in (None, ""):
            raise Coded("missing_required_parameter_limit")
        limit = whole_of(given, "limit")
        if limit > self._subs.limit_above():
            raise Coded("limit_should_not_be_higher_than_parent_account_limit")
        if limit < NO_LIMIT:
            raise Coded(f"limit_should_not_be_lower_than_{NO_LIMIT}")
        return self._kept(sub._replace(limit=limit))

    async def status(self, request: Request) -> Response:
        asked = await Asked.in_body(request)
        sub = self._sub(request)
        active = asked.truth("active", "active_should_be_boolean")
        if active is None:
            raise Coded("missing_required_parameter_active")
        return self._kept(sub._replace(active=active))

    async def authorize(self, request: Request) -> Response:
        email = text_of((await body_fields(request)).get("email")).strip().lower()
        if not email:
            raise Coded("missing_required_parameter_email")
        found = next((sub for sub in self._subs.all() if sub.email.lower() == email), None)
        if found is None or not found.active:
            raise Coded("wrong_credentials_specified", 403)
        return Answer({"auth": self._entered.issue(found)})

    def _sub(self, request: Request) -> SubAccount:
        """As it is now: whoever writes it back has nothing to wait for in between."""
        sub = self._subs.one(id_in_path(request, "subaccount_not_found"))
        if sub is None:
            raise Coded("subaccount_not_found", 404)
        return sub

    def _kept(self, sub: SubAccount) -> Response:
        self._subs.keep(sub)
        return Answer(self._plan(sub))

    def _plan(self, sub: SubAccount) -> dict[str, object]:
        now = datetime.fromtimestamp(self._state.now(), UTC)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        used = None if sub.idle_days is None else today - timedelta(days=sub.idle_days)
        ends = today.replace(month=1, day=1, year=today.year + (0 if sub.expired else 1))
        return {
            "subaccount_id": sub.id,
            "parent_id": ACCOUNT_ID,
            "active": sub.active,
            "ip": sub.ip,
            "limit": sub.limit,
            "sent": sub.sent,
            "last_used": used and f"{used:%Y-%m-%d %H:%M:%S}",
            "plan_expiration": f"{ends:%Y-%m-%d %H:%M:%S}",
            "plan_limit_interval": sub.interval,
            "expired": sub.expired,
        }


def _details(sub: SubAccount) -> dict[str, object]:
    return {
        "subaccount_id": sub.id,
        "parent_id": ACCOUNT_ID,
        "email": sub.email,
        "active": sub.active,
        "ip": sub.ip,
        "policy_agree": sub.policy_agree,
        **{name: sub.contact.get(name, "") for name in CONTACT_LENGTHS},
    }


def _own_ip(fields: Mapping[str, object]) -> str:
    ip = ipv4_of(text_of(fields.get("ip")))
    if ip not in IPS:
        raise Coded("ip_not_associated_to_user_account")
    return ip


def _agreed(fields: Mapping[str, object]) -> bool:
    if fields.get("policy_agree") not in (True, "true"):
        raise Coded("policy_agree_should_be_true")
    return True


def _contact(fields: Mapping[str, object]) -> dict[str, str]:
    contact = {name: text_of(fields[name]).strip() for name in CONTACT_LENGTHS if name in fields}
    for name, text in contact.items():
        if len(text) > CONTACT_LENGTHS[name]:
            raise Coded(f"{name}_should_be_shorter_than_{CONTACT_LENGTHS[name]}_characters")
    return contact


def _check_password(password: str) -> None:
    if len(password) < _PASSWORD_LENGTH:
        raise Coded(f"password_length_should_not_be_less_than_{_PASSWORD_LENGTH}_characters")
    for kept, what in (
        (str.isupper, "uppercase_character"),
        (str.islower, "lowercase_character"),
        (str.isdigit, "digit"),
    ):
        if not any(map(kept, password)):
            raise Coded(f"password_should_contain_at_least_one_{what}")
