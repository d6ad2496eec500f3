"""SendPost's two keys, and the conversation in which each opens its own paths and no others."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from turbodesk.errors import NotOffered, Refused, SignInRefused
from turbodesk.model.account import NO_SECRET, Credential, Credentials, Secret, Unlocked
from turbodesk.model.request import Spelled
from turbodesk.providers import sendpost_calls as said
from turbodesk.providers.exchange import Answer, Call
from turbodesk.providers.http import READ, ApiClient, Manner
from turbodesk.providers.paging import unseen
from turbodesk.providers.port import Capability, WireMark
from turbodesk.providers.sendpost_objections import read_notice
from turbodesk.providers.sendpost_rows import read_rows

CONTRACT = ("X-SendPost-Public-Contract", "v1")

T = TypeVar("T")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Key:
    """One of the two keys: the header it travels in, the paths that ask for it, a short question that tries
    it, and what it unlocks."""

    credential: Credential
    name: str
    header: str
    paths: str
    trial: str
    unlocks: tuple[Capability, ...]


SUB_ACCOUNT = Key(
    Credential.SUBACCOUNT_KEY,
    "sub-account key",
    "X-SubAccount-ApiKey",
    "/api/v1/subaccount",
    said.DOMAINS,
    (
        Capability.SEND,
        Capability.GROUPS,
        Capability.CHOOSE_TRACKING,
        Capability.FIELDS,
        Capability.TEMPLATES,
        Capability.REPORTS,
        Capability.DELETE_REPORTS,
        Capability.SUPPRESSIONS,
        Capability.DOMAINS,
    ),
)
ACCOUNT = Key(
    Credential.ACCOUNT_KEY,
    "account key",
    "X-Account-ApiKey",
    "/api/v1/account",
    said.SUB_ACCOUNTS,
    (
        Capability.STATS,
        Capability.COUNTS,
        Capability.MESSAGE,
        Capability.SUB_ACCOUNTS,
        Capability.SUB_ACCOUNT,
        Capability.NAME_SUB_ACCOUNTS,
        Capability.LOOK_UP,
        Capability.WEBHOOKS,
    ),
)
KEYS = (SUB_ACCOUNT, ACCOUNT)


def key_for(capability: Capability) -> Key | None:
    """The key that unlocks it, None where neither does."""
    return next((key for key in KEYS if capability in key.unlocks), None)


class KeyedClient:
    """One conversation with SendPost: every call goes with the one key its path asks for.

    `noticed` is told where SendPost says that the shape of its answers will go.
    """

    def __init__(
        self, client: ApiClient, credentials: Credentials, *, noticed: Callable[[str], None]
    ) -> None:
        self._client, self._noticed = client, noticed
        self._secrets = {key: credentials.get(key.credential, NO_SECRET) for key in KEYS}

    @property
    def known(self) -> tuple[Key, ...]:
        """The keys that are known, in the form's order."""
        return tuple(key for key in KEYS if self._secrets[key])

    @property
    def offers(self) -> frozenset[Capability]:
        """What the keys that are known unlock."""
        return frozenset(what for key in self.known for what in key.unlocks)

    def require(self, capability: Capability) -> None:
        """Raises NotOffered, which names the key that is missing, where none unlocks it."""
        if capability not in self.offers and (key := key_for(capability)):
            raise missing(key)

    async def ask(self, call: Call, decode: Callable[[Answer], T], manner: Manner = READ) -> T:
        """What `decode` makes of the answer; raises as ApiClient.ask does."""
        key = _key_of(call)
        with _naming(key):
            return await self._client.ask(self._signed(call, key), self._noting(decode), manner=manner)

    async def send(self, call: Call, decode: Callable[[Answer], T], mark: WireMark) -> T:
        """Sends once; raises as ApiClient.send does. What is said to a recipient is kept for good, so
        `decode` gets the answer without the keys."""
        key = _key_of(call)
        signed, noting = self._signed(call, key), self._noting(decode)
        try:
            with _naming(key):
                return await self._client.send(
                    signed, lambda answer: noting(answer.without(signed.secrets)), mark
                )
        except Refused as refused:
            if refused.status == 403:  # elsewhere it means that there is one like it already
                refused.hint = "Look in Account whether this sub-account is blocked."
            raise

    async def spelled(self, call: Call) -> Spelled:
        """What `send` would put on the wire, the key's name where the key goes."""
        key = _key_of(call)
        headers = _headers(key, Secret(f"<{key.credential.name}>"))
        return await self._client.spelled(replace(call, headers=headers))

    async def all(self, call: Call, decode: Callable[[Answer], list[Row]]) -> tuple[Row, ...]:
        """Every row of a list that is paged without a total, each once. It ends with a page that brings
        nothing new, or is shorter than any that is not the last."""
        found: list[Row] = []
        seen: set[object] = set()
        offset = 0
        while True:
            page = await self.ask(replace(call, query=said.paged(offset)), decode)
            new = unseen(page, seen, lambda row: row)
            found += new
            offset += len(page)
            if not new or len(page) < said.LEAST_PAGE:
                return tuple(found)

    async def unlocked(self, key: Key) -> Unlocked:
        """What a key is worth, found out by a short question; one that is not taken is an answer."""
        unlocks = tuple(capability.value for capability in key.unlocks)
        if not self._secrets[key]:
            return Unlocked(key.name, None, "It is not entered.", unlocks)
        try:
            await self.prove(key)
        except SignInRefused as refused:
            return Unlocked(key.name, False, refused.says, unlocks)
        return Unlocked(key.name, True, unlocks=unlocks)

    async def prove(self, key: Key) -> None:
        """Raises SignInRefused where a key is not taken; to a question that changes nothing a 403 says that
        as well."""
        call = Call("GET", key.trial, said.paged(0, 1), keeps_secrets=True)
        try:
            await self.ask(call, read_rows)
        except Refused as refused:
            if refused.status == 403:
                raise _not_taken(key, refused) from refused
            raise

    def _signed(self, call: Call, key: Key) -> Call:
        headers = _headers(key, self._secrets[key])
        secrets = tuple(self._secrets[each].reveal() for each in self.known)
        return replace(call, headers=headers, secrets=(*call.secrets, *secrets))

    def _noting(self, decode: Callable[[Answer], T]) -> Callable[[Answer], T]:
        def noted(answer: Answer) -> T:
            if notice := read_notice(answer):
                self._noticed(notice)
            return decode(answer)

        return noted


def missing(key: Key) -> NotOffered:
    """The error of what a key would unlock that is not known."""
    return NotOffered(f"SendPost needs the {key.name} of this account for that.", hint="Enter it in Account.")


def _headers(key: Key, secret: Secret) -> tuple[tuple[str, str], ...]:
    return (("Accept", said.JSON), CONTRACT, (key.header, secret.reveal()))


def _key_of(call: Call) -> Key:
    return SUB_ACCOUNT if call.path.startswith(SUB_ACCOUNT.paths) else ACCOUNT


@contextlib.contextmanager
def _naming(key: Key) -> Iterator[None]:
    """Tells which key it was that was not taken."""
    try:
        yield
    except SignInRefused as refused:
        raise _not_taken(key, refused) from refused


def _not_taken(key: Key, refused: Refused | SignInRefused) -> SignInRefused:
    return SignInRefused(
        f"SendPost did not take the {key.name}.",
        hint="Check it in Account: SendPost has two kinds of keys, and each opens only its own.",
        detail=refused.detail,
        status=refused.status,
    )
