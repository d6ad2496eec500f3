"""What SendPost answers to a send, whole and damaged: one outcome for every recipient, and none that lies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.sendpost_desk import YOU, answer, letter
from turbodesk.model.message import Address
from turbodesk.model.outcome import Verdict
from turbodesk.providers import sendpost_answers as heard
from turbodesk.providers.exchange import Garbled

NS = 1_767_225_600_000_000_123  # 2026-01-01T00:00:00.000000123Z
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def outcomes(found: Any, **more: Any) -> list[tuple[str, Verdict, str, str]]:
    result = heard.read_sent(answer(found), letter(**more))
    return [(it.address.email, it.verdict, it.provider_id, it.words) for it in result.outcomes]


def test_entries_are_matched_by_address_not_by_place() -> None:
    to = tuple(Address(f"{name}@example.org") for name in ("a", "B", "c", "d"))
    found = [
        {"to": "D@example.org", "errorCode": 3, "message": "verify it"},
        {"to": "stranger@example.org", "errorCode": 0, "messageId": "id-x"},
        None,
        "odd",
        {"to": "b@EXAMPLE.org", "errorCode": 0, "messageId": "id-b", "message": "queued"},
        {"to": "a@example.org", "errorCode": 2, "messageId": ""},
    ]
    told = outcomes(found, to=to)
    assert told == [
        ("a@example.org", Verdict.REFUSED, "", "The address is on the suppression list."),
        ("B@example.org", Verdict.ACCEPTED, "id-b", "queued"),
        ("c@example.org", Verdict.UNKNOWN, "", "SendPost's answer does not name this address."),
        ("d@example.org", Verdict.REFUSED, "", "The sender's domain is not verified. verify it"),
    ]
    assert heard.read_sent(answer(found), letter(to=to)).provider_id == "id-b"


@pytest.mark.parametrize(
    ("entry", "verdict", "id", "words"),
    [
        ({"messageId": "1", "errorCode": 0}, Verdict.ACCEPTED, "1", ""),
        ({"message_ID": "1", "error_code": "0"}, Verdict.ACCEPTED, "1", ""),
        ({"messageID": "1"}, Verdict.ACCEPTED, "1", ""),
        ({"message": "OK"}, Verdict.ACCEPTED, "", "OK"),
        ({"errorCode": 0, "messageId": None}, Verdict.ACCEPTED, "", ""),
        ({"errorCode": 1}, Verdict.REFUSED, "", "The address is not valid."),
        ({"errorCode": 4}, Verdict.REFUSED, "", "Too many messages at once; send it again later."),
        ({"errorCode": 5}, Verdict.REFUSED, "", "The sender's address is not valid."),
        (
            {"errorCode": 500, "message": "ok"},
            Verdict.UNKNOWN,
            "",
            "SendPost gave the number 500, which has no known meaning. ok",
        ),
        ({"message": "?"}, Verdict.UNKNOWN, "", "SendPost gave an answer without a number. ?"),
        (
            {"errorCode": "E2", "messageId": "1"},
            Verdict.UNKNOWN,
            "1",
            "SendPost gave an answer without a number.",
        ),
        (
            {"errorCode": False, "message": "ok"},
            Verdict.UNKNOWN,
            "",
            "SendPost gave an answer without a number. ok",
        ),
        (
            {"errorCode": 0.5, "messageId": "1"},
            Verdict.UNKNOWN,
            "1",
            "SendPost gave an answer without a number.",
        ),
        ({"errorCode": -1}, Verdict.UNKNOWN, "", "SendPost gave the number -1, which has no known meaning."),
        ({"to": {"email": " YOU@example.org "}, "errorCode": 0}, Verdict.ACCEPTED, "", ""),
    ],
)
def test_what_a_number_means(entry: dict[str, Any], verdict: Verdict, id: str, words: str) -> None:
    assert outcomes([{"to": YOU.email, **entry}]) == [(YOU.email, verdict, id, words)]


def test_copies_share_the_outcome_of_the_first_and_say_so_unless_they_have_their_own() -> None:
    more = {"to": (YOU, Address("two@example.org")), "cc": (Address("cc@example.net"),)}
    more["bcc"] = (Address("bcc@example.net"),)
    found = [
        {"to": "two@example.org", "errorCode": 2},
        {"to": "you@example.org", "errorCode": 0, "messageId": "1", "message": "ok"},
        {"to": "bcc@example.net", "errorCode": 1, "message": "no"},
    ]
    assert outcomes(found, **more)[2:] == [
        ("cc@example.net", Verdict.ACCEPTED, "1", "A copy of the message to you@example.org. ok"),
        ("bcc@example.net", Verdict.REFUSED, "", "The address is not valid. no"),
    ]
    assert {verdict for _, verdict, _, _ in outcomes([], **more)} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (1, Verdict.UNKNOWN),  # of the address: SendPost may have sent the copies all the same
        (2, Verdict.UNKNOWN),
        (3, Verdict.REFUSED),  # of the sender, or of the whole
        (4, Verdict.REFUSED),
        (5, Verdict.REFUSED),
        (500, Verdict.UNKNOWN),
        (0, Verdict.ACCEPTED),
    ],
)
def test_copies_are_refused_only_where_it_was_not_for_somebody_elses_address(
    code: int, verdict: Verdict
) -> None:
    more = {"cc": (Address("cc@example.net"),), "bcc": (Address("bcc@example.net"),)}
    found = outcomes([{"to": YOU.email, "errorCode": code}], **more)
    assert [it[1] for it in found[1:]] == [verdict] * 2
    unsaid = code in (1, 2)
    assert all(it[3].startswith("SendPost does not say" if unsaid else "A copy of") for it in found[1:])
    assert all("copy of the message to you@example.org. " in f"{it[3]} " for it in found[1:])


def test_addresses_that_differ_in_case_only_are_told_apart_and_an_acceptance_outdoes_a_refusal() -> None:
    to = (Address("Ann@example.org"), Address("ann@example.org"))
    entries = [
        {"to": "ann@example.org", "errorCode": 0, "messageId": "2"},
        {"to": "Ann@example.org", "errorCode": 1},
    ]
    assert [it[1] for it in outcomes(entries, to=to)] == [Verdict.REFUSED, Verdict.ACCEPTED]
    twice = [{"to": YOU.email, "errorCode": 1}, {"to": YOU.email, "errorCode": 0, "messageId": "2"}]
    assert outcomes(twice) == [(YOU.email, Verdict.ACCEPTED, "2", "")]


@pytest.mark.parametrize("found", [{}, None, "ok", 7, {"error": {"message": "no"}}, b"", b"<p>", b"[{"])
def test_what_is_no_list_proves_nothing(found: Any) -> None:
    with pytest.raises(Garbled):
        heard.read_sent(answer(found), letter())


@given(
    st.lists(
        st.fixed_dictionaries(
            {"to": st.sampled_from(["a@x.co", "A@X.co", "cc@x.co", "z@x.co", None])},
            optional={"errorCode": st.sampled_from([0, 1, 3, 9, "0", None, "x"]), "messageId": st.just("1")},
        ),
        max_size=5,
    )
)
def test_a_recipient_is_accepted_only_where_an_entry_says_so(entries: list[dict[str, Any]]) -> None:
    to, cc = Address("a@x.co"), Address("cc@x.co")
    result = heard.read_sent(answer(entries), letter(to=(to, Address("b@x.co")), cc=(cc,)))
    first, second, copy = result.outcomes

    def taken(email: str) -> bool:
        mine = [it for it in entries if (it["to"] or "").lower() == email]
        return any(
            it.get("errorCode", None) in (0, "0") or (it.get("errorCode") is None and "messageId" in it)
            for it in mine
        )

    assert second.verdict is Verdict.UNKNOWN
    assert first.verdict is not Verdict.ACCEPTED or taken("a@x.co")
    named = any((it["to"] or "") == "cc@x.co" for it in entries)
    assert copy.verdict is not Verdict.ACCEPTED or taken("cc@x.co" if named else "a@x.co")
