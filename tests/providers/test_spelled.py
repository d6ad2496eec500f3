"""A dry run is what a send says, to the byte, without its secrets; and nothing of it leaves."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.providers.conftest import Script, answer
from turbodesk.errors import InvalidDraft, TurbodeskError
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.model.request import Spelled
from turbodesk.providers import open_provider
from turbodesk.providers.gateway import Gateway

SECRETS = {
    "turbosmtp-v1": {Credential.PASSWORD: Secret("S3cret-one")},
    "turbosmtp-v2": {
        Credential.CONSUMER_KEY: Secret("S3cret-two"),
        Credential.CONSUMER_SECRET: Secret("S3cret-three"),
    },
    "sendpost": {Credential.SUBACCOUNT_KEY: Secret("S3cret-four")},
}
NAMES = {
    "S3cret-one": "<PASSWORD>",
    "S3cret-two": "<CONSUMER_KEY>",
    "S3cret-three": "<CONSUMER_SECRET>",
    "S3cret-four": "<SUBACCOUNT_KEY>",
}
FORMS = [
    ("turbosmtp-v1", "v2"),
    ("turbosmtp-v1", "v1"),
    ("turbosmtp-v1", "beta"),
    ("turbosmtp-v2", "fields"),
    ("turbosmtp-v2", "mime"),
    ("sendpost", ""),
]


def letter(**more: Any) -> Message:
    fields: dict[str, Any] = {
        "sender": Address("me@example.com"),
        "to": (Address("ann@example.com"), Address("bob@example.org")),
        "bcc": (Address("blind@example.com"),),
        "subject": "Grüße, 100 %",
        "text": "Hello\n'quoted' \"twice\" $HOME `id` \\ end",
        "html": "<p>Hello</p>",
        "headers": (Header("X-Order", "17"),),
        "attachments": (Attachment.of_bytes("guide.bin", bytes(range(256)) * 4),),
        "key": "td-aaaaaaaaaaaaaaaaaaaaaaaaaa",
    }
    return Message(**{**fields, **more})


async def _nothing() -> None:
    pass


def both(name: str, form: str) -> tuple[Spelled, Script, int]:
    """What is spelled, what is really asked, and how many connections the first of them made."""

    async def go() -> tuple[Spelled, Script, int]:
        async with Script([answer({})]).serve() as script:
            gateway = Gateway()
            profile = Profile(
                "test",
                name,
                user="me@example.com",
                api_url=script.origin,
                send_url=script.origin,
                send_form=form,
            )
            provider = open_provider(profile, SECRETS[name], gateway)
            spelled = await provider.spelled(letter())
            before = script.connections
            try:
                await provider.send(letter(), _nothing)
            except TurbodeskError:
                pass  # the script answers nonsense; what was asked is what counts
            finally:
                await gateway.aclose()
            return spelled, script, before

    return asyncio.run(go())


def unnamed(text: str) -> str:
    """With the names of secrets where the secrets are, and one boundary and date for all."""
    for secret, name in NAMES.items():
        text = text.replace(secret, name)
    text = re.sub(r"=_[0-9a-f]{32}|%3D_[0-9a-f]{32}", "BOUNDARY", text)
    return re.sub(r"Date: [^\\\r%]+|Date%3A[^%]*(%(?!0D)..[^%]*)*", "DATE", text)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_what_is_spelled_is_what_is_sent(name: str, form: str) -> None:
    spelled, script, before = both(name, form)
    assert before == 0, "nothing is connected for it"
    (seen,) = script.seen
    assert (spelled.method, spelled.url) == (seen.method, script.origin + seen.target)
    sent = [(key, unnamed(value)) for key, value in seen.headers.items()]
    told = [(key.lower(), value) for key, value in spelled.headers]
    lengths = ("content-length",)  # the names are shorter or longer than the secrets
    assert [it for it in told if it[0] not in lengths] == [
        it for it in sent if it[0] not in (*lengths, "connection")
    ]
    assert unnamed(spelled.body.decode()) == unnamed(seen.body.decode())
    everything = repr(spelled)
    assert not any(secret in everything for secret in NAMES)
    assert any(marker in everything for marker in NAMES.values())


def test_a_relay_is_told_line_by_line() -> None:
    async def go() -> Spelled:
        gateway = Gateway()
        profile = Profile("test", "smtp", user="me", smtp_host="smtp.example.com")
        provider = open_provider(profile, {Credential.PASSWORD: Secret("S3cret-five")}, gateway)
        try:
            return await provider.spelled(letter())
        finally:
            await gateway.aclose()

    spelled = asyncio.run(go())
    assert spelled.url == "smtp://smtp.example.com:587"
    assert spelled.commands == (
        "EHLO [127.0.0.1]",
        "STARTTLS",
        "EHLO [127.0.0.1]",
        "AUTH PLAIN <USER AND PASSWORD>",
        "MAIL FROM:<me@example.com>",
        "RCPT TO:<ann@example.com>",
        "RCPT TO:<bob@example.org>",
        "RCPT TO:<blind@example.com>",
        "DATA",
    )
    assert b"blind@example.com" not in spelled.body and b"S3cret" not in spelled.body
    assert b"X-Turbodesk-ID: td-aaaa" in spelled.body


@pytest.mark.parametrize("name", SECRETS)
def test_what_the_wire_cannot_carry_is_not_spelled(name: str) -> None:
    async def go() -> None:
        gateway = Gateway()
        provider = open_provider(Profile("test", name), SECRETS[name], gateway)
        with pytest.raises(InvalidDraft):
            await provider.spelled(letter(headers=(Header("Bcc: evil@example.com, y", "v"),)))
        await gateway.aclose()

    asyncio.run(go())
