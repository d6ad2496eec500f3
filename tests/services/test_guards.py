"""What stands against a send: who may get mail, how many a day, and what must be confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.errors import ConfirmFirst, Guarded
from turbodesk.model.account import Plan, Profile
from turbodesk.model.message import Address, AddressError, Message
from turbodesk.services.guards import Ask, ask_for, check, entries_of, entry_of, quota

SHOP = Profile("Shop", "turbosmtp-v2")
TOM, ANN = Address("tom@example.com"), Address("ann@example.org")


def people(count: int) -> list[Address]:
    return [Address(f"p{number}@example.com") for number in range(count)]


def let_through(profile: Profile, *recipients: Address, **more: Any) -> None:
    check(profile, recipients, **{"sent_today": 0, "confirmed": 0, **more})


def test_without_guards_everything_goes() -> None:
    let_through(SHOP, *people(5000), sent_today=1_000_000)


def test_a_viewer_sends_to_nobody() -> None:
    with pytest.raises(Guarded, match="Shop only looks") as told:
        let_through(replace(SHOP, viewer=True), TOM, confirmed=1)
    assert "--no-viewer" in told.value.hint


@pytest.mark.parametrize(
    ("entry", "email", "meant"),
    [
        ("tom@example.com", "tom@example.com", True),
        ("tom@example.com", "tom@EXAMPLE.com", True),
        ("Tom@example.com", "tom@example.com", True),
        ("tom@example.com", "tom+news@example.com", False),
        ("tom+news@example.com", "tom@example.com", False),
        ("tom@example.com", "tom@mail.example.com", False),
        ("example.com", "tom@example.com", True),
        ("@example.com", "tom@Example.Com", True),
        ("example.com", "tom@mail.example.com", False),
        ("example.com", "tom@notexample.com", False),
        ("example.com", "example.com@example.org", False),
        ("*.example.com", "tom@example.com", True),
        ("*.example.com", "tom@a.b.example.com", True),
        ("*.example.com", "tom@notexample.com", False),
        ("*.example.com", "tom@example.com.example.org", False),
        ("bücher.example", "tom@xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "tom@bücher.example", True),
        ("*.bücher.example", "tom@shop.BÜCHER.example", True),
        ("tom@bücher.example", "tom@xn--bcher-kva.example", True),
    ],
)
def test_an_entry_means_the_same_on_both_lists(entry: str, email: str, meant: bool) -> None:
    address = Address(email)
    blocking, allowing = replace(SHOP, block=(entry,)), replace(SHOP, allow=(entry,))

    refused, passing = (blocking, allowing) if meant else (allowing, blocking)

    let_through(passing, address)
    with pytest.raises(Guarded) as told:
        let_through(refused, address)
    assert told.value.addresses == (email,)
    assert email in told.value.says


def test_one_blocked_recipient_stops_the_whole_message_in_whatever_field_it_stands() -> None:
    message = Message(
        Address("me@example.com"), (TOM,), "Hi", cc=(ANN, TOM), bcc=(Address("kim@example.net"), ANN)
    )
    envelope = tuple(address for _, address in message.recipients)

    with pytest.raises(Guarded) as told:
        let_through(replace(SHOP, block=("example.net", "example.org")), *envelope)

    assert told.value.addresses == ("ann@example.org", "kim@example.net")
    assert "Nothing was sent." in told.value.hint


def test_an_allow_list_lets_only_its_own_through_and_a_block_list_outranks_it() -> None:
    careful = replace(SHOP, allow=("example.com",), block=("tom@example.com",))

    let_through(careful, Address("kim@example.com"))
    with pytest.raises(Guarded, match=r"allow-list, not to ann@example\.org"):
        let_through(careful, Address("kim@example.com"), ANN)
    with pytest.raises(Guarded, match=r"block-list: tom@example\.com"):
        let_through(careful, TOM)


def test_many_refused_addresses_are_counted_and_all_of_them_stand_in_the_detail() -> None:
    with pytest.raises(Guarded) as told:
        let_through(replace(SHOP, block=("example.com",)), *people(12))

    assert "p9@example.com and 2 more" in told.value.says
    assert told.value.detail.split() == [address.email for address in people(12)]


@pytest.mark.parametrize("entry", ["", "*", "tom@", "a b.example", "*.", "*.tom@example.com", "example"])
def test_a_list_that_cannot_be_read_lets_nothing_through(entry: str) -> None:
    with pytest.raises(AddressError):
        entry_of(entry)
    for guarded in (replace(SHOP, block=(entry,)), replace(SHOP, allow=(entry, "example.com"))):
        with pytest.raises(Guarded, match="an entry that is none"):
            let_through(guarded, TOM)


def test_entries_are_kept_in_one_form_each_once() -> None:
    texts = [" @Example.COM ", "example.com", "Tom@Bücher.example", "*.Bücher.example"]

    assert entries_of(texts) == ("example.com", "Tom@xn--bcher-kva.example", "*.xn--bcher-kva.example")


@given(st.text(max_size=30))
def test_whatever_is_written_is_an_entry_or_told_to_be_none(text: str) -> None:
    try:
        kept = entry_of(text)
    except AddressError as error:
        assert str(error)
    else:
        assert entry_of(kept) == kept


def test_the_daily_cap_counts_what_left_and_what_would_leave() -> None:
    capped = replace(SHOP, daily_cap=100)

    let_through(capped, *people(20), sent_today=80)
    with pytest.raises(Guarded) as told:
        let_through(capped, *people(21), sent_today=80)
    assert "at most 100 recipients a day: 80 had mail today, and these are 21 more" in told.value.says
    assert "20 more may go today" in told.value.hint
    with pytest.raises(Guarded) as full:
        let_through(capped, TOM, sent_today=120)
    assert "this is 1 more" in full.value.says
    assert "No more may go today" in full.value.hint


@pytest.mark.parametrize(
    ("recipients", "ask"),
    [(1, Ask.NOTHING), (5, Ask.NOTHING), (6, Ask.YES), (50, Ask.YES), (51, Ask.NUMBER), (5000, Ask.NUMBER)],
)
def test_what_the_lock_asks_grows_with_the_recipients(recipients: int, ask: Ask) -> None:
    locked = replace(SHOP, locked=True)

    assert ask_for(locked, recipients) is ask
    let_through(locked, *people(recipients), confirmed=recipients)
    if ask is Ask.NOTHING:
        let_through(locked, *people(recipients))
        return
    for confirmed in (0, 1, recipients - 1, recipients + 1):
        with pytest.raises(ConfirmFirst) as told:
            let_through(locked, *people(recipients), confirmed=confirmed)
        assert told.value.recipients == recipients
        assert told.value.typed == (ask is Ask.NUMBER)


def test_a_row_of_a_batch_was_confirmed_with_the_whole_batch() -> None:
    locked = replace(SHOP, locked=True)

    let_through(locked, TOM, together=400, confirmed=400)
    with pytest.raises(ConfirmFirst) as told:
        let_through(locked, TOM, together=400, confirmed=1)
    assert (told.value.recipients, told.value.typed) == (400, True)
    let_through(SHOP, TOM, together=400)


@pytest.mark.parametrize(("recipients", "ask"), [(50, Ask.NOTHING), (51, Ask.NUMBER)])
def test_a_large_batch_is_asked_about_without_a_lock_too(recipients: int, ask: Ask) -> None:
    assert ask_for(SHOP, recipients, batch=True) is ask
    assert ask_for(SHOP, recipients) is Ask.NOTHING


def plan(limit: int | None, used: int, *, expired: bool = False, active: bool = True) -> Plan:
    return Plan("1", limit, used, "Monthly", None, None, expired, active)


@pytest.mark.parametrize(
    ("plans", "left", "too_much", "says"),
    [
        ((plan(1000, 388),), 612, False, "This uses 400 of 612 left."),
        ((plan(1000, 601),), 399, True, "This uses 400 of 399 left."),
        ((plan(1000, 600),), 400, False, "This uses 400 of 400 left."),
        ((plan(1000, 1200), plan(500, 0)), 500, False, "This uses 400 of 500 left."),
        ((plan(1000, 900), plan(5000, 0, expired=True)), 100, True, "This uses 400 of 100 left."),
        ((plan(1000, 900), plan(5000, 0, active=False)), 100, True, "This uses 400 of 100 left."),
        ((plan(10, 10), plan(None, 5)), None, False, "This uses 400; the plan has no limit."),
        ((plan(None, 5, expired=True),), 0, True, "This uses 400, and no plan of the account is active."),
        ((), None, False, "This uses 400; how many are left is not known."),
    ],
)
def test_the_quota_is_what_all_plans_have_left(
    plans: tuple[Plan, ...], left: int | None, too_much: bool, says: str
) -> None:
    found = quota(plans, 400)

    assert (found.left, found.too_much, found.says) == (left, too_much, says)
