"""SendPost's sub-accounts: listed, made, renamed, taken away. Keys that stand in answers are not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import msgspec

from turbodesk.errors import InvalidDraft, Refused
from turbodesk.model.account import SubAccount
from turbodesk.model.subaccount import Contact, NewSubAccount, SubAccountDetails
from turbodesk.providers import sendpost_answers as heard
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers.exchange import Body, Call
from turbodesk.providers.http import ONCE, TOGGLE
from turbodesk.providers.sendpost_keys import KeyedClient

LONGEST_NAME = 100

_NOTHING_MADE, _NOTHING_CHANGED = "No sub-account was made", "Nothing was changed"
_NO_FIELD = "SendPost's sub-accounts have a name and nothing else. Leave it out."
_OUR_WORDS = {
    403: ("name", "There is a sub-account of this name at SendPost already.", "Choose another name."),
    404: ("id", "There is no such sub-account.", "List the sub-accounts to see their ids."),
    406: (
        "id",
        "SendPost does not take this sub-account away: it is the default one, or there is none of this id.",
        "List the sub-accounts to see which there are.",
    ),
}


class SubAccounts:
    """The sub-accounts of one account. Every answer about them holds secrets, so none is quoted."""

    def __init__(self, client: KeyedClient) -> None:
        self._client = client

    async def all(self) -> tuple[SubAccount, ...]:
        """Every one, in the provider's order."""
        call = Call("GET", said.SUB_ACCOUNTS, keeps_secrets=True)
        return await self._client.all(call, heard.read_sub_accounts)

    async def one(self, id: str) -> SubAccountDetails | None:
        """None where there is none of this id."""
        try:
            return await self._client.ask(_call("GET", id), heard.read_sub_account)
        except Refused as refused:
            if refused.status in said.NOT_THERE:
                return None
            raise

    async def make(self, new: NewSubAccount) -> str:
        """The id of the new one. Raises InvalidDraft, by field, for what the wire cannot carry."""
        call = Call("POST", said.SUB_ACCOUNTS, body=named(new), keeps_secrets=True)
        try:
            return (await self._client.ask(call, heard.read_sub_account, ONCE)).id
        except Refused as refused:
            raise _in_our_words(refused) from refused

    async def rename(self, details: SubAccountDetails) -> None:
        """Gives it the name that is there. Raises InvalidDraft, by field, as `make` does."""
        call = replace(_call("PUT", details.id), body=renamed(details))
        try:
            await self._client.ask(call, heard.read_sub_account, TOGGLE)
        except Refused as refused:
            raise _in_our_words(refused) from refused

    async def remove(self, id: str) -> None:
        """Takes it away. The default one stays."""
        try:
            await self._client.ask(_call("DELETE", id), heard.read_yes, ONCE)
        except Refused as refused:
            raise _in_our_words(refused) from refused


def _call(method: str, id: str) -> Call:
    return Call(method, f"{said.SUB_ACCOUNTS}{said.step(id)}", keeps_secrets=True)


def named(new: NewSubAccount) -> Body:
    """What makes a sub-account. Raises InvalidDraft, by field. `POST /account/subaccount/`, SendPost,
    documented."""
    surplus = {"email": new.email, "password": new.password, "ip": new.ip}
    _check_nothing_else(surplus, new.contact, _NOTHING_MADE)
    return _body(new.name, _NOTHING_MADE)


def renamed(details: SubAccountDetails) -> Body:
    """What changes a sub-account. Raises InvalidDraft, by field. `PUT /account/subaccount/{id}`, SendPost,
    documented."""
    _check_nothing_else({"ip": details.ip}, details.contact, _NOTHING_CHANGED)
    return _body(details.name, _NOTHING_CHANGED)


def _check_nothing_else(given: Mapping[str, object], contact: Contact, nothing: str) -> None:
    if problems := {field: _NO_FIELD for field, what in {**given, **asdict(contact)}.items() if what}:
        raise InvalidDraft(problems, nothing)


def _body(name: str, nothing: str) -> Body:
    name = name.strip()
    if not name:
        raise InvalidDraft({"name": "SendPost wants a name for the sub-account."}, nothing)
    if len(name) > LONGEST_NAME:
        problem = f"SendPost takes a name of at most {LONGEST_NAME} characters; this one has {len(name)}."
        raise InvalidDraft({"name": problem}, nothing)
    try:
        return Body(said.JSON, msgspec.json.encode({"name": name}))
    except UnicodeEncodeError:
        problem = "The name holds half a character, which can't be sent."
        raise InvalidDraft({"name": problem}, nothing) from None


def _in_our_words(refused: Refused) -> Refused:
    """The same no in a sentence of ours, where a person can do something about it."""
    if refused.status not in _OUR_WORDS:
        return refused
    field, says, hint = _OUR_WORDS[refused.status]
    words, detail, status = refused.words, refused.detail, refused.status
    return Refused(says, words=words, hint=hint, detail=detail, field=field, status=status)
