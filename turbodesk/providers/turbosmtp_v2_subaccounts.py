"""The accounts below a turboSMTP v2 account: calls, and what is told and heard in them.

The source of every fact is turboSMTP's v2 description; where it is silent the docstring says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType

import msgspec

from turbodesk.errors import InvalidDraft, Refused, SignInRefused
from turbodesk.model.account import Plan, Secret, SubAccount
from turbodesk.model.subaccount import Contact, NewSubAccount, SubAccountDetails
from turbodesk.providers import turbosmtp_v2_answers as heard
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Answer, Call, Garbled, JsonReader
from turbodesk.providers.http import ONCE, SIGN_IN, TOGGLE
from turbodesk.providers.paging import in_slices, read_counted_pages
from turbodesk.providers.port import Capability
from turbodesk.providers.scalars import Scalar, id_of, is_yes, limit_of, number_of, text_of, time_of
from turbodesk.providers.turbosmtp_v2_asking import Asking, in_path, read_yes
from turbodesk.providers.turbosmtp_v2_calls import PAGE, ROOT, json_of, on_page, query_of

LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        "first_name": 50,
        "last_name": 50,
        "company_name": 100,
        "address_1": 255,
        "address_2": 255,
        "zip_code": 10,
        "city": 100,
        "region": 100,
        "country": 64,
        "phone_number": 30,
        "site_url": 45,
    }
)
"""The most characters that each text of a contact may have."""

PASSWORD_LENGTH = 10
_NO_LIMIT = -1
_SUBS = f"{ROOT}/subaccounts"
_NO_ID = "This is no id of a sub-account: it is a number, as the list of sub-accounts has it."


class _Details(msgspec.Struct):
    subaccount_id: Scalar = None
    parent_id: Scalar = None
    email: Scalar = None
    active: Scalar = None
    ip: Scalar = None
    policy_agree: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    company_name: Scalar = None
    address_1: Scalar = None
    address_2: Scalar = None
    zip_code: Scalar = None
    city: Scalar = None
    region: Scalar = None
    country: Scalar = None
    phone_number: Scalar = None
    site_url: Scalar = None


class _Plan(msgspec.Struct):
    subaccount_id: Scalar = None
    active: Scalar = None
    limit: Scalar = None
    sent: Scalar = None
    last_used: Scalar = None
    plan_expiration: Scalar = None
    plan_limit_interval: Scalar = None
    expired: Scalar = None


_details = JsonReader(_Details)
_plan = JsonReader(_Plan)


class SubAccounts(Asking):
    """The accounts below one account. All of it takes an agency plan: without one Refused says so."""

    async def sub_accounts(self) -> tuple[SubAccount, ...]:
        """Pages of 1000. `GET /subaccounts/list`, turboSMTP v2, documented."""
        self._need(Capability.SUB_ACCOUNTS)
        found: list[SubAccount] = []
        pages = read_counted_pages(
            self._sub_accounts_page, page_size=PAGE, identity=lambda sub: sub.id or sub
        )
        async with contextlib.aclosing(pages):
            async for page in pages:
                found += page.rows
        return tuple(found)

    async def _sub_accounts_page(self, page: int) -> tuple[list[SubAccount], int | None]:
        """One page, empty past the end, which this list alone answers with a 404."""
        call = Call("GET", f"{_SUBS}/list", query_of(on_page(page)))
        try:
            rows, total = await self._asked(call, heard.read_sub_accounts)
        except Refused as refused:
            if "page_not_found" not in refused.words:
                raise
            return [], 0
        return await in_slices(rows), total

    async def sub_account(self, id: str) -> SubAccountDetails | None:
        """`GET /subaccounts/{Id}`, turboSMTP v2, documented."""
        self._need(Capability.SUB_ACCOUNT)
        try:
            return await self._asked(Call("GET", _path(id)), read_details)
        except Refused as refused:
            if "subaccount_not_found" not in refused.words:
                raise
            return None

    async def sub_account_plan(self, id: str) -> Plan:
        """`GET /subaccounts/{Id}/active-plan`, turboSMTP v2, documented."""
        self._need(Capability.SUB_ACCOUNT_PLANS)
        return await self._asked(Call("GET", _path(id, "active-plan")), read_plan)

    async def create_sub_account(self, new: NewSubAccount) -> str:
        """Raises InvalidDraft, by field, for what would be refused. `POST /subaccounts`, turboSMTP v2,
        documented but for what it answers."""
        self._need(Capability.CHANGE_SUB_ACCOUNTS)
        password = new.password.reveal()
        call = Call("POST", _SUBS, body=json_of(new_fields(new)), secrets=(password,), keeps_secrets=True)
        return await self._asked(call, read_created, ONCE)

    async def edit_sub_account(self, details: SubAccountDetails) -> None:
        """Every text of the contact goes, the empty ones too. Raises InvalidDraft, by field, for what would
        be refused. `PATCH /subaccounts/{Id}`, turboSMTP v2, documented but for what it answers."""
        self._need(Capability.CHANGE_SUB_ACCOUNTS)
        call = Call("PATCH", _path(details.id), body=json_of(changed_fields(details)))
        await self._asked(call, read_yes, TOGGLE)

    async def limit_sub_account(self, id: str, limit: int | None) -> Plan:
        """`POST /subaccounts/{Id}/updatesubaccountsmtplimit`, turboSMTP v2, documented."""
        self._need(Capability.CHANGE_SUB_ACCOUNTS)
        body = json_of({"limit": _NO_LIMIT if limit is None else limit})
        call = Call("POST", _path(id, "updatesubaccountsmtplimit"), body=body)
        return await self._asked(call, read_plan, TOGGLE)

    async def activate_sub_account(self, id: str, active: bool) -> Plan:
        """`POST /subaccounts/{Id}/updatesubaccountstatus`, turboSMTP v2, documented."""
        self._need(Capability.CHANGE_SUB_ACCOUNTS)
        call = Call("POST", _path(id, "updatesubaccountstatus"), body=json_of({"active": active}))
        return await self._asked(call, read_plan, TOGGLE)

    async def enter_sub_account(self, email: str) -> Secret:
        """Raises Refused where this account may not sign in as that one. `POST /subaccounts/authorize`,
        turboSMTP v2, documented."""
        self._need(Capability.ENTER_SUB_ACCOUNTS)
        call = Call("POST", f"{_SUBS}/authorize", body=json_of({"email": email}), keeps_secrets=True)
        try:
            return Secret(await self._asked(call, words.read_token, SIGN_IN))
        except SignInRefused as refused:
            if refused.status != 403:  # a 401 speaks of our own credentials
                raise
            raise Refused(
                f"turboSMTP does not let this account sign in as {email}.",
                hint="Check that it is the address of a sub-account of this account.",
                detail=refused.detail,
                field="email",
                status=refused.status,
            ) from refused


def _path(id: str, step: str = "") -> str:
    return "/".join(filter(None, (_SUBS, in_path(id, _NO_ID), step)))


# ---- told


def new_fields(new: NewSubAccount) -> dict[str, object]:
    """What makes a sub-account; texts of the contact that are empty and may be are left out. Raises
    InvalidDraft, by field. `POST /subaccounts`, turboSMTP v2, documented."""
    password = new.password.reveal()
    problems = _contact_problems(new.contact, new.policy_agreed)
    if problem := _password_problem(password):
        problems = {"password": problem, **problems}
    if problems:
        raise InvalidDraft(problems, "No sub-account was made")
    return {
        "email": new.email,
        "password": password,
        "confirm_password": password,
        "ip": new.ip,
        "policy_agree": True,
        **{name: text for name, text in asdict(new.contact).items() if text},
    }


def changed_fields(details: SubAccountDetails) -> dict[str, object]:
    """What changes a sub-account. Raises InvalidDraft, by field. `PATCH /subaccounts/{Id}`, turboSMTP v2,
    documented."""
    if problems := _contact_problems(details.contact, details.policy_agreed):
        raise InvalidDraft(problems, "Nothing was changed")
    return {"ip": details.ip, "policy_agree": True, **asdict(details.contact)}


def _contact_problems(contact: Contact, agreed: bool | None) -> dict[str, str]:
    problems = {
        name: f"turboSMTP takes at most {LENGTHS[name]} characters here; these are {len(text)}."
        for name, text in asdict(contact).items()
        if len(text) > LENGTHS[name]
    }
    for name, what in (("first_name", "first name"), ("last_name", "last name")):
        if not getattr(contact, name).strip():
            problems[name] = f"turboSMTP wants the {what} of whoever the sub-account is for."
    if not agreed:
        problems["policy_agreed"] = "turboSMTP wants its policy agreed to by whoever the sub-account is for."
    return problems


def _password_problem(password: str) -> str:
    """Which of the rules of passwords this one does not keep, empty where it keeps them all."""
    lacking = [
        what
        for what, kept in (
            (f"{PASSWORD_LENGTH} characters", len(password) >= PASSWORD_LENGTH),
            ("a capital letter", any(map(str.isupper, password))),
            ("a small letter", any(map(str.islower, password))),
            ("a digit", any(map(str.isdigit, password))),
        )
        if not kept
    ]
    return f"turboSMTP takes a password with at least {', '.join(lacking)}." if lacking else ""


# ---- heard


def read_details(answer: Answer) -> SubAccountDetails:
    """Who a sub-account belongs to. `GET /subaccounts/{Id}`, turboSMTP v2, documented."""
    row = _details(answer.body)
    id = id_of(row.subaccount_id)
    if not id:
        raise Garbled("a sub-account without an id")
    return SubAccountDetails(
        id,
        text_of(row.email),
        is_yes(row.active),
        text_of(row.ip),
        Contact(**{name: text_of(getattr(row, name)) for name in LENGTHS}),
        is_yes(row.policy_agree),
        id_of(row.parent_id),
    )


def read_plan(answer: Answer) -> Plan:
    """What a sub-account may send; its id is that of the account. Times come without a zone and none can be
    asked for, so UTC is assumed. `GET /subaccounts/{Id}/active-plan` and what changes it, turboSMTP v2,
    documented."""
    row = _plan(answer.body)
    id, sent, limit = id_of(row.subaccount_id), number_of(row.sent), number_of(row.limit)
    if not id or limit is None:
        raise Garbled("a plan without an id or a limit")
    return Plan(
        id,
        limit_of(limit),
        sent or 0,
        text_of(row.plan_limit_interval),
        time_of(row.plan_expiration),
        time_of(row.last_used),
        is_yes(row.expired),
        is_yes(row.active),
    )


def read_created(answer: Answer) -> str:
    """The id of the new sub-account, empty where it is not told. `POST /subaccounts`, turboSMTP v2; that it
    answers the details is not documented."""
    return id_of(_details(answer.body).subaccount_id)
