"""TokenClient, questions with a token that e-mail and password fetch, as both of turboSMTP's APIs have it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from turbodesk.errors import SignInRefused
from turbodesk.model.account import Secret
from turbodesk.providers import turbosmtp_words as words
from turbodesk.providers.exchange import Answer, Body, Call
from turbodesk.providers.gateway import Download
from turbodesk.providers.http import READ, SIGN_IN, TOGGLE, ApiClient, Manner
from turbodesk.providers.token import TokenKeeper

T = TypeVar("T")


class TokenClient:
    """One conversation with a token. It is fetched when first needed, and renewed once when it is no longer
    taken.

    `sign_in_body` makes what asks for one out of the password; `root` is the path before `/authorize` and
    `/deauthorize`.
    """

    def __init__(
        self, client: ApiClient, root: str, password: Secret, sign_in_body: Callable[[str], Body]
    ) -> None:
        self._client, self._root = client, root
        self._password, self._sign_in_body = password, sign_in_body
        self._token = TokenKeeper(self._authorize)

    async def sign_in(self) -> None:
        """Fetches a token. `POST …/authorize`, both APIs, documented."""
        await self._token.renew()

    async def sign_out(self) -> None:
        """Gives the token back where there is one; it is dropped here whatever the answer is. A token that is
        not known any more is as good as given back. `POST …/deauthorize`, both APIs, documented."""
        if (token := await self._token.take()) is not None:
            call = self._with_token(Call("POST", f"{self._root}/deauthorize"), token)
            with contextlib.suppress(SignInRefused):
                await self._client.ask(call, words.read_nothing, manner=TOGGLE)

    async def aclose(self) -> None:
        """Forgets the token. Nothing is asked."""
        await self._token.aclose()

    async def ask(self, call: Call, decode: Callable[[Answer], T], manner: Manner = READ) -> T:
        """What `decode` makes of the answer; raises as ApiClient.ask does."""
        return await self._token.during(
            lambda token: self._client.ask(self._with_token(call, token), decode, manner=manner)
        )

    async def download(self, call: Call) -> Download:
        """An export, its bytes still to come; raises as ApiClient.download does."""
        return await self._token.during(lambda token: self._client.download(self._with_token(call, token)))

    async def _authorize(self) -> Secret:
        password = self._password.reveal()
        body = self._sign_in_body(password)
        call = Call("POST", f"{self._root}/authorize", body=body, secrets=(password,), keeps_secrets=True)
        return Secret(await self._client.ask(call, words.read_token, manner=SIGN_IN))

    def _with_token(self, call: Call, token: Secret) -> Call:
        """The call with the bare token in its header, without a word like Bearer before it."""
        secrets = (*call.secrets, token.reveal(), self._password.reveal())
        return replace(call, headers=(("Authorization", token.reveal()),), secrets=secrets)
