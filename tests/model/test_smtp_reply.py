"""Reads a server's words: code, enhanced code, kind, cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.model import smtp_reply as reply
from turbodesk.model.smtp_reply import BounceKind, Cause, read_reply

HARD, SOFT, UNKNOWN = BounceKind.HARD, BounceKind.SOFT, BounceKind.UNKNOWN

SAID: tuple[tuple[str, int, str, BounceKind, Cause], ...] = (
    ("550 5.1.1 The email account that you tried does not exist", 550, "5.1.1", HARD, reply.NO_MAILBOX),
    ("550-5.1.1 The email account that you tried to reach", 550, "5.1.1", HARD, reply.NO_MAILBOX),
    ("550 No such user here", 550, "", HARD, reply.NO_MAILBOX),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by lookup", 550, "5.1.10", HARD, reply.NO_MAILBOX),
    ("553 5.3.0 <kim@example.com>... Addressee unknown", 553, "5.3.0", HARD, reply.NO_MAILBOX),
    ("550 Requested action not taken: mailbox unavailable", 550, "", HARD, reply.NO_MAILBOX),
    ("5.4.4 Unable to route: no mail hosts for example.invalid", 0, "5.4.4", HARD, reply.NO_DOMAIN),
    ("5.1.2 Bad destination system address: no such domain", 0, "5.1.2", HARD, reply.NO_DOMAIN),
    ("550 5.2.1 Mailbox disabled, not accepting messages", 550, "5.2.1", HARD, reply.SWITCHED_OFF),
    ("452 4.2.2 The email account is over quota", 452, "4.2.2", SOFT, reply.FULL),
    ("552 mailbox full", 552, "", SOFT, reply.FULL),
    ("552 5.3.4 Message size exceeds fixed maximum message size", 552, "5.3.4", HARD, reply.TOO_LARGE),
    ("554 5.7.1 Message rejected due to local content policy", 554, "5.7.1", HARD, reply.POLICY),
    ("550 5.7.26 Unauthenticated, set up SPF or DKIM", 550, "5.7.26", HARD, reply.NOT_AUTHENTICATED),
    ("550 5.7.1 Service unavailable; client host is on a block list", 550, "5.7.1", HARD, reply.BLOCK_LIST),
    ("550 5.4.1 Recipient address rejected: Access denied", 550, "5.4.1", HARD, reply.REFUSED_ADDRESS),
    ("450 4.1.8 Sender address rejected: Domain not found", 450, "4.1.8", SOFT, reply.SENDER_REFUSED),
    ("451 4.7.1 Greylisted, please try again later", 451, "4.7.1", SOFT, reply.BUSY),
    ("421 4.4.2 example.com Error: timeout exceeded", 421, "4.4.2", SOFT, reply.NO_ANSWER),
    ("Giving up on 192.0.2.14.", 0, "", UNKNOWN, reply.OTHER),
    ("", 0, "", UNKNOWN, reply.OTHER),
)  # fmt: skip


@pytest.mark.parametrize(("words", "code", "enhanced", "kind", "cause"), SAID)
def test_words_are_read(words: str, code: int, enhanced: str, kind: BounceKind, cause: Cause) -> None:
    read = read_reply(words)
    assert (read.code, read.enhanced, read.kind, read.cause) == (code, enhanced, kind, cause)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("450 4.1.1 User unknown", reply.BUSY),
        ("450 4.2.1 The user is receiving mail too quickly", reply.BUSY),
        ("451 4.1.2 Domain not found", reply.NO_ANSWER),
    ],
)
def test_what_is_only_so_for_now_is_not_called_final(words: str, cause: Cause) -> None:
    read = read_reply(words)
    assert (read.kind, read.cause) == (SOFT, cause)


def test_an_address_with_numbers_in_it_is_no_code() -> None:
    read = read_reply(
        "192.0.2.55 does not like recipient. Remote host said: 550 5.1.1 no mailbox by that name"
    )
    assert (read.code, read.enhanced) == (550, "5.1.1")
    assert read_reply("from 10.5.1.1.7 at port 5501").enhanced == ""


@given(st.text(max_size=400))
def test_no_text_makes_it_fail(words: str) -> None:
    read = read_reply(words)
    assert read.cause.title
    assert read.kind in BounceKind


def test_endless_words_are_read_in_no_time() -> None:
    words = "account " * 400_000 + "disabled"
    assert read_reply(words).kind is UNKNOWN


def test_every_cause_says_what_to_do() -> None:
    causes = [value for value in vars(reply).values() if isinstance(value, Cause)]
    assert len(causes) == 13
    for cause in causes:
        assert cause.title
        assert cause.headline
        assert cause.text.endswith(".")
        assert cause.next.endswith(".")
