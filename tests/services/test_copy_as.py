"""A send copied as text does elsewhere what it does here: in a shell, as a program, as a mail file."""

from __future__ import annotations

import asyncio
import email
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from email import policy

import pytest

from turbodesk.model.account import Credential, Credentials, Profile, Secret
from turbodesk.model.inbox import CaughtMessage
from turbodesk.model.message import Address, Attachment, Header, Message
from turbodesk.model.request import Spelled
from turbodesk.providers import open_provider
from turbodesk.providers.gateway import Gateway
from turbodesk.providers.sandbox_control import SandboxControl
from turbodesk.sandbox.server import Endpoints, SandboxServer
from turbodesk.services.copy_as import as_curl, as_eml, as_python, as_text
from turbodesk.workplace import sandbox_profile

CURL = shutil.which("curl")
BLOB = bytes(range(256)) * 8
LETTER = Message(
    sender=Address("me@example.com", "Me"),
    to=(Address("ok@example.com"),),
    bcc=(Address("blind@example.com"),),
    subject="Grüße, 100 %",
    text="Hello\n'quoted' \"twice\" $HOME `id` \\n end",
    html="<p>Hello &amp; 'goodbye'</p>",
    headers=(Header("X-Order", "17"),),
    attachments=(Attachment.of_bytes("guide.bin", BLOB),),
)


@pytest.fixture(scope="module")
def there() -> Iterator[Endpoints]:
    server = SandboxServer(history_rows=0)
    try:
        yield server.start()
    finally:
        server.stop()


def spelled_of(name: str, there: Endpoints, message: Message) -> tuple[Spelled, Profile, Credentials]:
    async def go() -> tuple[Spelled, Profile, Credentials]:
        gateway = Gateway()
        profile, credentials = sandbox_profile(Profile("test", name), there)
        try:
            return await open_provider(profile, credentials, gateway).spelled(message), profile, credentials
        finally:
            await gateway.aclose()

    return asyncio.run(go())


def with_secrets(text: str, profile: Profile, credentials: Credentials) -> str:
    for credential, secret in credentials.items():
        text = text.replace(f"<{credential.name}>", secret.reveal())
    return text.replace("<USER>", profile.user)


def newest(there: Endpoints) -> CaughtMessage:
    async def go() -> CaughtMessage:
        gateway = Gateway()
        try:
            control = SandboxControl(there.inbox_url, gateway, Secret(there.control_token))
            return await control.message((await control.messages())[0].id)
        finally:
            await gateway.aclose()

    return asyncio.run(go())


@pytest.mark.skipif(not CURL, reason="there is no curl here")
@pytest.mark.parametrize("name", ["turbosmtp-v1", "turbosmtp-v2", "sendpost", "smtp"])
@pytest.mark.parametrize("size", [1, 100], ids=["small", "large"])
def test_curl_sends_the_same(name: str, size: int, there: Endpoints) -> None:
    message = replace(
        LETTER,
        key=f"td-curl{name}{size}".replace("-", "x")[:29],
        attachments=(Attachment.of_bytes("guide.bin", BLOB * size),),
    )
    spelled, profile, credentials = spelled_of(name, there, message)
    line = as_curl(spelled)
    trust = ["--cacert", profile.ca_file] if name == "smtp" else []
    line = with_secrets(line, profile, credentials).replace(
        "curl", " ".join(["curl", "-sS", "--noproxy", "'*'", *trust]), 1
    )
    done = subprocess.run(["sh"], input=line.encode(), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    check_caught(there, message)


@pytest.mark.parametrize("name", ["turbosmtp-v1", "turbosmtp-v2", "sendpost", "smtp"])
def test_python_sends_the_same(name: str, there: Endpoints) -> None:
    message = replace(LETTER, key=f"td-python{name}".replace("-", "x"))
    spelled, profile, credentials = spelled_of(name, there, message)
    program = with_secrets(as_python(spelled), profile, credentials)
    environment = (
        {**os.environ, "NO_PROXY": "*", "SSL_CERT_FILE": profile.ca_file} if name == "smtp" else None
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, env=environment, text=True
    )
    assert done.returncode == 0, done.stderr
    check_caught(there, message)


def check_caught(there: Endpoints, message: Message) -> None:
    found = newest(there)
    assert found.mail.subject == message.subject
    assert found.text.replace("\r\n", "\n").rstrip("\n") == message.text
    assert "Hello &amp; 'goodbye'" in found.html
    assert message.key in found.source, "the key of this very send"
    assert {it.address.email for it in found.mail.recipients} == {"ok@example.com", "blind@example.com"}
    assert [it.content for it in found.attachments] == [
        b"".join(it.source.slices()) for it in message.attachments
    ]


def test_a_mail_file_is_the_message() -> None:
    mail = email.message_from_bytes(as_eml(LETTER), policy=policy.default)
    assert (mail["subject"], mail["to"], mail["bcc"]) == (LETTER.subject, "ok@example.com", None)
    assert (mail["x-order"], mail["from"]) == ("17", "Me <me@example.com>")
    body = mail.get_body(("plain",))
    assert body is not None and body.get_content().replace("\r\n", "\n").rstrip("\n") == LETTER.text
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("guide.bin", BLOB)


def test_to_read_long_base64_is_cut_short(there: Endpoints) -> None:
    for name in ("turbosmtp-v2", "smtp"):
        spelled, _, _ = spelled_of(name, there, replace(LETTER, key="td-" + "a" * 26))
        text = as_text(spelled)
        assert "characters of Base64)" in text and len(text) < len(spelled.body)
        assert ("MAIL FROM:<me@example.com>" in text) == (name == "smtp")
        assert ("consumerKey: <CONSUMER_KEY>" in text) == (name == "turbosmtp-v2")
    assert Credential.PASSWORD.name == "PASSWORD", "the names that stand where secrets go"
