"""The relay: what it offers and to whom, what it takes, and that the rest of the sandbox knows of it."""

from __future__ import annotations

import base64
import hashlib
import logging
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest

from turbodesk.sandbox.state import CONSUMER_KEY, CONSUMER_SECRET, INACTIVE_USER, SMTP_USER
from turbodesk.sandbox.turbosmtp_v2_keys import (
    ELSEWHERE_KEY,
    ELSEWHERE_SECRET,
    INACTIVE_KEY,
    INACTIVE_SECRET,
    SEND_ONLY_KEY,
    SEND_ONLY_SECRET,
)

from .conftest import Caller, Opener

ME, ANN = "me@example.com", "ann@example.com"
LETTER = b"From: Me <me@example.com>\r\nTo: Ann <ann@example.com>\r\nSubject: Hi\r\n\r\nHello\r\n"
CUT = (smtplib.SMTPServerDisconnected, ConnectionError, ssl.SSLError)


def trusting(caller: Caller) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=caller.at.smtp.ca_file)


def greeted(caller: Caller) -> smtplib.SMTP:
    return smtplib.SMTP(caller.at.smtp.host, caller.at.smtp.port, "client.example.com", timeout=20)


@contextmanager
def relay(caller: Caller, user: str = "", password: str = "") -> Iterator[smtplib.SMTP]:
    """A session with STARTTLS whose user is let in."""
    with greeted(caller) as session:
        session.starttls(context=trusting(caller))
        session.login(user or caller.at.smtp.user, password or caller.at.smtp.password)
        yield session


@contextmanager
def relay_over_tls(caller: Caller) -> Iterator[smtplib.SMTP]:
    smtp = caller.at.smtp
    with smtplib.SMTP_SSL(smtp.host, smtp.tls_port, timeout=20, context=trusting(caller)) as session:
        session.login(smtp.user, smtp.password)
        yield session


def reply(session: smtplib.SMTP, *recipients: str, letter: bytes = LETTER, sender: str = ME) -> str:
    """What the relay says at the end of one message, or where it first refuses it."""
    for command in (f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{to}>" for to in recipients or (ANN,))):
        code, text = session.docmd(command)
        if code != 250:
            session.rset()
            return f"{code} {text.decode()}"
    code, text = session.data(letter)
    return f"{code} {text.decode()}"


def total(caller: Caller) -> int:
    accepted: int = caller.http.get("/sandbox/accepted").json()["total"]
    return accepted


# who is let in


def test_before_tls_it_offers_no_sign_in(sandbox: Caller) -> None:
    with greeted(sandbox) as session:
        session.ehlo()
        assert session.esmtp_features == {
            "size": "26214400", "8bitmime": "", "smtputf8": "", "starttls": "", "pipelining": "", "help": "",
        }  # fmt: skip
        assert session.docmd("AUTH", "PLAIN AGEAYg==")[0] == 538
        assert session.docmd("MAIL", f"FROM:<{ME}>")[0] == 530


@pytest.mark.parametrize("way", [relay, relay_over_tls])
def test_under_tls_it_offers_sign_in(sandbox: Caller, way: Callable[..., Any]) -> None:
    with way(sandbox) as session:
        session.ehlo()
        assert sorted(session.esmtp_features["auth"].split()) == ["LOGIN", "PLAIN"]
        assert "starttls" not in session.esmtp_features
        assert reply(session).startswith("250 2.0.0 Ok: queued as ")


def test_nothing_is_taken_before_the_sign_in(sandbox: Caller) -> None:
    with greeted(sandbox) as session:
        session.starttls(context=trusting(sandbox))
        session.ehlo()
        for command in (f"MAIL FROM:<{ME}>", f"RCPT TO:<{ANN}>", "DATA", f"VRFY {ANN}"):
            assert session.docmd(command)[0] == 530, command
    assert total(sandbox) == 0


def test_its_certificate_is_for_this_machine_alone(sandbox: Caller) -> None:
    port = sandbox.at.smtp.tls_port
    for name in ("127.0.0.1", "localhost"):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as bare,
            trusting(sandbox).wrap_socket(bare, server_hostname=name) as there,
        ):
            assert there.version() in ("TLSv1.2", "TLSv1.3")
    for context, name in (
        (trusting(sandbox), "relay.example.com"),
        (ssl.create_default_context(), "localhost"),
    ):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as bare,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(bare, server_hostname=name)
    with greeted(sandbox) as session, pytest.raises(ssl.SSLCertVerificationError):
        session.starttls(context=ssl.create_default_context())
    with relay(sandbox) as session:  # and it goes on for others
        assert reply(session).startswith("250 ")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("", ""),
        (CONSUMER_KEY, CONSUMER_SECRET),
        (SEND_ONLY_KEY, SEND_ONLY_SECRET),
        ("sandbox@example.com", "sandbox"),
    ],
)
def test_who_is_let_in(sandbox: Caller, user: str, password: str) -> None:
    with relay(sandbox, user, password) as session:
        assert reply(session).startswith("250 ")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        (SMTP_USER, "wrong"),
        (SMTP_USER.upper(), "sandbox"),
        (CONSUMER_KEY, SEND_ONLY_SECRET),
        (ELSEWHERE_KEY, ELSEWHERE_SECRET),
        (INACTIVE_KEY, INACTIVE_SECRET),
        (INACTIVE_USER, "sandbox"),
        ("sandbox@example.com", "Sandbox"),
        ("", ""),
        ("jürgen@example.com", "gä"),
    ],
)
def test_who_is_not_let_in(sandbox: Caller, user: str, password: str) -> None:
    with greeted(sandbox) as session:
        session.starttls(context=trusting(sandbox))
        session.ehlo()
        given = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        assert session.docmd("AUTH", f"PLAIN {given}")[0] == 535
        assert session.docmd("MAIL", f"FROM:<{ME}>")[0] == 530


