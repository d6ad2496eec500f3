"""The SMTP relay against servers that behave, misbehave and lie, over real sockets and real TLS."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import re
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.smtp_script import (
    CA,
    OTHER_CA,
    MailServer,
    Reply,
    close,
    deaf,
    hang,
    late,
    server_context,
    spellings,
)
from turbodesk.errors import (
    FileTrouble,
    InvalidDraft,
    NoConnection,
    NotOffered,
    OutcomeUnknown,
    Refused,
    SignInRefused,
    StoreTrouble,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.message import Address, Attachment, BytesSource, Header, Message
from turbodesk.model.outcome import SendResult, SendState, Verdict, state_of
from turbodesk.model.reports import ALL_TIME
from turbodesk.providers import open_provider, smtp_relay, smtp_session
from turbodesk.providers.port import Capability
from turbodesk.providers.relay_presets import OTHER, PRESETS, preset_of
from turbodesk.providers.smtp_relay import SmtpRelay

USER, PASSWORD = "default@117.sendpost.io", "S3cr3t pässw\\ord+/=&"


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return str(path)


def relay(gateway: Any, port: int, *, user: str = USER, password: str = PASSWORD, **more: Any) -> SmtpRelay:
    fields = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "user": user, **more}
    found = open_provider(Profile("test", "smtp", **fields), {Credential.PASSWORD: Secret(password)}, gateway)
    assert isinstance(found, SmtpRelay)
    return found


@contextlib.asynccontextmanager
async def opened(
    tools: Any, server: MailServer, *, gateway: dict[str, Any] | None = None, **more: Any
) -> AsyncIterator[SmtpRelay]:
    """A relay that talks to `server`, in the way that this one speaks TLS."""
    async with server.serve(), tools.gateway(**(gateway or {})) as way_out:
        provider = relay(way_out, server.port, smtp_tls=server.tls, **more)
        try:
            yield provider
        finally:
            await provider.aclose()


def met(
    tools: Any, server: MailServer, message: Message | None = None, **more: Any
) -> tuple[SendResult | TurbodeskError, int]:
    """What a send comes to, and how often its mark was awaited."""
    marks = tools.Marks()

    async def go() -> SendResult | TurbodeskError:
        async with opened(tools, server, **more) as provider:
            try:
                return await provider.send(message or tools.message(), marks)
            except TurbodeskError as error:
                return error

    return asyncio.run(go()), marks.count


def told(error: BaseException) -> str:
    """Everything that an error and what led to it say."""
    found = "".join(traceback.format_exception(error))
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
        found += f"{error!r} {vars(error)}"
    return found


def holds_login(text: bytes) -> bool:
    return any(spelling in text for spelling in spellings(USER, PASSWORD))


# ---- what works


@pytest.mark.parametrize(
    "login", ["AUTH PLAIN LOGIN", "AUTH LOGIN", "AUTH=LOGIN PLAIN", "AUTH PLAIN\r\n250-AUTH=LOGIN"]
)
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_letter_goes_out_encrypted_and_signed_in(tools: Any, ca_file: str, tls: str, login: str) -> None:
    server = MailServer(tls, server_context(), login=login)
    result, marked = met(tools, server, tools.message(bcc=(Address("bcc@example.net"),)), ca_file=ca_file)
    assert isinstance(result, SendResult)
    assert [(it.address.email, it.verdict, it.provider_id, it.words) for it in result.outcomes] == [
        ("you@example.org", Verdict.ACCEPTED, "4fA-7.b", "250 2.0.0 Ok: queued as 4fA-7.b"),
        ("bcc@example.net", Verdict.ACCEPTED, "4fA-7.b", "250 2.0.0 Ok: queued as 4fA-7.b"),
    ]
    assert (result.provider_id, result.note, marked) == ("4fA-7.b", "", 1)
    assert not holds_login(bytes(server.clear)) and b"example.org" not in server.clear
    assert spellings(USER, PASSWORD)[1 if "PLAIN" in login else 3] in server.secure
    assert server.verbs[-1] == "QUIT"
    (mail,) = server.mails
    assert b"Message-ID: <td-abc@example.com>\r\n" in mail and b"X-Turbodesk-ID: td-abc\r\n" in mail
    assert b"bcc@example.net" not in mail


def test_what_is_said_before_the_letter_has_its_order_and_its_size(tools: Any, ca_file: str) -> None:
    server = MailServer("starttls", server_context(), login="AUTH LOGIN")
    met(tools, server, tools.message(text="ü"), ca_file=ca_file)
    size = len(server.mails[0])
    assert server.commands == [
        "EHLO [127.0.0.1]",
        "STARTTLS",
        "EHLO [127.0.0.1]",
        "AUTH LOGIN",
        f"MAIL FROM:<me@example.com> SIZE={size} BODY=8BITMIME",
        "RCPT TO:<you@example.org>",
        "DATA",
        "QUIT",
    ]


def test_without_a_login_nobody_signs_in(tools: Any) -> None:
    server = MailServer()
    result, _ = met(tools, server, user="", password="")
    assert isinstance(result, SendResult) and "AUTH" not in server.verbs


def test_a_server_without_extensions_gets_a_plain_mail(tools: Any) -> None:
    server = MailServer(extensions=(), login="AUTH PLAIN")
    met(tools, server, tools.message(text="Grüße"))
    assert "MAIL FROM:<me@example.com>" in server.commands
    assert server.mails[0].isascii()


def test_a_real_server_takes_it_over_starttls_with_an_attachment(
    tools: Any, ca_file: str, heard: list[str]
) -> None:
    taken: list[Any] = []

    class Keeps:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            taken.append(envelope)
            return "250 OK id=1abc-0002"

    def session() -> SMTP:
        return SMTP(
            Keeps(),
            tls_context=server_context(),
            require_starttls=True,
            auth_required=True,
            authenticator=lambda *_: AuthResult(success=True),
        )

    data = bytes(range(256)) * 20_000

    async def go() -> SendResult:
        server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
        async with tools.gateway() as gateway:
            port = server.sockets[0].getsockname()[1]
            provider = relay(gateway, port, smtp_host="localhost", smtp_tls="starttls", ca_file=ca_file)
            message = tools.message(attachments=(Attachment.of_bytes("all.bin", data),), text="ü\n.\n")
            result = await provider.send(message, tools.Marks())
            await provider.aclose()
            server.close()
            await server.wait_closed()
            return result

    result = asyncio.run(go())
    heard[:] = [line for line in heard if "login_data is deprecated" not in line]  # aiosmtpd's own
    assert result.provider_id == "1abc-0002"
    (envelope,) = taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("me@example.com", ["you@example.org"])
    from email import message_from_bytes
    from email.policy import default

    mail = message_from_bytes(envelope.content, policy=default)
    (file,) = mail.iter_attachments()  # type: ignore[attr-defined]
    assert file.get_payload(decode=True) == data


def test_checking_says_what_the_server_offers(tools: Any, ca_file: str) -> None:
    async def go(server: MailServer, **more: Any) -> Any:
        async with opened(tools, server, ca_file=ca_file, **more) as provider:
            found = await provider.check()
            await provider.sign_in()
            return found[0], provider.wire_limit_bytes

    offered = ("SIZE 26214400", "8BITMIME")
    found, limit = asyncio.run(go(MailServer("starttls", server_context(), extensions=offered)))
    assert (found.taken, found.unlocks) == (True, ("inline images", "send"))
    assert found.words == "It takes mails of up to 26,214,400 bytes, with 8BITMIME and without SMTPUTF8."
    assert limit == 26_214_400
    found, limit = asyncio.run(go(MailServer(extensions=()), user="", password=""))
    assert (found.credential, found.taken) == ("connection without a login", True)
    assert (found.words[:27], limit) == ("It takes mails of any size,", 25_000_000)


def test_checking_a_wrong_password_is_an_answer_and_signing_in_an_error(tools: Any) -> None:
    async def go() -> None:
        server = MailServer(replies={"AUTH": [b"535 5.7.8 no\r\n"]})
        async with opened(tools, server) as provider:
            (found,) = await provider.check()
            assert found.taken is False and "did not take" in found.words
            with pytest.raises(SignInRefused):
                await provider.sign_in()
            assert server.verbs.count("AUTH") == 2  # never by a second way: that may lock the account

    asyncio.run(go())


def test_it_offers_sending_and_says_so_of_the_rest(tools: Any) -> None:
    async def go() -> None:
        async with tools.gateway() as gateway:
            provider = relay(gateway, 25)
            assert provider.offers == {Capability.SEND, Capability.INLINE_IMAGES}
            with pytest.raises(NotOffered):
                await provider.count_reports(None, ALL_TIME)  # type: ignore[arg-type]
            for more in ({"groups": ("a",)}, {"track_opens": True}, {"fields": (("a", "b"),)}):
                with pytest.raises(InvalidDraft):
                    provider.check_message(tools.message(**more))

    asyncio.run(go())


# ---- connections


def test_each_letter_has_a_connection_of_its_own_unless_slots_are_kept(tools: Any) -> None:
    async def go(slots: int) -> int:
        server = MailServer()
        async with opened(tools, server, gateway={"slots": slots}) as provider:
            for _ in range(3):
                await provider.send(tools.message(), tools.Marks())
        assert len(server.mails) == 3
        return server.connections

    assert asyncio.run(go(0)) == 3
    assert asyncio.run(go(2)) == 1


def test_ten_at_once_never_share_a_connection(tools: Any) -> None:
    async def go() -> MailServer:
        server = MailServer()
        async with opened(tools, server, gateway={"slots": 2}) as provider:
            await asyncio.gather(*(provider.send(tools.message(), tools.Marks()) for _ in range(10)))
        return server

    server = asyncio.run(go())
    assert (len(server.mails), server.connections) == (10, 10)


@pytest.mark.parametrize("end", [b"421 4.4.2 idle\r\n", close])
def test_a_kept_connection_that_is_gone_is_replaced_before_the_mark(tools: Any, end: Reply) -> None:
    async def go() -> tuple[MailServer, int]:
        server, marks = MailServer(replies={"MAIL": [b"250 ok\r\n", end, b"250 ok\r\n"]}), tools.Marks()
        async with opened(tools, server, gateway={"slots": 1}) as provider:
            for _ in range(2):
                await provider.send(tools.message(), marks)
        return server, marks.count

    server, marked = asyncio.run(go())
    assert (len(server.mails), server.connections, marked) == (2, 2, 2)


def test_a_connection_that_rested_too_long_is_left(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_relay, "SLOT_IDLE_S", 0.01)

    async def go() -> None:
        server = MailServer()
        async with opened(tools, server, gateway={"slots": 1}) as provider:
            await provider.send(tools.message(), tools.Marks())
            async with asyncio.timeout(5):
                while "QUIT" not in server.verbs:
                    await asyncio.sleep(0.01)
            await provider.send(tools.message(), tools.Marks())
        assert server.connections == 2

    asyncio.run(go())


@pytest.mark.parametrize("quit", [close, hang, b"500 what?\r\n", b"221"])
def test_nobody_waits_for_a_goodbye(tools: Any, quit: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_session, "QUIT_S", 0.05)
    result, _ = met(tools, MailServer(replies={"QUIT": [quit]}))
    assert isinstance(result, SendResult)


# ---- TLS


SECURE = {
    "self-made authority": lambda: server_context(ca=OTHER_CA),
    "wrong name": lambda: server_context(("other.example",)),
    "expired": lambda: server_context(expired=True),
}


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("fault", SECURE)
def test_a_bad_certificate_sees_no_login(tools: Any, ca_file: str, tls: str, fault: str) -> None:
    server = MailServer(tls, SECURE[fault]())
    error, marked = met(tools, server, ca_file=ca_file)
    assert isinstance(error, NoConnection) and "certificate" in error.says
    assert marked == 0 and not holds_login(server.heard) and b"MAIL" not in server.heard


def test_without_the_file_only_the_system_is_believed(tools: Any) -> None:
    server = MailServer("starttls", server_context())
    error, _ = met(tools, server)
    assert isinstance(error, NoConnection) and "certificate" in error.says
    assert not holds_login(server.heard)


def test_old_tls_is_not_spoken(tools: Any, ca_file: str) -> None:
    import ssl
    import warnings

    context = server_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = MailServer("tls", context)
    error, marked = met(tools, server, ca_file=ca_file)
    assert isinstance(error, NoConnection) and marked == 0 and not holds_login(server.heard)


STRIPPED: dict[str, tuple[dict[str, Any], str]] = {
    "not offered": ({"offers_tls": False}, "does not offer STARTTLS; nothing was sent"),
    "454": ({"replies": {"STARTTLS": [b"454 4.7.0 TLS not available\r\n"]}}, "TLS not available"),
    "502": ({"replies": {"STARTTLS": [b"502 no\r\n"]}}, "turned Turbodesk away"),
    "250 and no TLS": ({"replies": {"STARTTLS": [b"250 ok, go on\r\n"]}}, "makes no sense"),
    "closes": ({"replies": {"STARTTLS": [close]}}, ""),
    "clear text in place of TLS": ({"replies": {"STARTTLS": [b"220 go\r\n", b""]}}, ""),
}


@pytest.mark.parametrize("fault", STRIPPED)
def test_starttls_is_never_gone_without(
    tools: Any, ca_file: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "DATA_S", 0.3)
    more, words = STRIPPED[fault]
    signing_in = ("SIZE 5000", "AUTH PLAIN LOGIN")  # offered in clear, which must not help
    server = MailServer("starttls", server_context(), extensions=signing_in, **more)
    error, marked = met(tools, server, ca_file=ca_file)
    assert isinstance(error, NoConnection | Throttled) and words in error.says
    assert marked == 0 and not holds_login(server.heard)
    assert not {"AUTH", "MAIL"}.intersection(server.verbs)


def test_what_is_put_in_behind_starttls_is_dropped(tools: Any, ca_file: str) -> None:
    injected = b"220 go\r\n250-mail.example\r\n250 AUTH XINJECTED\r\n"
    server = MailServer(
        "starttls", server_context(), replies={"STARTTLS": [injected], "injects": [b""]}, login="AUTH PLAIN"
    )
    result, _ = met(tools, server, ca_file=ca_file)
    assert isinstance(result, SendResult) and not holds_login(bytes(server.clear))
    assert [it.split(" ")[1] for it in server.commands if it.startswith("AUTH")] == ["PLAIN"]


def test_what_was_offered_in_clear_is_forgotten(tools: Any, ca_file: str) -> None:
    after = b"250-mail.example\r\n250 8BITMIME\r\n"
    server = MailServer(
        "starttls", server_context(), replies={"EHLO tls": [after]}, extensions=("AUTH PLAIN", "SIZE 5")
    )
    error, marked = met(tools, server, ca_file=ca_file)
    assert isinstance(error, NoConnection) and "no way to sign in" in error.says
    assert marked == 0 and not holds_login(server.heard)


def test_tls_on_a_clear_port_and_the_other_way_round(
    tools: Any, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "REPLY_S", 0.3)

    async def go(server: MailServer, tls: str) -> TurbodeskError:
        async with server.serve(), tools.gateway() as gateway:
            provider = relay(gateway, server.port, smtp_tls=tls, ca_file=ca_file)
            with pytest.raises(NoConnection) as caught:
                await provider.send(tools.message(), tools.Marks())
            await provider.aclose()
            assert not holds_login(server.heard)
            return caught.value

    asyncio.run(go(MailServer(), "tls"))
    asyncio.run(go(MailServer("tls", server_context()), "starttls"))


def test_without_tls_it_talks_to_this_computer_only(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with tools.gateway() as gateway:
            with pytest.raises(InvalidDraft):
                relay(gateway, 25, smtp_host="mail.example")
            # A name that looks like this computer may still lead elsewhere.
            monkeypatch.setattr(smtp_session.Session, "is_loopback", property(lambda _: False))
            server = MailServer()
            async with server.serve():
                provider = relay(gateway, server.port)
                with pytest.raises(NoConnection, match="another computer"):
                    await provider.send(tools.message(), tools.Marks())
                await provider.aclose()
            assert not holds_login(server.heard) and b"MAIL" not in server.heard

    asyncio.run(go())


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_file_of_authorities_that_cannot_be_read_is_told(
    tools: Any, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    server = MailServer("starttls", server_context())
    error, marked = met(tools, server, ca_file=str(path))
    assert isinstance(error, FileTrouble) and "ca.pem" in error.says and marked == 0
    assert not holds_login(server.heard)


# ---- what a server may say and do


def no(code: int, words: str = "no") -> list[Reply]:
    return [f"{code} {words}\r\n".encode()]


FLOOD = b"".join(b"250-line %d\r\n" % number for number in range(10_000)) + b"250 end\r\n"
LONG = b"250 " + b"x" * 1_000_000 + b"\r\n"

BEFORE: dict[str, tuple[dict[str, list[Reply]], type[TurbodeskError], str]] = {
    "greeting never": ({"greeting": [hang]}, NoConnection, "did not answer in time"),
    "greeting 421": ({"greeting": no(421, "busy")}, Throttled, "busy"),
    "greeting 554": ({"greeting": no(554, "blocked")}, NoConnection, "blocked"),
    "greeting closes": ({"greeting": [close]}, NoConnection, "broke off"),
    "greeting is HTTP": ({"greeting": [b"HTTP/1.1 400 Bad Request\r\n\r\n"]}, NoConnection, "no sense"),
    "greeting without end": ({"greeting": [b"220-" + b"a" * 100_000]}, NoConnection, "no sense"),
    "EHLO 502": ({"EHLO": no(502)}, NoConnection, "turned Turbodesk away"),
    "EHLO flood": ({"EHLO": [FLOOD]}, NoConnection, "no sense"),
    "EHLO long line": ({"EHLO": [LONG]}, NoConnection, "no sense"),
    "EHLO closes": ({"EHLO": [close]}, NoConnection, "broke off"),
    "AUTH 535": ({"AUTH": no(535, "5.7.8 bad")}, SignInRefused, "did not take"),
    "AUTH 534": ({"AUTH": no(534)}, SignInRefused, "did not take"),
    "AUTH 538": ({"AUTH": no(538)}, SignInRefused, "did not take"),
    "AUTH 530": ({"AUTH": no(530)}, SignInRefused, "did not take"),
    "AUTH 454": ({"AUTH": no(454, "4.7.0 later")}, Throttled, "later"),
    "AUTH 334 again": ({"AUTH": [b"334 \r\n"]}, NoConnection, "turned Turbodesk away"),
    "AUTH never": ({"AUTH": [hang]}, NoConnection, "did not answer in time"),
    "AUTH closes": ({"AUTH": [close]}, NoConnection, "broke off"),
    "AUTH says two things": ({"AUTH": [b"235 ok\r\n250 more\r\n"]}, NoConnection, "no sense"),
    "MAIL 451": ({"MAIL": no(451, "4.3.0 later")}, Throttled, "later"),
    "MAIL 530": ({"MAIL": no(530, "5.7.0 first AUTH")}, SignInRefused, ""),
    "MAIL 421": ({"MAIL": no(421, "bye")}, Throttled, "bye"),
    "MAIL never": ({"MAIL": [hang]}, NoConnection, "did not answer in time"),
    "MAIL nonsense": ({"MAIL": [b"hello there\r\n"]}, NoConnection, "no sense"),
    "MAIL 999": ({"MAIL": [b"999 x\r\n"]}, NoConnection, "no sense"),
    "RCPT 451": ({"RCPT": no(451, "4.2.0 grey")}, Throttled, "grey"),
    "RCPT 421": ({"RCPT": no(421, "bye")}, Throttled, "bye"),
    "RCPT closes": ({"RCPT": [close]}, NoConnection, "broke off"),
    "RCPT 530": ({"RCPT": no(530, "first AUTH")}, SignInRefused, ""),
    "DATA 354 never": ({"DATA": [hang]}, NoConnection, "did not answer in time"),
    "DATA 451": ({"DATA": no(451, "later")}, Throttled, "later"),
    "DATA 250": ({"DATA": no(250)}, NoConnection, ""),
    "DATA closes": ({"DATA": [close]}, NoConnection, "broke off"),
}


@pytest.mark.parametrize("fault", BEFORE)
def test_a_no_before_the_letter_leaves_nothing_behind(
    tools: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REPLY_S", "DATA_S"):
        monkeypatch.setattr(smtp_session, name, 0.5)
    replies, kind, words = BEFORE[fault]
    server = MailServer(replies=replies)
    error, marked = met(tools, server)
    assert type(error) is kind and words in error.says, error
    assert (marked, server.mails) == (0, [])
    if not fault.startswith(("AUTH", "MAIL", "RCPT", "DATA")):
        assert not holds_login(server.heard)
    else:
        assert not holds_login(told(error).encode())


@pytest.mark.parametrize(
    ("verb", "code", "words"),
    [
        ("MAIL", 552, "5.3.4 too big"),
        ("MAIL", 550, "5.7.1 not your domain"),
        ("DATA", 554, "no valid recipients"),
    ],
)
def test_a_no_for_good_to_the_whole_message_is_everybodys(
    tools: Any, verb: str, code: int, words: str
) -> None:
    message = tools.message(bcc=(Address("also@example.org"),))
    server = MailServer(replies={verb: no(code, words)})
    result, marked = met(tools, server, message)
    assert isinstance(result, SendResult)
    assert [(it.verdict, it.words) for it in result.outcomes] == [
        (Verdict.REFUSED, f"{code} {words}"),
        (Verdict.REFUSED, f"{code} {words}"),
    ]
    assert words in result.note
    assert (marked, server.mails) == (0, [])


AFTER: dict[str, tuple[dict[str, list[Reply]], type[TurbodeskError], str]] = {
    "451": ({"letter": no(451, "4.7.1 slow down")}, Throttled, "slow down"),
    "421": ({"letter": no(421, "shutting down")}, Throttled, "shutting down"),
    "554": ({"letter": no(554, "5.7.1 spam")}, Refused, "spam"),
    "552": ({"letter": no(552, "too big")}, Refused, "too big"),
    "354": ({"letter": no(354)}, OutcomeUnknown, "no sense"),
    "554, then 421": ({"letter": [b"554 spam\r\n421 bye\r\n"]}, Refused, "spam"),
    "silence": ({"letter": [hang]}, OutcomeUnknown, "did not answer in time"),
    "drop": ({"letter": [close]}, OutcomeUnknown, "broke off"),
    "half an answer": ({"letter": [b"25"]}, OutcomeUnknown, "did not answer"),
    "nonsense": ({"letter": [b"well, yes\r\n"]}, OutcomeUnknown, "no sense"),
    **{
        f"the number {number}": ({"letter": [number.encode() + b" ok\r\n"]}, OutcomeUnknown, "no sense")
        for number in ("25", "199", "600", "999")
    },
    "flood": ({"letter": [FLOOD]}, OutcomeUnknown, "no sense"),
    "long line": ({"letter": [LONG]}, OutcomeUnknown, "no sense"),
}


@pytest.mark.parametrize("fault", AFTER)
def test_a_letter_that_left_ends_in_what_was_said(
    tools: Any, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "FINAL_S", 0.5)
    replies, kind, words = AFTER[fault]
    server = MailServer(replies=replies)
    error, marked = met(tools, server)
    assert type(error) is kind and words in error.says, error
    assert marked == 1 and len(server.mails) == 1 and not holds_login(told(error).encode())
    if isinstance(error, Refused):
        assert error.words[0].startswith(("554 ", "552 ")) and error.status in (552, 554)


def test_a_late_yes_is_waited_for(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_session, "REPLY_S", 0.3)
    monkeypatch.setattr(smtp_session, "FINAL_S", 5.0)
    result, _ = met(tools, MailServer(replies={"letter": [late(b"250 OK id=x-1\r\n", 0.6)]}))
    assert isinstance(result, SendResult) and result.provider_id == "x-1"


def test_the_waits_are_those_of_the_standard() -> None:
    waits = (smtp_session.REPLY_S, smtp_session.DATA_S, smtp_session.BLOCK_S, smtp_session.FINAL_S)
    assert [wait / 60 for wait in waits] == [5, 2, 3, 10]


@pytest.mark.parametrize("end", [close, deaf])
def test_a_drop_before_the_final_dot_means_that_nothing_was_taken(
    tools: Any, end: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_session, "BLOCK_S", 0.5)
    big = tools.message(attachments=(Attachment.of_bytes("big", bytes(12_000_000)),))
    server = MailServer(replies={"cut": [end]})
    error, marked = met(tools, server, big)
    assert isinstance(error, NoConnection) and "Nothing of the message was taken" in error.hint
    assert marked == 1 and server.mails == []


def test_a_yes_in_advance_is_not_believed(tools: Any) -> None:
    server = MailServer(replies={"DATA": [b"354 go\r\n250 queued as lies\r\n"], "takes": [b""]})
    error, _ = met(tools, server)
    assert isinstance(error, NoConnection) and server.mails == []


def test_each_recipient_has_an_answer_of_its_own(tools: Any) -> None:
    addresses = tuple(Address(f"{name}@example.org") for name in ("a", "b", "no", "later", "c"))
    server = MailServer(
        replies={
            "RCPT no@example.org": [b"550-5.1.1 <no@example.org>: nobody\r\n550 5.1.1 here\r\n"],
            "RCPT later@example.org": no(451, "4.2.0 grey"),
        }
    )
    result, marked = met(tools, server, tools.message(to=addresses))
    assert isinstance(result, SendResult) and marked == 1 and len(server.mails) == 1
    assert [(it.verdict, it.words) for it in result.outcomes] == [
        (Verdict.ACCEPTED, "250 2.0.0 Ok: queued as 4fA-7.b"),
        (Verdict.ACCEPTED, "250 2.0.0 Ok: queued as 4fA-7.b"),
        (Verdict.REFUSED, "550 5.1.1 <no@example.org>: nobody 5.1.1 here"),
        (Verdict.REFUSED, "451 4.2.0 grey"),
        (Verdict.ACCEPTED, "250 2.0.0 Ok: queued as 4fA-7.b"),
    ]
    assert "for now only" in result.note and state_of(result.outcomes) is SendState.PARTLY


def test_where_no_recipient_is_taken_nothing_leaves(tools: Any) -> None:
    two = tools.message(to=(Address("a@example.org"), Address("b@example.org")))
    server = MailServer(replies={"RCPT": [b"550 5.1.1 nobody\r\n"]})
    result, marked = met(tools, server, two)
    assert isinstance(result, SendResult) and state_of(result.outcomes) is SendState.REFUSED
    assert {it.words for it in result.outcomes} == {"550 5.1.1 nobody"} and "nothing was sent" in result.note
    assert (marked, server.mails, server.verbs[-1]) == (0, [], "QUIT")
    mixed = MailServer(replies={"RCPT a@example.org": no(550), "RCPT b@example.org": no(452, "full")})
    error, marked = met(tools, mixed, two)
    assert isinstance(error, Throttled) and "full" in error.says and (marked, mixed.mails) == (0, [])


def test_a_mail_that_is_too_large_is_told_before_it_leaves(tools: Any) -> None:
    server = MailServer(extensions=("SIZE 20000",))
    error, marked = met(tools, server, tools.message(attachments=(Attachment.of_bytes("a", bytes(16_000)),)))
    assert isinstance(error, InvalidDraft) and error.field == "attachments" and "20,000" in error.says
    assert marked == 0 and "MAIL" not in server.verbs


def test_an_address_beyond_ascii_needs_a_server_that_knows_it(tools: Any) -> None:
    message = tools.message(to=(Address("jürgen@example.org"),))
    server = MailServer()
    result, _ = met(tools, server, message)
    assert isinstance(result, SendResult)
    assert server.commands[2].endswith(" SMTPUTF8") and "RCPT TO:<jürgen@example.org>" in server.commands
    assert "To: jürgen@example.org\r\n".encode() in server.mails[0]
    server = MailServer(extensions=("8BITMIME",))
    error, marked = met(tools, server, message)
    assert isinstance(error, InvalidDraft) and "SMTPUTF8" in error.says and marked == 0
    assert "MAIL" not in server.verbs


def test_words_of_a_server_end_the_sentence_they_stand_in(tools: Any) -> None:
    for words, ending in (("slow down", "slow down."), ("Slow down!", "Slow down!")):
        error, _ = met(tools, MailServer(replies={"letter": no(451, words)}))
        assert isinstance(error, Throttled) and error.says.endswith(f"451 {ending}")


def test_words_of_a_server_come_as_one_clean_line(tools: Any) -> None:
    hostile = b"550-\x1b[31m<script>\xff\xe2\x80\xae evil\r\n550 \x07" + b"y" * 2000 + b"\r\n"
    server = MailServer(replies={"greeting": [b"220 <b>\x1b[2J hello\r\n"], "MAIL": [hostile]})
    result, _ = met(tools, server)
    assert isinstance(result, SendResult)
    words = result.outcomes[0].words
    assert words.startswith("550 <script>\ufffd evil yyyy") and len(words) <= 504
    assert words.isprintable() and len(result.note) < 400


@pytest.mark.parametrize("verb", ["AUTH", "MAIL", "RCPT", "DATA", "letter"])
@pytest.mark.parametrize("code", [451, 535, 550, 777])
def test_a_server_that_repeats_the_login_is_not_quoted(
    tools: Any, verb: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = b" ".join(spellings(USER, PASSWORD))
    result, _ = met(tools, MailServer(replies={verb: [b"%d we got %s\r\n" % (code, echo)]}))
    text = told(result) if isinstance(result, TurbodeskError) else repr(result)
    gone = vars(result) if isinstance(result, TurbodeskError) else {}
    assert not holds_login(f"{text} {gone}".encode()) and not holds_login(caplog.text.encode())


@pytest.mark.parametrize("cut", [8, 20, -3])
def test_a_login_that_is_repeated_in_parts_is_not_quoted(tools: Any, cut: int) -> None:
    plain = spellings(USER, PASSWORD)[1]
    parts = plain[:cut], plain[cut:]
    server = MailServer(replies={"AUTH": [b"535-no %s\r\n535 %s\r\n" % parts]})
    error, _ = met(tools, server)
    assert isinstance(error, SignInRefused) and "•••" in error.detail
    assert not any(part.decode() in told(error) + error.detail for part in parts if len(part) >= 8)


def test_a_password_in_an_address_of_the_web_is_not_quoted(tools: Any) -> None:
    escaped = quote(PASSWORD).encode()
    error, _ = met(tools, MailServer(replies={"AUTH": [b"535 see /login?pass=%s\r\n" % escaped]}))
    assert isinstance(error, SignInRefused) and escaped.decode() not in told(error) + error.detail


def test_a_key_as_user_name_is_struck_out_too(tools: Any) -> None:
    key = "0123456789abcdef" * 2
    server = MailServer(replies={"AUTH": [f"535 {key} {USER}\r\n".encode()]})
    error, _ = met(tools, server, user=key, password="p" * 20)
    assert isinstance(error, SignInRefused) and key not in told(error) + error.detail
    assert USER in error.detail


@pytest.mark.parametrize("password", ["half\ud800", "\udfff", "a\0b"])
def test_half_a_character_in_the_login_is_told_by_field(tools: Any, password: str) -> None:
    server = MailServer()
    error, _ = met(tools, server, password=password)
    assert isinstance(error, InvalidDraft) and error.field == "password" and "AUTH" not in server.verbs


def test_nobody_there(tools: Any) -> None:
    async def go() -> None:
        server = MailServer()
        async with server.serve():
            port = server.port
        async with tools.gateway() as gateway:
            provider, marks = relay(gateway, port), tools.Marks()
            with pytest.raises(NoConnection, match="refused the connection"):
                await provider.send(tools.message(), marks)
            with pytest.raises(NoConnection):
                await provider.check()
            assert marks.count == 0

    asyncio.run(go())


def test_checking_ends_in_time_where_sending_would_wait(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_relay, "SIGN_IN_S", 0.2)

    async def go() -> None:
        async with opened(tools, MailServer(replies={"greeting": [hang]})) as provider:
            with pytest.raises(NoConnection, match="in time"):
                await provider.check()

    asyncio.run(go())


# ---- the mark


def test_the_mark_stands_between_the_envelope_and_the_letter(tools: Any) -> None:
    async def go() -> None:
        server = MailServer()
        async with opened(tools, server) as provider:

            async def mark() -> None:
                assert server.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
                before = len(server.heard)
                for _ in range(20):
                    await asyncio.sleep(0)
                assert len(server.heard) == before

            await provider.send(tools.message(), mark)
        assert len(server.mails) == 1

    asyncio.run(go())


def test_a_mark_that_fails_stops_the_send(tools: Any) -> None:
    async def go() -> None:
        server = MailServer()
        async with opened(tools, server) as provider:
            with pytest.raises(StoreTrouble, match="full"):
                await provider.send(tools.message(), tools.Marks(StoreTrouble("The disk is full.")))
        assert server.mails == [] and b"Subject" not in server.heard and "QUIT" not in server.verbs

    asyncio.run(go())


def test_cancelled_before_the_final_dot_nothing_arrives(tools: Any) -> None:
    async def go() -> None:
        server, entered = MailServer(), asyncio.Event()
        async with opened(tools, server) as provider:

            async def mark() -> None:
                entered.set()
                await asyncio.Event().wait()

            task = asyncio.create_task(provider.send(tools.message(), mark))
            await entered.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert server.mails == []

    asyncio.run(go())


class Unreadable:
    """A file that fails at a place."""

    def __init__(self, good: int) -> None:
        self.good = good

    def slices(self, size: int = 1) -> Any:
        for _ in range(self.good):
            yield bytes(size)
        raise FileTrouble("a.bin changed while it was read.")


def test_a_file_that_fails_before_the_mark_and_after_it(tools: Any) -> None:
    def broken(good: int) -> Message:
        attachment = Attachment("a.bin", "application/octet-stream", 9_000_000, "", Unreadable(good))
        return tools.message(attachments=(attachment,))  # type: ignore[no-any-return]

    server = MailServer()
    error, marked = met(tools, server, broken(0))
    assert isinstance(error, FileTrouble) and marked == 0 and "DATA" not in server.verbs
    server = MailServer()
    error, marked = met(tools, server, broken(5))
    assert isinstance(error, NoConnection) and "a.bin changed" in error.says and marked == 1
    assert server.mails == []


# ---- the letter on the wire


SMUGGLED = [
    "a\n.\nb",
    "a\r.\rb",
    "a\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<you@example.org>\r\nDATA\r\nevil\r\n.\r\n",
    ".",
    ".\n.\n..\n",
    "a\n.\r\nb\r.\nc",
    "\r\n\r.\r\n\n.\n",
    "x" * 2000 + "\n.\n" + "ü" * 2000,
    "a\u2028.\u2028b\x85.\x85",
]


def normal(text: str) -> str:
    return re.sub("\r\n|\r", "\n", text).rstrip("\n")


def received(mail: bytes) -> Any:
    from email import message_from_bytes
    from email.policy import default

    assert mail.count(b"\r") == mail.count(b"\n") == mail.count(b"\r\n")
    assert max(map(len, mail.split(b"\r\n"))) <= 999  # a doubled dot is not counted
    lines = [line[1:] if line.startswith(b".") else line for line in mail.split(b"\r\n")]
    return message_from_bytes(b"\r\n".join(lines), policy=default)


@pytest.mark.parametrize("text", SMUGGLED)
@pytest.mark.parametrize("extensions", [(), ("8BITMIME",)])
def test_one_letter_stays_one_letter(tools: Any, text: str, extensions: tuple[str, ...]) -> None:
    server = MailServer(extensions=extensions)
    result, _ = met(tools, server, tools.message(text=text, html=f"<pre>{text}</pre>"))
    assert isinstance(result, SendResult)
    (mail,) = server.mails
    assert server.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    plain, html = received(mail).iter_parts()
    assert normal(plain.get_content()) == normal(text)
    assert normal(html.get_content()) == normal(f"<pre>{text}</pre>")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(alphabet="a.\r\n\tü ", max_size=30), min_size=3, max_size=3))
def test_any_text_arrives_as_one_letter(texts: list[str]) -> None:
    from tests.providers.conftest import Tools

    tools, server = Tools(), MailServer(extensions=("8BITMIME",))

    async def go() -> None:
        async with opened(tools, server, gateway={"slots": 1}) as provider:
            for text in texts:
                await provider.send(tools.message(text=text), tools.Marks())

    asyncio.run(go())
    assert [normal(received(mail).get_content()) for mail in server.mails] == [normal(it) for it in texts]
    assert server.verbs.count("MAIL") == 3


def test_dots_are_doubled_where_pieces_meet() -> None:
    assert smtp_session._stuffed(b".a\r\n.b\r\n", True) == b"..a\r\n..b\r\n"
    assert smtp_session._stuffed(b".a\r\n..b", False) == b".a\r\n...b"


BAD: dict[str, dict[str, Any]] = {
    "subject": {"subject": "a\r\nBcc: evil@example.com"},
    "headers": {"headers": (Header("X-A: 1\r\nBcc", "evil@example.com"),)},
    "headers again": {"headers": (Header("X A", "b"),)},
    "headers too": {"headers": (Header("Content-Type", "text/html"),)},
    "headers yet": {"headers": (Header("Subject", "another"),)},
    "body": {"text": "a\0b"},
    "body too": {"text": "half \ud800"},
    "to": {"to": (Address("a@b.c> SIZE=1"),)},
    "to again": {"to": (Address("a@b.c\r\nRCPT TO:<evil@example.com"),)},
    "to too": {"to": ()},
    "from": {"sender": Address("a b@example.com")},
}


@pytest.mark.parametrize("field", BAD)
def test_what_no_mail_can_carry_is_told_by_field_and_nobody_is_asked(tools: Any, field: str) -> None:
    server = MailServer()
    error, marked = met(tools, server, tools.message(**BAD[field]))
    assert isinstance(error, InvalidDraft) and field.split(" ")[0] in error.problems
    assert (marked, server.connections) == (0, 0)


def test_a_large_letter_is_streamed_in_little_memory(tools: Any) -> None:
    import tracemalloc

    size = 17_900_000
    attachment = Attachment("big.bin", "application/octet-stream", size, "", BytesSource(bytes(size)))

    async def go() -> int:
        taken = 0

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal taken
            for reply in (b"220 x", b"250 x", b"250 x", b"250 x", b"354 x"):
                writer.write(reply + b"\r\n")
                if reply != b"354 x":
                    await reader.readuntil(b"\r\n")
            last = b""
            while not last.endswith(b"\r\n.\r\n"):
                chunk = await reader.read(65536)
                taken += len(chunk)
                last = last[-4:] + chunk[-5:]
            writer.write(b"250 x\r\n")

        async with tools.listening(talk) as origin, tools.gateway() as gateway:
            provider = relay(gateway, int(origin.rpartition(":")[2]), user="", password="")
            gc.collect()
            tracemalloc.start()
            try:
                await provider.send(tools.message(attachments=(attachment,)), tools.Marks())
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            await provider.aclose()
        assert taken > size * 4 / 3
        return peak

    assert asyncio.run(go()) < size // 2


# ---- small things


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("2.0.0 Ok: queued as 4F2A1", "4F2A1"),
        ("OK id=1abc-000-XY", "1abc-000-XY"),
        ("2.0.0 k9ABCDEF Message accepted for delivery", "k9ABCDEF"),
        ("Ok 0100018c-a1b2-000000", "0100018c-a1b2-000000"),
        ("2.6.0 <a@b.c> [InternalId=42] Queued mail for delivery", ""),
        ("ok", ""),
        ("", ""),
    ],
)
def test_what_the_server_calls_the_letter(text: str, id: str) -> None:
    assert smtp_relay._queue_id(text) == id


def test_the_relays_that_people_use(tools: Any) -> None:
    assert {key: preset.host for key, preset in PRESETS.items()} == {
        "sendpost": "smtp.sendpost.io",
        "turbosmtp": "pro.turbo-smtp.com",
        "turbosmtp-eu": "pro.eu.turbo-smtp.com",
    }
    assert {(preset.port, preset.tls) for preset in PRESETS.values()} == {(587, "starttls")}
    ports = {key: {port.number: port.tls for port in preset.ports} for key, preset in PRESETS.items()}
    clear = {587: "starttls", 2525: "starttls", 25: "starttls", 465: "tls"}
    assert ports == {
        "sendpost": clear,
        "turbosmtp": {**clear, 25025: "tls"},
        "turbosmtp-eu": {**clear, 25025: "tls"},
    }
    assert (preset_of("SMTP.sendpost.io."), preset_of("mail.example")) == ("sendpost", OTHER)

    async def go() -> None:
        async with tools.gateway() as gateway:
            named = relay(gateway, 587, smtp_host="pro.eu.turbo-smtp.com", smtp_tls="starttls")
            assert (named.title, relay(gateway, 25).title) == ("turboSMTP relay (EU)", "SMTP relay")

    asyncio.run(go())
