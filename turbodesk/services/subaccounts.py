"""The accounts below this one: seen, made, changed, limited, suspended; and what they had before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import AddressValueError, IPv4Address

from turbodesk.errors import InvalidDraft, NoConnection, NotOffered, ProviderBroken, Refused, TurbodeskError
from turbodesk.model.account import Plan, Secret, SubAccount
from turbodesk.model.message import Address, AddressError
from turbodesk.model.subaccount import Agency, Contact, NewSubAccount, SubAccountDetails
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.made_once import made_once

CONTACT_FIELDS = tuple(each.name for each in fields(Contact))
AGENCY_FIELDS = ("name", "website", "footer")

_NOTHING_MADE, _NOTHING_CHANGED = "No sub-account was made", "Nothing was changed"
_PERHAPS = "It may have been done nevertheless: look at the list before you try again."


@dataclass(frozen=True, slots=True)
class Seen:
    """One account below this one; `details` and `plan` are None where the provider does not tell them."""

    sub: SubAccount
    details: SubAccountDetails | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What one account might send before a change and may send now: `undo` puts it back."""

    id: str
    before: Plan
    after: Plan


@dataclass(frozen=True, slots=True)
class DetailsChange:
    """Who an account belonged to, or what it was called, before a change and now."""

    before: SubAccountDetails
    after: SubAccountDetails


@dataclass(frozen=True, slots=True)
class AgencyChange:
    """What accounts below were shown of the one above before a change, and are now."""

    before: Agency
    after: Agency