def test_a_key_pair_without_the_permission_is_not_let_in(sandbox: Caller) -> None:
    token = sandbox.http.post(
        "/api/v2/authorize", json={"email": sandbox.at.user, "password": sandbox.at.password}
    ).json()["auth"]
    made = sandbox.http.post(
        "/api/v2/user/consumerKeys",
        json={"label": "reads", "permissions": ["APIS"]},
        headers={"Authorization": token},
    ).json()
    with (
        pytest.raises(smtplib.SMTPAuthenticationError) as refused,
        relay(sandbox, made["consumerKey"], made["consumerSecret"]),
    ):
        pass
    assert refused.value.smtp_code == 535


@pytest.mark.parametrize("mechanism", ["PLAIN", "plain", "LOGIN", "login"])
def test_both_mechanisms_in_every_spelling(sandbox: Caller, mechanism: str) -> None:
    words = [base64.b64encode(word.encode()).decode() for word in (SMTP_USER, sandbox.at.smtp.password)]
    with greeted(sandbox) as session:
        session.starttls(context=trusting(sandbox))
        session.ehlo()
        if mechanism.upper() == "PLAIN":
            both = base64.b64encode(f"\0{SMTP_USER}\0{sandbox.at.smtp.password}".encode()).decode()
            assert session.docmd("AUTH", mechanism)[0] == 334
            assert session.docmd(both)[0] == 235
        else:
            assert session.docmd("AUTH", mechanism) == (334, base64.b64encode(b"Username:"))
            assert session.docmd(words[0]) == (334, base64.b64encode(b"Password:"))
            assert session.docmd(words[1])[0] == 235
        assert session.docmd("AUTH", "PLAIN AGEAYg==")[0] == 503
        assert reply(session).startswith("250 ")


def test_odd_sign_ins_are_refused_and_the_session_goes_on(sandbox: Caller) -> None:
    with greeted(sandbox) as session:
        session.starttls(context=trusting(sandbox))
        assert session.docmd("AUTH", "PLAIN AGEAYg==")[0] == 503  # no EHLO after TLS: all is forgotten
        session.ehlo()
        assert session.docmd("AUTH")[0] == 501
        assert session.docmd("AUTH", "PLAIN !!!")[0] == 501
        assert session.docmd("AUTH", "PLAIN YQ==")[0] == 501
        assert session.docmd("AUTH", "CRAM-MD5")[0] == 504
        assert session.docmd("AUTH", "LOGIN")[0] == 334
        assert session.docmd("*")[0] == 501
        session.login(SMTP_USER, sandbox.at.smtp.password)


