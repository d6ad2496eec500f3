"""Marked secrets in every credential field, everything done with them, and then a search for the marks."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.cli.conftest import environment
from turbodesk.errors import TurbodeskError
from turbodesk.model.account import SANDBOXES, Credential, Credentials, Profile, Secret
from turbodesk.model.message import Address, Attachment, Message
from turbodesk.model.reports import ALL_TIME, ReportType, Suppressing
from turbodesk.providers import PROVIDERS
from turbodesk.providers.port import Provider
from turbodesk.sandbox.server import Endpoints, SandboxServer
from turbodesk.services.desk import API, SMTP
from turbodesk.vault import MemoryVault
from turbodesk.workplace import SECRET_VARIABLES, Workplace, sandbox_profile

MARKERS = {it: f'M4rk/{it.value}+"\\ä7351' for it in Credential}
HEADER_SAFE = {it: f'M4rk/{it.value}+"\\7351' for it in Credential}


def shapes(secret: str) -> set[bytes]:
    """Every way in which a secret may be written down."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote(secret).encode(), quote_plus(secret).encode()}
    found |= {json.dumps(secret)[1:-1].encode(), json.dumps(secret, ensure_ascii=False)[1:-1].encode()}
    found |= {repr(secret)[1:-1].encode(), repr(raw)[2:-1].encode()}
    for before in range(3):  # Base64 writes the same bytes in three ways, by where they begin
        whole = base64.b64encode(b"\0" * before + raw)
        found.add(whole[-(-before * 4 // 3) + (before > 0) : (before + len(raw)) * 4 // 3])
    return {shape for shape in found if len(shape) > 8}


@pytest.fixture(autouse=True)
def _without_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turbodesk.providers.http.BACKOFF_S", 0.001)


@pytest.fixture(scope="module")
def there() -> Iterator[Endpoints]:
    server = SandboxServer(history_rows=50)
    try:
        yield server.start()
    finally:
        server.stop()


class Told:
    """Everything that was said while the secrets were in use."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog, self._errors = caplog, [""]

    async def of(self, work: Callable[[], Any]) -> None:
        """Does it to its end; what is raised is remembered with all its causes and all of its members."""
        try:
            found = work()
            if isinstance(found, Awaitable):
                found = await found
            elif hasattr(found, "__aiter__"):
                async for _ in found:
                    pass
            self._errors.append(repr(found))
        except TurbodeskError as error:
            self._errors.append("".join(traceback.format_exception(error)))
            cause: BaseException | None = error
            while cause is not None:
                self._errors.append(f"{cause!r} {cause} {vars(cause)} {cause.args}")
                cause = cause.__cause__ or cause.__context__

    @property
    def bytes(self) -> bytes:
        return "\n".join([*self._errors, self._caplog.text]).encode()


def message() -> Message:
    return Message(
        Address("me@example.com"),
        (Address("you@example.org"),),
        "Subject",
        "Text",
        attachments=(Attachment.of_bytes("a.txt", b"x" * 5000),),
    )


def questions(provider: Provider) -> list[Callable[[], Any]]:
    """Everything that can be asked of a provider but its sends."""
    some = ["nobody@example.org"]
    return [
        provider.sign_in,
        provider.check,
        provider.account,
        provider.plans,
        provider.sub_accounts,
        lambda: provider.sub_account("1"),
        lambda: provider.enter_sub_account("shop@example.com"),
        lambda: provider.limit_sub_account("1", 5),
        provider.alerts,
        lambda: provider.remove_alert("1"),
        provider.keys,
        provider.domains,
        provider.tracking_tools,
        lambda: provider.create_key("marked"),
        lambda: provider.revoke_key("no-such-key"),
        lambda: provider.reports(ReportType.BOUNCE, ALL_TIME),
        lambda: provider.reports_csv(ReportType.BOUNCE, ALL_TIME),
        lambda: provider.delete_reports(ReportType.BOUNCE, ["1"]),
        lambda: provider.stats(ALL_TIME),
        lambda: provider.count_stats(ALL_TIME),
        lambda: provider.stats_csv(ALL_TIME),
        lambda: provider.daily_counts(ALL_TIME),
        lambda: provider.message("1475205839938715648"),
        lambda: provider.suppressions(Suppressing()),
        lambda: provider.import_suppressions(some),
        lambda: provider.delete_suppressions(some),
        provider.sign_out,
    ]


async def everything(place: Workplace, profile: Profile, credentials: Credentials, told: Told) -> None:
    """Keeps the account, asks all that can be asked, sends by every way."""
    with contextlib.suppress(TurbodeskError):
        await place.keep(profile, credentials)
    desk = place.desk_with(profile, credentials)
    outbox = await place.outbox(desk)
    for ask in questions(desk.provider):
        await told.of(ask)
    for way in (API, SMTP):
        await told.of(lambda way=way: outbox.send(message(), way))
    if desk.relay:
        await told.of(desk.relay.check)
    await told.of(lambda: _repr(desk, credentials, profile))
    await desk.aclose()


async def _repr(*things: object) -> str:
    return " ".join(map(repr, things))


@contextlib.asynccontextmanager
async def echoing(requests: list[bytes]) -> AsyncIterator[str]:
    """A host that answers every request with all that was asked, as a chatty error page does."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            requests.append(head.split(b"\r\n")[0])
            status = (b"500 X", b"400 X", b"200 OK")[len(requests) % 3]
            length = re.search(rb"(?i)content-length: (\d+)", head)
            asked = await reader.readexactly(int(length[1])) if length else b""
            body = b"<pre>" + head + asked + b"</pre>"
            writer.write(
                b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                % (status, len(body))
                + body
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(it.relative_to(directory)): it.read_bytes() for it in directory.rglob("*") if it.is_file()}


def search(places: dict[str, bytes], secrets: set[str]) -> list[tuple[str, bytes]]:
    wanted = {shape for secret in secrets for shape in shapes(secret)}
    return [(name, shape) for name, content in places.items() for shape in wanted if shape in content]


def test_the_search_finds_every_shape() -> None:
    secret = MARKERS[Credential.PASSWORD]
    written = {
        "raw": secret.encode(),
        "base64": base64.b64encode(secret.encode()),
        "plain login": base64.b64encode(b"\0owner@example.com\0" + secret.encode()),
        "url": b"https://x/?password=" + quote_plus(secret).encode(),
        "json": json.dumps({"password": secret}).encode(),
        "repr": repr({"password": secret}).encode(),
    }
    assert {name for name, _ in search(written, {secret})} == set(written)
    assert search({"other": b"nothing of the kind" * 99}, {secret}) == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_right_secrets_are_nowhere_but_on_the_wire(
    there: Endpoints, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = Told(caplog)
    profile, credentials = sandbox_profile(Profile("mine", name), there)

    async def go() -> None:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}) as place:
            await everything(place, profile, credentials, told)

    asyncio.run(go())
    secrets = {it.reveal() for it in credentials.values()} - {"sandbox"}  # that one is a word of the page
    assert search({**files_of(tmp_path), "told": told.bytes}, secrets) == []


@pytest.mark.parametrize("marked", ["any", "ascii"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_wrong_secrets_are_nowhere_whatever_the_other_side_says(
    there: Endpoints, name: str, marked: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told, lines = Told(caplog), list[bytes]()
    texts = MARKERS if marked == "any" else HEADER_SAFE
    credentials = {it: Secret(texts[it]) for it in PROVIDERS[name].credentials}
    profile, _ = sandbox_profile(Profile("mine", name), there)

    async def go() -> None:
        async with (
            Workplace(tmp_path, vault=MemoryVault(), environment={}) as place,
            echoing(lines) as origin,
        ):
            await everything(place, profile, credentials, told)
            if profile.api_url:
                elsewhere = replace(profile, api_url=origin, send_url=origin, name="elsewhere")
                await everything(place, elsewhere, credentials, told)

    asyncio.run(go())
    everywhere = {**files_of(tmp_path), "told": told.bytes, "request lines": b"\n".join(lines)}
    assert search(everywhere, set(texts.values())) == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_command_line_keeps_and_prints_none(name: str, tmp_path: Path) -> None:
    import subprocess
    import sys

    config, output = tmp_path / "config", []
    secrets = {it: MARKERS[it] for it in PROVIDERS[name].credentials}
    given = {SECRET_VARIABLES[it]: text for it, text in secrets.items()}
    origin = () if name == "smtp" else ("--api-url", "http://127.0.0.1:9")
    relay = ("--host", "127.0.0.1", "--port", "9", "--tls", "none", "--user", "me")
    add = ("profile", "add", "mine", "--provider", name, *origin, *relay)
    send = ("send", "--from", "me@example.com", "--to", "you@example.org", "--text", "x", "--json")
    commands: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (add, {}),
        (("profile", "test", "mine", "--json"), given),
        (("--profile", "mine", *send), given),
        (("--profile", "mine", "reports", "list", "--json"), given),
        (("profile", "list", "--json"), given),
    ]
    for words, env in commands:
        done = subprocess.run(
            [sys.executable, "-m", "turbodesk.cli", "--config-dir", str(config), *words],
            input="\n".join(secrets.values()) + "\n",
            capture_output=True,
            text=True,
            env=environment(tmp_path, **env),
            timeout=60,
            check=False,
        )
        output.append(done.stdout + done.stderr)
    assert all(output)
    assert search({**files_of(config), "output": "".join(output).encode()}, set(secrets.values())) == []


def test_the_built_in_profiles_keep_no_secret(tmp_path: Path) -> None:
    async def go() -> set[str]:
        async with Workplace(tmp_path, vault=MemoryVault(), environment={}, history_rows=10) as place:
            for name in SANDBOXES:
                desk = await place.desk(name)
                await (await place.outbox(desk)).send(message())
                await desk.aclose()
            assert place.endpoints is not None
            _, credentials = sandbox_profile(Profile("x", "turbosmtp-v2"), place.endpoints)
            return {credentials[Credential.CONSUMER_SECRET].reveal()}

    secrets = asyncio.run(go())
    ours = {name: content for name, content in files_of(tmp_path).items() if "sandbox" not in name}
    assert ours
    assert search(ours, secrets) == []
