"""SendPost over real sockets: what is asked, word for word, with which key, and what a no makes of it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from tests.providers.sendpost_desk import (
    ACC,
    KEYS,
    MARCH,
    SENT,
    SUB,
    Work,
    assert_headers,
    in_zone,
    raised,
    rows_of,
    run,
)
from turbodesk.errors import (
    InvalidDraft,
    NoConnection,
    NotOffered,
    NotSignedIn,
    OutcomeUnknown,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.account import Credential, Secret
from turbodesk.model.message import Address, Attachment
from turbodesk.model.outcome import Verdict
from turbodesk.model.reports import (
    ReportType,
    Suppressing,
)
from turbodesk.model.subaccount import NewSubAccount, SubAccountDetails
from turbodesk.providers.port import Capability
from turbodesk.providers.sendpost import ORIGIN, SendPost


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    with in_zone("UTC"):
        yield


def test_where_it_goes_by_default() -> None:
    assert ORIGIN == "https://api.sendpost.io"


# ---- sending


@pytest.mark.parametrize("attached", [False, True])
def test_a_send_is_one_post_with_the_sub_account_key(tools: Any, attached: bool) -> None:
    files = (Attachment.of_bytes("ü.bin", bytes(range(256)) * 8000),) if attached else ()
    message = tools.message(attachments=files, cc=(Address("cc@example.net"),))
    marks = tools.Marks()
    result, asked = run(
        tools, lambda p: p.send(message, marks), tools.answer(SENT), track_opens=False, track_clicks=True
    )
    (seen,) = asked
    assert (seen.method, seen.target, marks.count) == ("POST", "/api/v1/subaccount/email/", 1)
    assert_headers(seen, SUB)
    assert seen.headers["content-type"] == "application/json"
    assert int(seen.headers["content-length"]) == len(seen.body)
    fields = seen.json
    assert (fields["trackOpens"], fields["trackClicks"], fields["groups"]) == (False, True, ["td-abc"])
    assert fields["headers"] == {"X-Turbodesk-ID": "td-abc"}
    assert fields["to"] == [{"email": "you@example.org", "cc": [{"email": "cc@example.net"}]}]
    assert len(fields.get("attachments", ())) == attached
    assert (result.provider_id, [it.verdict for it in result.outcomes]) == ("7f9c", [Verdict.ACCEPTED] * 2)


@pytest.mark.parametrize("status", [500, 502, 503, 408, 409, 302])
def test_a_faulty_answer_leaves_the_outcome_unknown_and_nothing_is_sent_again(
    tools: Any, status: int
) -> None:
    async def work(provider: SendPost) -> int:
        with pytest.raises(OutcomeUnknown):
            await provider.send(tools.message(), tools.Marks())
        return 1

    _, asked = run(tools, work, tools.answer({"message": "odd"}, status))
    assert len(asked) == 1


@pytest.mark.parametrize("body", [{}, {"message": "ok"}, "ok", b"", b"<html>", b"[{"])
def test_a_yes_that_is_no_list_leaves_the_outcome_unknown(tools: Any, body: Any) -> None:
    error = raised(tools, lambda p: p.send(tools.message(), tools.Marks()), tools.answer(body))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Refused), (422, Refused), (429, Throttled)]
)
def test_a_whole_no_is_a_no(tools: Any, status: int, kind: type[TurbodeskError]) -> None:
    no = {"error": {"message": "Not like this", "param": "subject"}}
    error = raised(tools, lambda p: p.send(tools.message(), tools.Marks()), tools.answer(no, status))
    assert type(error) is kind
    if isinstance(error, Refused):
        assert (error.words, error.field) == (("Not like this",), "subject")
        assert bool(error.hint) is (status == 403) and "already" not in error.hint


def test_what_the_wire_has_no_field_for_is_refused_before_anything_is_asked(tools: Any) -> None:
    picture = Attachment("a.png", "image/png", 1, "", Attachment.of_bytes("a", b"a").source, content_id="a")
    for message in (tools.message(attachments=(picture,)), tools.message(to=(), cc=(Address("a@b.co"),))):
        marks = tools.Marks()
        error = raised(tools, lambda p, it=message, m=marks: p.send(it, m), tools.answer(SENT))
        assert isinstance(error, InvalidDraft) and not marks.count


def test_an_answer_with_fewer_entries_says_of_whom_nothing_is_known(tools: Any) -> None:
    to = tuple(Address(f"{name}@example.org") for name in ("you", "two", "three"))
    marks = tools.Marks()
    result, asked = run(tools, lambda p: p.send(tools.message(to=to), marks), tools.answer(SENT))
    assert [it.verdict for it in result.outcomes] == [Verdict.ACCEPTED, Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert (len(asked), marks.count) == (1, 1)


def test_nobody_is_written_to_twice(tools: Any) -> None:
    ann, ann_again = Address("Ann@example.org", "Ann"), Address("Ann@EXAMPLE.org")
    message = tools.message(to=(ann, ann_again), cc=(ann_again, Address("cc@example.net")), bcc=(ann, ann))
    _, (seen,) = run(tools, lambda p: p.send(message, tools.Marks()), tools.answer([]))
    assert seen.json["to"] == [
        {"email": "Ann@example.org", "name": "Ann", "cc": [{"email": "cc@example.net"}]}
    ]


# ---- keys

OF_SUB = {
    Capability.SEND,
    Capability.SUPPRESSIONS,
    Capability.REPORTS,
    Capability.DELETE_REPORTS,
    Capability.DOMAINS,
    Capability.GROUPS,
    Capability.CHOOSE_TRACKING,
    Capability.FIELDS,
    Capability.TEMPLATES,
}
OF_ACC = {
    Capability.STATS,
    Capability.MESSAGE,
    Capability.COUNTS,
    Capability.SUB_ACCOUNTS,
    Capability.SUB_ACCOUNT,
    Capability.NAME_SUB_ACCOUNTS,
    Capability.LOOK_UP,
    Capability.WEBHOOKS,
}
ONE_KEY = {
    "sub-account key": (Credential.SUBACCOUNT_KEY, OF_SUB, OF_ACC, "account key"),
    "account key": (Credential.ACCOUNT_KEY, OF_ACC, OF_SUB, "sub-account key"),
}


@pytest.mark.parametrize("key", ONE_KEY)
def test_one_key_alone_opens_its_half_and_the_other_half_names_what_is_missing(tools: Any, key: str) -> None:
    credential, offered, missing, other = ONE_KEY[key]

    async def work(provider: SendPost) -> None:
        assert provider.offers == offered
        for capability in missing:
            assert f"the {other} " in provider.why_not(capability)
        assert not any(map(provider.why_not, offered))
        assert "Tools" in provider.why_not(Capability.TRACKING)
        assert "SMTP" in provider.why_not(Capability.INLINE_IMAGES)
        assert "dashboard" in provider.why_not(Capability.PLANS)

    run(tools, work, tools.answer([]), keys={credential: KEYS[credential]})


ASKS: dict[Capability, list[Work]] = {
    Capability.SEND: [lambda p: p.send(None, None), lambda p: p.check_message(None)],
    Capability.REPORTS: [
        lambda p: p.reports(ReportType.SPAM, MARCH),
        lambda p: p.count_reports(ReportType.SPAM, MARCH),
    ],
    Capability.DELETE_REPORTS: [
        lambda p: p.delete_reports(ReportType.SPAM, ["a@b.co"]),
        lambda p: p.delete_all_spam(),
    ],
    Capability.SUPPRESSIONS: [
        lambda p: p.suppressions(Suppressing()),
        lambda p: p.import_suppressions(["a@b.co"]),
        lambda p: p.delete_suppressions(["a@b.co"]),
    ],
    Capability.DOMAINS: [lambda p: p.domains(), lambda p: p.domain("1")],
    Capability.WEBHOOKS: [lambda p: p.webhooks(), lambda p: p.delete_webhook("1")],
    Capability.STATS: [lambda p: p.stats(MARCH), lambda p: p.count_stats(MARCH)],
    Capability.COUNTS: [lambda p: p.daily_counts(MARCH), lambda p: p.total_counts(MARCH)],
    Capability.MESSAGE: [lambda p: p.message("1")],
    Capability.SUB_ACCOUNTS: [lambda p: p.sub_accounts()],
    Capability.SUB_ACCOUNT: [lambda p: p.sub_account("1")],
    Capability.NAME_SUB_ACCOUNTS: [
        lambda p: p.create_sub_account(NewSubAccount(name="x")),
        lambda p: p.edit_sub_account(SubAccountDetails("1", "", True, name="x")),
        lambda p: p.delete_sub_account("1"),
    ],
    Capability.TRACKING: [lambda p: p.tracking_tools(), lambda p: p.set_tracking("open-tracking", True)],
    Capability.ACCOUNT: [lambda p: p.account()],
}


def test_without_keys_nothing_is_asked(tools: Any) -> None:
    async def work(provider: SendPost) -> None:
        assert provider.offers == frozenset()
        for asks in ASKS.values():
            for ask in asks:
                with pytest.raises(NotOffered):
                    found = ask(provider)
                    await found
        with pytest.raises(NotSignedIn):
            await provider.sign_in()

    assert run(tools, work, tools.answer([]), keys={})[1] == []


def by_key(tools: Any, taken: str) -> Any:
    """Takes one key and refuses the other."""

    def reply(seen: Any) -> bytes:
        no = {"error": {"code": "authentication_failed", "message": "Unknown key"}}
        return tools.answer([{"apiKey": SUB}]) if taken in seen.headers.values() else tools.answer(no, 401)  # type: ignore[no-any-return]

    return reply


def test_check_tries_each_key_by_a_short_question(tools: Any) -> None:
    found, asked = run(tools, lambda p: p.check(), by_key(tools, ACC))
    assert [(it.credential, it.taken) for it in found] == [("sub-account key", False), ("account key", True)]
    assert "sub-account key" in found[0].words
    assert set(found[0].unlocks) == {it.value for it in OF_SUB}
    assert set(found[1].unlocks) == {it.value for it in OF_ACC}
    assert sorted(seen.target for seen in asked) == [
        "/api/v1/account/subaccount/?limit=1&offset=0",
        "/api/v1/subaccount/domain?limit=1&offset=0",
    ]
    for seen in asked:
        assert_headers(seen, ACC if "/account/" in seen.target else SUB)


def test_a_403_to_a_question_that_changes_nothing_says_that_the_key_is_not_taken(tools: Any) -> None:
    no = tools.answer({"message": "Forbidden"}, 403)
    found, _ = run(tools, lambda p: p.check(), no)
    assert [it.taken for it in found] == [False, False]
    assert isinstance(raised(tools, lambda p: p.sign_in(), no), SignInRefused)


@pytest.mark.parametrize("odd", ["key\r\nX-Evil: 1", "key\n", "k\u00e9y", "k\u200bey"])
def test_a_key_that_no_header_can_carry_goes_nowhere(tools: Any, odd: str) -> None:
    keys = {credential: Secret(odd) for credential in KEYS}

    async def work(provider: SendPost) -> list[TurbodeskError]:
        marks, told = tools.Marks(), []
        for ask in (
            provider.sign_in(),
            provider.check(),
            provider.domains(),
            provider.send(tools.message(), marks),
        ):
            with pytest.raises(NoConnection) as caught:
                await ask
            told.append(caught.value)
        assert not marks.count
        return told

    told, asked = run(tools, work, tools.answer([]), keys=keys)
    assert asked == []
    assert all("X-SubAccount-ApiKey" in it.says or "X-Account-ApiKey" in it.says for it in told)
    assert not any(part in f"{it!r} {vars(it)}" for it in told for part in (odd, repr(odd)[1:-1]))


def test_check_says_of_a_key_that_is_not_there_that_it_could_not_be_tried(tools: Any) -> None:
    keys = {Credential.ACCOUNT_KEY: Secret(ACC)}
    found, asked = run(tools, lambda p: p.check(), tools.answer([]), keys=keys)
    assert [it.taken for it in found] == [None, True] and found[0].words
    assert len(asked) == 1


def test_signing_in_tries_every_key_and_names_the_one_that_is_not_taken(tools: Any) -> None:
    run(tools, lambda p: p.sign_in(), tools.answer([]))
    error = raised(tools, lambda p: p.sign_in(), by_key(tools, SUB))
    assert isinstance(error, SignInRefused)
    assert error.says == "SendPost did not take the account key."
    error = raised(tools, lambda p: p.send(tools.message(), tools.Marks()), by_key(tools, ACC))
    assert isinstance(error, SignInRefused)
    assert error.says == "SendPost did not take the sub-account key."


# ---- errors


@pytest.mark.parametrize("status", [403, 409])
def test_what_is_there_already_is_a_conflict_not_a_matter_of_rights(tools: Any, status: int) -> None:
    error = raised(tools, lambda p: p.domains(), tools.answer({"message": "exists"}, status))
    assert isinstance(error, Refused) and "already" in error.hint


def test_a_question_is_asked_again_and_a_fault_is_told(tools: Any) -> None:
    found, asked = run(
        tools, lambda p: p.domains(), tools.answer("", 503), tools.answer("", 429), tools.answer([])
    )
    assert (found, len(asked)) == ((), 3)
    assert isinstance(raised(tools, lambda p: p.domains(), tools.answer("", 500)), ProviderBroken)
    assert isinstance(raised(tools, lambda p: p.domains(), tools.answer({"a": 1})), ProviderBroken)
    no = raised(tools, lambda p: p.domains(), tools.answer({"error": {"message": "Bad range"}}, 400))
    assert isinstance(no, Refused) and no.words == ("Bad range",)


def test_the_notice_of_an_outdated_form_is_kept(tools: Any) -> None:
    async def work(provider: SendPost) -> tuple[str, str]:
        before = provider.notice
        await provider.domains()
        await provider.domains()
        return before, provider.notice

    (before, after), _ = run(
        tools, work, tools.answer([], Deprecation="true", Sunset="Thu, 31 Dec 2026"), tools.answer([])
    )
    assert before == "" and "Thu, 31 Dec 2026" in after


# ---- secrets

OTHERS = "oThErs-sEcrEt-kEy"


def echo(tools: Any, status: int, *, plain: bool) -> Any:
    """Answers with everything that was asked, and with a key of somebody else where accounts are listed."""

    def reply(seen: Any) -> bytes:
        words = f"{seen.target} {seen.headers}"
        if "/account/subaccount/" in seen.path and status == 200:
            words += OTHERS
        if plain:
            return tools.answer(words, status, "text/html")  # type: ignore[no-any-return]
        return tools.answer({"error": {"message": words, "details": [{"message": words}]}}, status)  # type: ignore[no-any-return]

    return reply


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 422, 429, 500])
def test_no_error_no_log_line_and_no_repr_holds_a_key(
    tools: Any, caplog: pytest.LogCaptureFixture, status: int, plain: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    async def work(provider: SendPost) -> None:
        told.append(f"{provider!r} {vars(provider)!r}")
        for ask in (
            provider.send(tools.message(), tools.Marks()),
            provider.sub_accounts(),
            provider.domains(),
            provider.message("1"),
            provider.check(),
            provider.sign_in(),
            provider.delete_suppressions(["a@example.org", "b@example.org"]),
            rows_of(provider.stats(MARCH)),
            rows_of(provider.daily_counts(MARCH)),
        ):
            try:
                told.append(repr(await ask))
            except TurbodeskError as error:
                told.extend(traceback.format_exception(error))
                told.append(f"{error!r} {error.args} {vars(error)}")

    run(tools, work, echo(tools, status, plain=plain))
    everything = "\n".join([*told, *(record.getMessage() for record in caplog.records)])
    assert len(told) > 5
    for secret in (SUB, ACC, OTHERS):
        assert secret not in everything


def test_the_keys_of_sub_accounts_are_dropped(tools: Any) -> None:
    rows = [{"id": 1, "name": "Default", "apiKey": OTHERS, "smtpAuths": [{"password": OTHERS}]}]

    async def work(provider: SendPost) -> str:
        return f"{await provider.sub_accounts()!r} {await provider.check()!r} {vars(provider)!r}"

    told, _ = run(tools, work, tools.answer(rows))
    assert "Default" in told and OTHERS not in told


@pytest.mark.parametrize("status", [200, 201, 403, 406, 500])
def test_the_key_of_a_new_or_changed_sub_account_is_dropped_whatever_is_answered(
    tools: Any, status: int
) -> None:
    row = {"id": 119, "name": "Fair", "apiKey": OTHERS, "smtpAuths": [{"password": OTHERS}]}

    async def work(provider: SendPost) -> str:
        told = ""
        details = SubAccountDetails("119", "", True, name="Fair")
        for ask in (
            provider.create_sub_account(NewSubAccount(name="Fair")),
            provider.edit_sub_account(details),
            provider.delete_sub_account("119"),
        ):
            try:
                told += f"{await ask!r}"
            except TurbodeskError as error:
                told += f"{error!r} {vars(error)!r} {error.__cause__!r}"
        return f"{told} {vars(provider)!r}"

    answer = tools.answer(row, status)
    told, _ = run(tools, work, *[answer] * 7)
    assert OTHERS not in told
    assert ("'119'" in told) is (status < 300)


def test_what_is_said_to_a_recipient_is_short_and_holds_no_key(tools: Any) -> None:
    said = [{"to": "you@example.org", "errorCode": 1, "message": f"{SUB} may not " + "x" * 5_000}]
    result, _ = run(tools, lambda p: p.send(tools.message(), tools.Marks()), tools.answer(said))
    (outcome,) = result.outcomes
    assert outcome.verdict is Verdict.REFUSED
    assert "••• may not" in outcome.words and SUB not in outcome.words and len(outcome.words) < 400


def test_an_answer_to_a_send_without_an_end_is_not_read_to_it(tools: Any) -> None:
    flood = tools.answer([{"to": "you@example.org", "errorCode": 0, "message": "x" * 1_000_000}])
    error = raised(tools, lambda p: p.send(tools.message(), tools.Marks()), flood)
    assert isinstance(error, OutcomeUnknown) and "more than 1,000,000 bytes" in error.says