def test_what_was_said_before_tls_does_not_count(sandbox: Caller) -> None:
    smtp = sandbox.at.smtp
    with socket.create_connection((smtp.host, smtp.port), timeout=20) as bare:
        plain = bare.makefile("rb", buffering=0)
        assert plain.readline().startswith(b"220 ")
        bare.sendall(b"EHLO a\r\n")
        while plain.readline()[3:4] == b"-":
            pass
        bare.sendall(b"STARTTLS\r\nEHLO injected\r\nMAIL FROM:<evil@example.com>\r\n")
        assert plain.readline() == b"220 Ready to start TLS\r\n"
        with trusting(sandbox).wrap_socket(bare, server_hostname="localhost") as there:
            there.sendall(b"NOOP\r\n")
            assert there.recv(1000) == b"250 OK\r\n"
            there.sendall(b"RCPT TO:<ann@example.com>\r\n")
            assert there.recv(1000).startswith(b"503 ")


def test_tls_is_begun_once(sandbox: Caller) -> None:
    with greeted(sandbox) as session:
        session.starttls(context=trusting(sandbox))
        session.ehlo()
        assert session.docmd("STARTTLS") == (503, b"5.5.1 TLS is active already")
        assert session.docmd("NOOP")[0] == 250
    with relay_over_tls(sandbox) as session:
        assert session.docmd("STARTTLS")[0] == 502