class SubAccountsService:
    """The accounts below that of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._provider = desk.provider

    async def find(self, named: str) -> SubAccount:
        """The account of this id, e-mail address or name, letter case aside; raises InvalidDraft where there
        is none, or where several are called so."""
        wanted = named.strip()
        subs = await self._provider.sub_accounts()
        if by_id := [sub for sub in subs if sub.id == wanted]:
            return by_id[0]
        wanted = wanted.casefold()
        found = [sub for sub in subs if wanted and wanted in (sub.email.casefold(), sub.name.casefold())]
        if len(found) == 1:
            return found[0]
        ids = ", ".join(sub.id for sub in found)
        says = f"Several sub-accounts are called {named!r}: say which id, {ids}." if found else ""
        raise InvalidDraft(
            {"sub-account": says or f"There is no sub-account {named!r}; the list of them shows which."},
            _NOTHING_CHANGED,
        )

    async def show(self, named: str) -> Seen:
        """Everything that the provider tells of one account, found as `find` does."""
        sub = await self.find(named)
        has = self._desk.has
        details = await self._provider.sub_account(sub.id) if has(Capability.SUB_ACCOUNT) else None
        plan = await self._provider.sub_account_plan(sub.id) if has(Capability.SUB_ACCOUNT_PLANS) else None
        return Seen(sub, details, plan)

    # ---- what it may send

    async def limit(self, id: str, limit: int | None) -> PlanChange:
        """Sets how much an account may send, None for no limit. What it had before comes back too, and what
        the provider has now, which need not be what was wished. Raises InvalidDraft for less than nothing."""
        if limit is not None and limit < 0:
            problem = "A limit is 0 or more messages; leave it out for none."
            raise InvalidDraft({"limit": problem}, _NOTHING_CHANGED)
        return await self._set(
            id,
            lambda: self._provider.limit_sub_account(id, limit),
            lambda plan: plan.limit == limit,
        )

    async def suspend(self, id: str) -> PlanChange:
        """Keeps an account from sending, until `resume`."""
        return await self._activate(id, False)

    async def resume(self, id: str) -> PlanChange:
        """Lets an account send again."""
        return await self._activate(id, True)

    async def undo(self, change: PlanChange) -> PlanChange:
        """Puts back what a change changed. Raises Refused where somebody has changed it again since."""
        before, after = change.before, change.after
        now = await self._provider.sub_account_plan(change.id)
        undone = PlanChange(change.id, now, now)
        if before.limit != after.limit:
            _check_untouched("The limit", now.limit == after.limit)
            undone = await self.limit(change.id, before.limit)
        if before.active != after.active:
            _check_untouched("Whether it may send", now.active == after.active)
            undone = replace(await self._activate(change.id, before.active), before=undone.before)
        return undone

    async def _activate(self, id: str, active: bool) -> PlanChange:
        return await self._set(
            id,
            lambda: self._provider.activate_sub_account(id, active),
            lambda plan: plan.active == active,
        )

    async def _set(
        self, id: str, ask: Callable[[], Awaitable[Plan]], is_set: Callable[[Plan], bool]
    ) -> PlanChange:
        if not self._desk.has(Capability.CHANGE_SUB_ACCOUNTS):
            await ask()  # it says why not, and nothing is asked
        before = await self._provider.sub_account_plan(id)
        try:
            after = await ask()
        except (NoConnection, ProviderBroken) as error:
            after = await self._truth(id, error)
            if not is_set(after):
                raise
        return PlanChange(id, before, after)

    async def _truth(self, id: str, error: TurbodeskError) -> Plan:
        """What the account has after a change whose answer was lost; raises `error` where nobody tells."""
        try:
            return await self._provider.sub_account_plan(id)
        except TurbodeskError:
            raise error from None

    # ---- who it belongs to

    @property
    def named(self) -> bool:
        """Whether accounts are made of a name alone, renamed and removed, rather than of an e-mail address
        and a contact."""
        return self._desk.has(Capability.NAME_SUB_ACCOUNTS)

    async def create(self, new: NewSubAccount) -> str:
        """Makes an account, and never a second one: where the answer is lost it is looked for in the list.
        Its id comes back, empty where the provider does not show it yet.

        Raises InvalidDraft, by field, for what makes no sense or is there already.
        """
        if self.named:
            return await self._create_named(replace(new, name=new.name.strip()))
        if not self._desk.has(Capability.CHANGE_SUB_ACCOUNTS):
            return await self._provider.create_sub_account(new)  # it says why not, and nothing is asked
        self._refuse_name(new.name, _NOTHING_MADE)
        email = _email(new.email)
        problems = {} if email else {"email": f"{new.email!r} is no e-mail address."}
        if not new.email.strip():
            problems["email"] = "Give the new sub-account an e-mail address."
        if not new.password:
            problems["password"] = "Give the new sub-account a password."  # noqa: S105
        if not _is_ipv4(new.ip):
            problems["ip"] = _no_ipv4(new.ip)
        if not problems and await self._id_of(email):
            problems["email"] = f"There is a sub-account {email} already."
        elif not problems and await self._exists_elsewhere(email):
            problems["email"] = (
                f"There is an account {email} at the provider already: choose another address."
            )
        if problems:
            raise InvalidDraft(problems, _NOTHING_MADE)
        new = replace(new, email=email)
        return await made_once(
            lambda: self._provider.create_sub_account(new),
            lambda: self._id_of(email),
        )

    async def _exists_elsewhere(self, email: str) -> bool:
        """Whether the provider knows of an account of this address; no where it does not tell."""
        try:
            return await self._provider.email_exists(email)
        except (NotOffered, Refused, ProviderBroken):
            return False

    async def _create_named(self, new: NewSubAccount) -> str:
        if new.name:
            await self._check_free(new.name, "", _NOTHING_MADE)
        return await made_once(
            lambda: self._provider.create_sub_account(new),
            lambda: self._id_of_name(new.name),
        )

    async def _id_of(self, email: str) -> str:
        subs = await self._provider.sub_accounts()
        return next((sub.id for sub in subs if sub.email.casefold() == email.casefold()), "")

    async def _id_of_name(self, name: str) -> str:
        subs = await self._provider.sub_accounts()
        return next((sub.id for sub in subs if sub.name.casefold() == name.casefold()), "")

    async def _check_free(self, name: str, own: str, nothing: str) -> None:
        if await self._id_of_name(name) not in ("", own):
            raise InvalidDraft({"name": f"There is a sub-account {name} already."}, nothing)

    def _refuse_name(self, name: str, nothing: str) -> None:
        if name and self._desk.has(Capability.CHANGE_SUB_ACCOUNTS):
            raise InvalidDraft({"name": "Sub-accounts have no name here: leave it out."}, nothing)

    async def rename(self, id: str, name: str) -> DetailsChange:
        """Gives an account another name. Raises InvalidDraft for one that makes no sense or is another's,
        NotOffered where accounts have none."""
        name = name.strip()
        if not self.named:
            self._refuse_name(name, _NOTHING_CHANGED)
            await self._provider.edit_sub_account(SubAccountDetails(id, "", True, name=name))  # says why not
        before = await self._details(id)
        if name:
            await self._check_free(name, id, _NOTHING_CHANGED)
        try:
            await self._provider.edit_sub_account(replace(before, name=name))
        except (NoConnection, ProviderBroken) as error:
            after = await self._looked_again(id, error)
            if after is None or after.name != name:
                raise
            return DetailsChange(before, after)
        return DetailsChange(before, await self._details(id))

    async def remove(self, id: str) -> None:
        """Takes an account away for good, with its keys; asked once, and looked for where the answer is
        lost."""
        try:
            await self._provider.delete_sub_account(id)
        except (NoConnection, ProviderBroken) as error:
            if await self._looked_again(id, error) is not None:
                raise

    async def _looked_again(self, id: str, error: TurbodeskError) -> SubAccountDetails | None:
        """What there is of an account after an answer was lost; raises `error` where nobody tells."""
        try:
            return await self._provider.sub_account(id)
        except TurbodeskError:
            error.hint = f"{error.hint} {_PERHAPS}".strip()
            raise error from None

    async def edit(self, id: str, texts: Mapping[str, str], *, ip: str = "") -> DetailsChange:
        """Changes the texts that are named as in CONTACT_FIELDS and, where one is given, the IP address; the
        rest stays. Raises InvalidDraft, by field, for what makes no sense."""
        problems = {name: "There is no such field." for name in texts if name not in CONTACT_FIELDS}
        if ip and not _is_ipv4(ip):
            problems["ip"] = _no_ipv4(ip)
        if problems:
            raise InvalidDraft(problems, _NOTHING_CHANGED)
        before = await self._details(id)
        wanted = replace(before, contact=replace(before.contact, **texts), ip=ip or before.ip)
        await self._provider.edit_sub_account(wanted)
        return DetailsChange(before, await self._details(id))

    async def _details(self, id: str) -> SubAccountDetails:
        found = await self._provider.sub_account(id)
        if found is None:
            problem = f"There is no sub-account {id}; the list of them shows which."
            raise InvalidDraft({"sub-account": problem}, _NOTHING_CHANGED)
        return found

    # ---- what they are shown of the account above

    async def agency(self) -> Agency:
        """As it is now."""
        return await self._provider.agency()

    async def edit_agency(self, texts: Mapping[str, str]) -> AgencyChange:
        """Changes the texts that are named as in AGENCY_FIELDS; the rest stays. Raises InvalidDraft, by
        field, for what makes no sense."""
        if problems := {name: "There is no such field." for name in texts if name not in AGENCY_FIELDS}:
            raise InvalidDraft(problems, _NOTHING_CHANGED)
        before = await self._provider.agency()
        await self._provider.edit_agency(replace(before, **texts))
        return AgencyChange(before, await self._provider.agency())

    async def enter(self, email: str) -> Secret:
        """A token that signs in as the account of this address. It is a secret: with it somebody may do
        whatever its owner may."""
        return await self._provider.enter_sub_account(email.strip())


def _check_untouched(what: str, untouched: bool) -> None:
    if not untouched:
        raise Refused(
            f"{what} was changed again since, so it is left as it is.",
            hint="Look at the sub-account, and set it as you want it.",
        )


def _email(text: str) -> str:
    try:
        return Address.parse(text).email
    except AddressError:
        return ""


def _no_ipv4(text: str) -> str:
    if not text.strip():
        return "Name one of the IP addresses of this account."
    return f"{text!r} is no IPv4 address: name one of those of this account."


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