def test_commands_pushed_in_front_of_tls_are_forgotten(sandbox: Caller) -> None:
    with greeted(sandbox) as session:
        session.ehlo()
        session.send(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
        assert session.getreply()[0] == 220
        assert session.sock is not None
        session.sock = trusting(sandbox).wrap_socket(session.sock, server_hostname="127.0.0.1")
        session.file = None
        assert session.docmd("NOOP")[0] == 250
        assert session.docmd("MAIL FROM:<me@example.com>")[0] == 503  # nobody has said EHLO since


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_sign_in_without_end_is_cut_short(sandbox: Caller, mechanism: str) -> None:
    with greeted(sandbox) as session:
        session.starttls(context=trusting(sandbox))
        session.ehlo()
        assert session.docmd("AUTH", mechanism)[0] == 334
        with pytest.raises(CUT):
            session.send("A" * 70_000)  # and no end of it
            while session.getreply()[0] == 500:
                pass


def test_no_secret_gets_into_the_log(sandbox: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), relay(sandbox) as session:
        reply(session)
    password = sandbox.at.smtp.password
    plain = base64.b64encode(f"\0{SMTP_USER}\0{password}".encode()).decode()
    for secret in (password, base64.b64encode(password.encode()).decode(), plain):
        assert secret not in caplog.text


# what is taken


def test_a_message_arrives_byte_for_byte(sandbox: Caller) -> None:
    letter = (
        b'From: =?utf-8?q?M=C3=A9?= <me@example.com>\r\nTo: "Doe, Ann" <Ann@example.com>,\r\n'
        b" =?utf-8?b?QsO2Yg==?= <bob@example.org>\r\nCc: carl@example.net\r\n"
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n and more\r\nX-Turbodesk-ID: k-1\r\n\r\n"
        b".one dot\r\n..two dots\r\n.\r\nafter\xc3\xa4\r\n\r\n"
    )
    with relay(sandbox) as session:
        reply(
            session,
            "ann@example.com",
            "bob@example.org",
            "carl@example.net",
            "dora@example.com",
            letter=letter,
        )
    (caught,) = sandbox.caught()
    assert caught["sender"] == {"email": ME, "name": "Mé"}
    assert caught["subject"] == "Grüße and more"
    assert caught["size_bytes"] == len(letter)
    assert [(to["kind"], to["email"], to["name"], to["status"]) for to in caught["recipients"]] == [
        ("to", "ann@example.com", "Doe, Ann", "SUCCESS"),
        ("to", "bob@example.org", "Böb", "SUCCESS"),
        ("cc", "carl@example.net", "", "SUCCESS"),
        ("bcc", "dora@example.com", "", "SUCCESS"),
    ]
    source = sandbox.show()["source"].encode()
    assert source.endswith(letter)
    assert b"dora@" not in source
    assert sandbox.http.get("/sandbox/accepted").json() == {"total": 1, "by_key": {"k-1": 1}}


def test_bodies_attachments_and_pictures(sandbox: Caller) -> None:
    content = bytes(range(256)) * 400
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ME, ANN, "Pictures"
    message.set_content("Zeile\nä")
    message.add_alternative('<p>ä<img src="cid:logo@example.com"></p>', subtype="html")
    message.add_attachment(
        content, maintype="image", subtype="png", filename="Bild ü.png", cid="<logo@example.com>"
    )
    with relay_over_tls(sandbox) as session:
        assert session.send_message(message) == {}
    seen = sandbox.show()
    assert (seen["text"].split(), seen["html"].strip()) == (
        ["Zeile", "ä"], '<p>ä<img src="cid:logo@example.com"></p>',
    )  # fmt: skip
    (part,) = seen["attachments"]
    assert (part["name"], part["type"], part["content_id"]) == ("Bild ü.png", "image/png", "logo@example.com")
    assert part["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_large_message_is_taken_and_a_too_large_one_is_not(sandbox: Caller) -> None:
    line = b"x" * 76 + b"\r\n"
    fitting = LETTER + line * ((26_214_400 - len(LETTER)) // len(line))
    with relay(sandbox) as session:
        assert session.docmd("MAIL", f"FROM:<{ME}> SIZE=26214401")[0] == 552
        assert session.docmd("MAIL", f"FROM:<{ME}> SIZE=26214400")[0] == 250
        session.rset()
        assert reply(session, letter=fitting).startswith("250 ")
        assert reply(session, letter=fitting + line).startswith("552 ")
        assert reply(session, letter=LETTER + b"y" * 60_000_000).startswith("552 ")
        assert reply(session).startswith("250 ")
    assert [message["size_bytes"] for message in sandbox.caught()] == [len(LETTER), len(fitting)]


def test_a_line_may_be_998_bytes_long(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        assert reply(session, letter=LETTER + b"x" * 998 + b"\r\n").startswith("250 ")
        assert reply(session, letter=LETTER + b"x" * 999 + b"\r\n").startswith("500 ")
        assert session.docmd("MAIL", f"FROM:<{'x' * 100_000}@example.com>")[0] == 500
        assert reply(session).startswith("250 ")
    assert total(sandbox) == 2


@pytest.mark.parametrize("smuggled", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\0.\r\n"])
def test_only_the_whole_end_ends_a_message(sandbox: Caller, smuggled: bytes) -> None:
    second = b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nsecond"
    with relay(sandbox) as session:
        for command in (f"MAIL FROM:<{ME}>", f"RCPT TO:<{ANN}>"):
            session.docmd(command)
        assert session.docmd("DATA")[0] == 354
        session.send(LETTER + b"first" + smuggled + second + b"\r\n.\r\n")
        assert session.getreply()[0] == 250
        assert session.noop()[0] == 250
    assert [[to["email"] for to in message["recipients"]] for message in sandbox.caught()] == [[ANN]]


def test_commands_in_one_go(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        session.send(
            f"MAIL FROM:<{ME}>\r\nRCPT TO:<{ANN}>\r\nRCPT TO:<refuse550@example.com>\r\nDATA\r\n".encode()
        )
        assert [session.getreply()[0] for _ in range(4)] == [250, 250, 550, 354]
        session.send(LETTER + b".\r\nNOOP\r\nRSET\r\nNOOP\r\n")
        assert [session.getreply()[0] for _ in range(4)] == [250, 250, 250, 250]
    assert total(sandbox) == 1


def test_an_empty_message_and_one_without_headers(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        for letter in (b"", b"just words\r\n", b"\r\nafter an empty line\r\n"):
            session.docmd("MAIL", f"FROM:<{ME}>")
            session.docmd("RCPT", f"TO:<{ANN}>")
            session.docmd("DATA")
            session.send(letter + b".\r\n")
            assert session.getreply()[0] == 250
    for message in sandbox.caught():
        assert message["sender"]["email"] == ME
        assert [(to["kind"], to["email"]) for to in message["recipients"]] == [("bcc", ANN)]


def test_a_recipient_is_taken_once_and_at_most_a_thousand(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        session.docmd("MAIL", f"FROM:<{ME}>")
        for to in (ANN, "Ann@Example.com", *(f"r{number}@example.com" for number in range(999))):
            assert session.docmd("RCPT", f"TO:<{to}>")[0] == 250
        assert session.docmd("RCPT", "TO:<onemore@example.com>")[0] == 452
        assert session.data(LETTER)[0] == 250
    assert len(sandbox.caught()[0]["recipients"]) == 1000


def test_odd_addresses(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        session.docmd("MAIL", f"FROM:<{ME}>")
        for wrong in (
            "nobody",
            "a@b@example.com",
            "a b@example.com",
            "@example.com",
            "a@example",
            "a@-x.com",
        ):
            assert session.docmd("RCPT", f"TO:<{wrong}>")[0] in (501, 553), wrong
        for right in ('"a b"@example.com', "o'neil+x@mail.example.com"):
            assert session.docmd("RCPT", f"TO:<{right}>")[0] == 250, right


@pytest.mark.parametrize(
    "sender", ["", "postmaster", "a b@example.com", "a@@example.com", "@example.com", "a\0b@example.com"]
)
def test_senders_that_are_no_addresses(sandbox: Caller, sender: str) -> None:
    with relay(sandbox) as session:
        session.send(f"MAIL FROM:<{sender}>\r\n")
        assert session.getreply()[0] == 553
        assert reply(session).startswith("250 ")


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"text/plain; charset=idna", b"a" * 300, "a" * 300),
        (b"text/plain; charset=unicode_escape", b"\\ud800", "\ufffd"),
        (b"text/plain; charset=undefined", b"x", "x"),
        (b'text/plain; charset="\xff"', b"x", "x"),
        (b"application/x\xff; name=\xff", b"x", ""),
    ],
)
def test_an_odd_type_is_read_as_well_as_it_can_be(
    sandbox: Caller, head: bytes, body: bytes, text: str
) -> None:
    letter = b"From: =?unicode_escape?q?=5Cud800?= <me@example.com>\r\nContent-Type: " + head
    with relay(sandbox) as session:
        assert reply(session, letter=letter + b"\r\n\r\n" + body + b"\r\n").startswith("250 ")
    shown = sandbox.show()
    assert (shown["text"].strip(), shown["sender"]["name"]) == (text, "\ufffd")


def test_letters_above_ascii_in_addresses_need_smtputf8(sandbox: Caller) -> None:
    letter = (
        "From: Me <me@example.com>\r\nTo: Jürgen <jürgen@exämple.com>\r\nSubject: Grüße\r\n\r\nä\r\n".encode()
    )
    with relay(sandbox) as session:
        session.docmd("MAIL", f"FROM:<{ME}>")
        session.send("RCPT TO:<jürgen@exämple.com>\r\n".encode())
        assert session.getreply()[0] == 553
        session.rset()
        assert session.sendmail(ME, ["jürgen@exämple.com"], letter, ["SMTPUTF8", "BODY=8BITMIME"]) == {}
    (message,) = sandbox.caught()
    assert message["subject"] == "Grüße"
    assert [(to["kind"], to["email"], to["name"]) for to in message["recipients"]] == [
        ("to", "jürgen@exämple.com", "Jürgen")
    ]


def test_parts_within_parts_have_an_end(sandbox: Caller) -> None:
    letter = LETTER.replace(b"Subject: Hi\r\n", b"Content-Type: multipart/mixed; boundary=a\r\n" * 101)
    with relay(sandbox) as session:
        assert reply(session, letter=letter).startswith("554 ")
        assert reply(session).startswith("250 ")


# who may send to whom


def test_mail_comes_from_verified_domains_only(sandbox: Caller) -> None:
    other = LETTER.replace(b"<me@example.com>", b"<me@elsewhere.test>")
    with relay(sandbox) as session:
        assert reply(session, sender="me@elsewhere.test").startswith("550 5.7.1 <me@elsewhere.test>")
        assert reply(session, sender="me@notexample.com").startswith("550 ")
        assert reply(session, letter=other).startswith("550 5.7.1 <me@elsewhere.test>")
        assert total(sandbox) == 0
        for sender in ("me@Example.ORG", "me@shop.example.net"):
            assert reply(session, sender=sender).startswith("250 "), sender


def test_the_address_lent_to_everybody_reaches_its_owner_alone(sandbox: Caller) -> None:
    lent = "hello@playwithsendpost.io"
    with relay(sandbox) as session:
        assert reply(session, ANN, sender=lent).startswith("550 ")
        assert reply(session, letter=LETTER.replace(b"me@example.com", lent.encode())).startswith("550 ")
        assert total(sandbox) == 0
        assert reply(session, sandbox.at.user, sender=lent).startswith("250 ")


def test_without_credit_nothing_is_taken(sandbox: Caller) -> None:
    sandbox.http.put("/sandbox/credit", json={"left": 1})
    with relay(sandbox) as session:
        assert reply(session).startswith("250 ")
        assert reply(session).startswith("550 ")
    assert total(sandbox) == 1


# what becomes of it


def test_refused_recipients_do_not_keep_the_others_from_their_mail(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        refused = session.sendmail(ME, ["refuse550@example.com", ANN, "refuse451@example.org"], LETTER)
    assert {to: (code, text[:5]) for to, (code, text) in refused.items()} == {
        "refuse550@example.com": (550, b"5.1.1"),
        "refuse451@example.org": (451, b"4.2.0"),
    }
    assert [to["email"] for to in sandbox.caught()[0]["recipients"]] == [ANN]


def test_scenarios_at_the_end_of_the_data(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        assert reply(session, "error500@example.com").startswith("554 ")
        assert reply(session, "ratelimit@example.com").startswith("451 4.7.1 ")
        assert total(sandbox) == 0
        began = time.monotonic()
        assert reply(session, "slow@example.com").startswith("250 ")
        assert time.monotonic() - began >= 2
        with pytest.raises(CUT):
            reply(session, "drop@example.com")
    assert total(sandbox) == 2


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("hardbounce", "FAIL"),
        ("softbounce", "FAIL"),
        ("spam", "REPORT"),
        ("open", "OPEN"),
        ("click", "CLICK"),
    ],
)
def test_fates_are_as_over_http(sandbox: Caller, name: str, status: str) -> None:
    with relay(sandbox) as session:
        reply(session, f"{name}@example.com")
    assert sandbox.get("/api/stats/email-feed-last/10").json()[0]["status"] == status


def test_the_account_decides_what_is_tracked(sandbox: Caller) -> None:
    try:
        sandbox.call("PUT", "/api/tools/clickTracking/disable")
        with relay(sandbox) as session:
            reply(session, "click@example.com", "open@example.com")
    finally:
        sandbox.call("PUT", "/api/tools/clickTracking/enable")
    assert [to["status"] for to in sandbox.caught()[0]["recipients"]] == ["SUCCESS", "OPEN"]


def test_who_complained_gets_nothing_any_more(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        reply(session)
        path = f"/sandbox/messages/{sandbox.caught()[0]['id']}/events"
        sandbox.http.post(path, json={"recipient": ANN, "event": "complain"})
        reply(session, "ANN@example.com", "bob@example.com")
    assert [(to["status"], to["error"]) for to in sandbox.caught()[0]["recipients"]] == [
        ("SYSFAIL", "Dropped due to complaining recipient"),
        ("SUCCESS", ""),
    ]


def test_every_provider_knows_of_it(sandbox: Caller) -> None:
    with relay(sandbox) as session:
        uuid = reply(session, ANN, "hardbounce@example.com").rpartition(" ")[2]
    at = sandbox.at
    assert [row["recipient"] for row in sandbox.get("/api/stats/panes/emails").json()] == [
        "hardbounce@example.com", ANN,
    ]  # fmt: skip
    assert sandbox.get("/web/api/reports/hardbounce/all").json()[0]["email"] == "hardbounce@example.com"
    keys = {"consumerKey": CONSUMER_KEY, "consumerSecret": CONSUMER_SECRET}
    period = {"from": "2020-01-01", "to": "2099-12-31"}
    assert sandbox.http.get("/api/v2/analytics", params=period, headers=keys).json()["count"] == 2
    listed = sandbox.http.get("/api/v2/suppressions", params=period, headers=keys).json()["results"]
    assert [row["recipient"] for row in listed] == ["hardbounce@example.com"]
    account = {"X-Account-ApiKey": at.sendpost.account_key, "X-SendPost-Public-Contract": "v1"}
    message = sandbox.http.get(f"/api/v1/account/message/{uuid}", headers=account).json()
    assert (message["to"]["email"], message["subject"]) == (ANN, "Hi")
    assert (message["trackOpens"], message["trackClicks"]) == (True, True)


def test_many_at_once(sandbox: Caller) -> None:
    def one(number: int) -> list[str]:
        with relay(sandbox) as session:
            return [reply(session, f"r{number}-{letter}@example.com") for letter in range(10)]

    with ThreadPoolExecutor(10) as pool:
        replies = [answer for answers in pool.map(one, range(10)) for answer in answers]
    assert all(answer.startswith("250 ") for answer in replies)
    assert len(set(replies)) == 100
    assert sandbox.get("/api/stats/panes/emails/count").json() == {"count": 100}


# how it fails


@pytest.mark.parametrize("step", ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END"])
def test_any_step_can_be_told_to_fail(sandbox: Caller, step: str) -> None:
    sandbox.fault("smtp_reply", match=step, status=454, times=1)

    def codes() -> list[int]:
        with greeted(sandbox) as session:
            found = [session.ehlo()[0]]
            found.append(session.docmd("STARTTLS")[0] if step == "STARTTLS" else 220)
            if found[-1] == 220:
                session.ehlo()
                session.starttls(context=trusting(sandbox))
            session.ehlo()
            given = base64.b64encode(f"\0{SMTP_USER}\0{sandbox.at.smtp.password}".encode()).decode()
            for command in (f"AUTH PLAIN {given}", f"MAIL FROM:<{ME}>", f"RCPT TO:<{ANN}>", "DATA"):
                found.append(session.docmd(command)[0])
                if found[-1] >= 400:
                    return found
            session.send(LETTER + b".\r\n")
            return [*found, session.getreply()[0]]

    steps = ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END"]
    assert codes()[steps.index(step)] == 454
    assert sandbox.http.get("/sandbox/faults").json() == {"faults": []}
    with relay(sandbox) as session:
        assert reply(session).startswith("250 ")


def test_a_session_can_be_ended_with_421(sandbox: Caller) -> None:
    sandbox.fault("smtp_reply", match="RCPT", status=421, times=1)
    with relay(sandbox) as session:
        assert reply_or_end(session) == 421


def reply_or_end(session: smtplib.SMTP) -> int:
    """The code at RCPT, after which the connection ends."""
    session.docmd("MAIL", f"FROM:<{ME}>")
    code, _ = session.docmd("RCPT", f"TO:<{ANN}>")
    with pytest.raises(CUT):
        session.noop()
    return code


def test_starttls_can_be_missing(sandbox: Caller) -> None:
    sandbox.fault("smtp_no_starttls")
    with greeted(sandbox) as session:
        session.ehlo()
        assert "starttls" not in session.esmtp_features
        assert "size" in session.esmtp_features
        assert session.docmd("STARTTLS")[0] == 502
        assert session.docmd("AUTH", "PLAIN AGEAYg==")[0] == 538
    sandbox.http.put("/sandbox/faults", json={"faults": []})
    with relay(sandbox) as session:
        assert reply(session).startswith("250 ")


def test_the_connection_can_be_cut_after_the_data(sandbox: Caller) -> None:
    sandbox.fault("smtp_cut_after_data", times=1)
    with relay(sandbox) as session, pytest.raises(CUT):
        reply(session)
    assert total(sandbox) == 1


def test_a_step_can_be_slow(sandbox: Caller) -> None:
    sandbox.fault("smtp_delay", match="MAIL", seconds=0.5, times=1)
    with relay(sandbox) as session:
        began = time.monotonic()
        assert reply(session).startswith("250 ")
        assert time.monotonic() - began >= 0.5


def test_faults_of_http_and_of_smtp_keep_to_their_own(sandbox: Caller) -> None:
    sandbox.http.put(
        "/sandbox/faults", json={"faults": [{"kind": "status"}, {"kind": "smtp_reply", "match": "END"}]}
    )
    with relay(sandbox) as session:
        assert reply(session).startswith("451 ")
    assert sandbox.http.get("/api/v2/analytics").status_code == 500
    wrong = {"faults": [{"kind": "smtp_reply", "match": "/api"}]}
    assert sandbox.http.put("/sandbox/faults", json=wrong).status_code == 400


def test_who_hangs_up_is_no_failure_and_leaves_nothing(
    sandbox: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    smtp = sandbox.at.smtp
    for said in (b"", b"EH", b"EHLO a\r\nSTARTTLS\r\n", b"EHLO a\r\nNOOP\r\n" * 50):
        with socket.create_connection((smtp.host, smtp.port), timeout=20) as bare:
            bare.sendall(said)
    with socket.create_connection((smtp.host, smtp.tls_port), timeout=20) as bare:
        bare.sendall(b"EHLO in the clear\r\n")
        assert bare.recv(1000)[:1] in (b"", b"\x15")  # a TLS alert, or nothing
    for data in (b"", LETTER, LETTER + b".\r"):
        with relay(sandbox) as session:
            for command in (f"MAIL FROM:<{ME}>", f"RCPT TO:<{ANN}>", "DATA"):
                session.docmd(command)
            session.send(data)
            session.close()
    with relay(sandbox) as session:
        assert reply(session).startswith("250 ")
    assert total(sandbox) == 1
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_one_connection_too_many_is_sent_away(opened: Opener) -> None:
    with opened() as caller:
        smtp = caller.at.smtp
        there = [socket.create_connection((smtp.host, smtp.port), timeout=20) for _ in range(200)]
        assert all(one.recv(100).startswith(b"220 ") for one in there)
        with socket.create_connection((smtp.host, smtp.port), timeout=20) as more:
            assert more.recv(100).startswith(b"421 ")
            assert more.recv(100) == b""
        with socket.create_connection((smtp.host, smtp.tls_port), timeout=20) as bare:
            more = trusting(caller).wrap_socket(bare, server_hostname="127.0.0.1")
            assert more.recv(100).startswith(b"421 ")
            more.close()
        assert caller.http.get("/sandbox/accepted").status_code == 200
        for one in there[:2]:
            one.sendall(b"QUIT\r\n")
            while one.recv(100):
                pass
        with relay(caller) as session:
            assert reply(session).startswith("250 ")
        for one in there:
            one.close()


def test_it_stops_soon_with_sessions_open(opened: Opener) -> None:
    with opened() as caller:
        smtp = caller.at.smtp
        idle = socket.create_connection((smtp.host, smtp.port), timeout=20)
        assert idle.recv(100).startswith(b"220 ")
        silent = socket.create_connection((smtp.host, smtp.tls_port), timeout=20)
        with greeted(caller) as session:
            session.starttls(context=trusting(caller))
            session.login(smtp.user, smtp.password)
            session.docmd("MAIL", f"FROM:<{ME}>")
            began = time.monotonic()
            caller.server.stop()
            assert time.monotonic() - began < 2
            assert idle.recv(100) == b""
            with pytest.raises(CUT):
                session.noop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((smtp.host, smtp.port), timeout=20)
        idle.close()
        silent.close()
