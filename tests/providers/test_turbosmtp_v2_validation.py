"""Validation at turboSMTP v2 over real sockets: asked word for word, and not again once it may have cost."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.providers.test_turbosmtp_v2 import check_call
from tests.providers.turbosmtp_v2_script import (
    ASKED,
    CSV,
    DAYS,
    DONE,
    EVER_ASKED,
    Expected,
    Work,
    all_of,
    refusal,
    rows_of,
    run,
)
from turbodesk.errors import (
    InvalidDraft,
    NoConnection,
    NotOffered,
    OutcomeUnknown,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
    TurbodeskError,
)
from turbodesk.model.reports import ALL_TIME
from turbodesk.model.validation import Uploaded, ValidationStatus
from turbodesk.providers.port import Capability, Provider

LIST = "1475205839938715649"  # rounded by whoever reads it as a double
CREDITS: Any = {"currency": "€", "free_credits": 100, "remaining_free_credit": 58, "paid_credits": 437.456}
RECORD: Any = {"email": "a@example.com", "status": "valid", "sub_status": ""}
UPLOADED: Any = {"list_id": int(LIST), "total_emails": 2}
ONE_LIST: Any = {"id": int(LIST), "is_processed": False, "percentage": 40, "total_emails": 5}
LISTS: Any = {"count": 1, "results": [ONE_LIST]}
RECORDS: Any = {"count": 5, "processed": 1, "results": [{**RECORD, "id": 1}]}

CALLS: dict[str, tuple[Work, Any, Expected]] = {
    "credits": (
        lambda p: p.validation_credits(),
        CREDITS,
        ("GET", "emailvalidation/subscription", "", None),
    ),
    "one address": (
        lambda p: p.validate_address("a+b@example.com"),
        RECORD,
        ("POST", "emailvalidation/validateEmail", "", {"email": "a+b@example.com"}),
    ),
    "lists": (
        lambda p: all_of(p.validation_lists(DAYS)),
        LISTS,
        ("GET", "emailvalidation/lists", f"{ASKED}&page=1&limit=1000", None),
    ),
    "lists of all time": (
        lambda p: all_of(p.validation_lists(ALL_TIME)),
        LISTS,
        ("GET", "emailvalidation/lists", f"{EVER_ASKED}&page=1&limit=1000", None),
    ),
    "one list": (
        lambda p: p.validation_list(LIST),
        ONE_LIST,
        ("GET", f"emailvalidation/lists/{LIST}", "", None),
    ),
    "delete a list": (
        lambda p: p.delete_validation_list(LIST),
        DONE,
        ("DELETE", f"emailvalidation/lists/{LIST}", "", None),
    ),
    "start": (
        lambda p: p.start_validation(LIST),
        DONE,
        ("POST", f"emailvalidation/lists/{LIST}/validate", "", None),
    ),
    "results": (
        lambda p: all_of(p.validation_results(LIST)),
        RECORDS,
        ("GET", f"emailvalidation/lists/{LIST}/emails", "page=1&limit=1000", None),
    ),
    "one result": (
        lambda p: p.validation_result(LIST, "7"),
        RECORD,
        ("GET", f"emailvalidation/lists/{LIST}/emails/7", "", None),
    ),
    "export": (
        lambda p: all_of(p.validation_csv(LIST)),
        CSV,
        ("GET", f"emailvalidation/lists/{LIST}/csv", "", None),
    ),
}


@pytest.mark.parametrize("known", [{"pair": True, "password": True}, {"pair": False, "password": True}])
@pytest.mark.parametrize("name", CALLS)
def test_every_question_stands_on_the_wire_as_documented(
    tools: Any, name: str, known: dict[str, bool]
) -> None:
    seen = check_call(tools, CALLS[name], **known)
    assert ("consumerkey" in seen.headers) is known["pair"]
    assert ("authorization" in seen.headers) is not known["pair"]


# ---- the upload


def uploaded(tools: Any, name: str, emails: list[str], **known: bool) -> tuple[Uploaded, str, str]:
    """What comes back, the name of the file and what it holds, as any reader of forms finds them."""
    answer = tools.answer(UPLOADED, 201)
    made, (seen,) = run(tools, lambda p: p.upload_validation(name, emails), answer, **known)
    assert (seen.method, seen.target) == ("POST", "/api/v2/emailvalidation/upload")
    boundary = re.fullmatch(r"multipart/form-data; boundary=([\w-]{20,70})", seen.headers["content-type"])
    assert boundary is not None
    before, part, after = seen.body.split(f"--{boundary[1]}".encode())
    assert (before, after) == (b"", b"--\r\n")
    head, _, content = part.partition(b"\r\n\r\n")
    found = re.search(rb'name="file"; filename="([^"]*)"', head)
    assert found is not None
    return made, found[1].decode(), content.decode()


@pytest.mark.parametrize("pair", [False, True])
def test_a_file_is_uploaded_as_a_form_with_an_address_on_each_line(tools: Any, pair: bool) -> None:
    emails = ["a@example.com", 'o"neill,@example.com', "=b@example.com"]
    made, name, content = uploaded(tools, "Spring, 1.csv", emails, pair=pair, password=True)
    assert made == Uploaded(LIST, 2)
    assert name == "Spring_ 1.txt"
    assert content == "".join(f"{email}\r\n" for email in emails) + "\r\n"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ('a"; x="b.csv', "a__ x__b.txt"),
        ("über\r\nX: y.csv", "_ber__X_ y.txt"),
        ("../../etc/passwd", "passwd.txt"),
        (".csv", "csv.txt"),
        ("", "list.txt"),
        ("n" * 300, "n" * 100 + ".txt"),
    ],
)
def test_no_name_of_a_file_breaks_out_of_its_part(tools: Any, given: str, sent: str) -> None:
    _, name, content = uploaded(tools, given, ["a@example.com"])
    assert (name, content) == (sent, "a@example.com\r\n\r\n")


@pytest.mark.parametrize(
    "email", ["", " ", "a@example.com\r\nb@example.com", "a\0@example.com", "\ud800@a.b"]
)
def test_what_can_be_no_line_is_not_asked_for(tools: Any, email: str) -> None:
    async def work(p: Provider) -> None:
        for asking in (p.validate_address(email), p.upload_validation("list", ["a@example.com", email])):
            with pytest.raises(InvalidDraft) as refused:
                await asking
            assert list(refused.value.problems) == ["emails"]

    assert run(tools, work, tools.answer({}))[1] == []


def test_the_progress_of_an_upload_grows_to_its_end_on_the_loop(tools: Any) -> None:
    told: list[tuple[int, int]] = []

    async def work(p: Provider) -> None:
        loop = asyncio.get_running_loop()

        def on_loop(done: int, total: int) -> None:
            assert asyncio.get_running_loop() is loop
            told.append((done, total))

        await p.upload_validation("list", [f"{number}@example.com" for number in range(20_000)], on_loop)

    _, (seen,) = run(tools, work, tools.answer(UPLOADED, 201))
    assert len(told) > 4
    assert told == sorted(told)
    assert told[-1] == (len(seen.body), len(seen.body))
    assert {total for _, total in told} == {len(seen.body)}


# ---- what comes back


def test_results_are_read_page_by_page_to_the_end(tools: Any) -> None:
    async def go() -> None:
        rows = [{**RECORD, "id": number, "email": f"{number}@example.com"} for number in range(2_500)]

        def reply(seen: Any) -> Any:
            page, limit = int(seen.query["page"]), int(seen.query["limit"])
            some = rows[(page - 1) * limit : page * limit]
            return tools.answer({"count": 9_000, "processed": 2_500, "results": some})

        async with tools.Script([reply]).serve() as server, tools.gateway() as gateway:
            pages = await all_of(tools.turbosmtp_v2(gateway, server.origin).validation_results("7"))
        assert [row.id for page in pages for row in page.rows] == [str(number) for number in range(2_500)]
        assert (pages[-1].total, pages[-1].complete) == (2_500, True)
        assert sorted(seen.query["page"] for seen in server.seen) == ["1", "2", "3"]

    asyncio.run(go())


def test_before_the_validation_there_is_nothing_to_read(tools: Any) -> None:
    none = tools.answer({"count": 5, "processed": 0, "results": []})
    assert run(tools, lambda p: rows_of(p.validation_results("7")), none)[0] == []


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (lambda p: p.validation_list("7"), "list_not_found"),
        (lambda p: p.validation_result("7", "8"), "list_not_found"),
        (lambda p: p.validation_result("7", "8"), "email_not_found"),
    ],
)
def test_what_nobody_knows_is_none(tools: Any, work: Work, code: str) -> None:
    assert run(tools, work, refusal(tools, code, 404))[0] is None


def test_a_404_from_a_wrong_host_is_no_proof_that_there_is_no_list(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(Refused):
            await p.validation_list("7")

    run(tools, work, tools.answer("<h1>Not Found</h1>", 404, "text/html"))


@pytest.mark.parametrize("id", ["", "x", "..", "7/../8", "²", "-1", "7" * 101])
def test_what_can_be_no_id_is_not_asked_for(tools: Any, id: str) -> None:
    async def work(p: Provider) -> None:
        assert await p.validation_list(id) is None
        assert await p.validation_result(id, "1") is None
        assert await p.validation_result("1", id) is None
        for asking in (
            lambda: p.start_validation(id),
            lambda: p.delete_validation_list(id),
            lambda: rows_of(p.validation_results(id)),
        ):
            with pytest.raises(InvalidDraft) as refused:
                await asking()
            assert list(refused.value.problems) == ["list"]
        with pytest.raises(InvalidDraft):
            await all_of(p.validation_csv(id))

    assert run(tools, work, tools.answer({}))[1] == []


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [
        ("insufficient_credit", 400, ""),
        ("list_already_validated", 400, "list"),
        ("list_not_found", 404, "list"),
    ],
)
def test_a_no_to_the_start_is_told_in_our_words(tools: Any, code: str, status: int, field: str) -> None:
    async def work(p: Provider) -> Refused:
        with pytest.raises(Refused) as refused:
            await p.start_validation("7")
        return refused.value

    refused, asked = run(tools, work, refusal(tools, code, status))
    assert (refused.words, refused.field, len(asked)) == ((code,), field, 1)
    assert refused.hint and code not in refused.says


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b"[]", b'{"message":"success"}', b"null", b'"OK"'])
def test_any_yes_to_the_start_will_do(tools: Any, body: bytes) -> None:
    run(tools, lambda p: p.start_validation("7"), tools.answer(body))


# ---- what costs is asked once

SPENDS: dict[str, Work] = {
    "one address": lambda p: p.validate_address("a@example.com"),
    "start": lambda p: p.start_validation("7"),
}
MAY_HAVE_COST = ("closed", "reset", "cut", "page", "302", "408", "500", "503", "number 5")
SURELY_NOT: dict[str, type[TurbodeskError]] = {
    "307": ProviderBroken,
    "400": Refused,
    "401": SignInRefused,
    "404": Refused,
    "429": Throttled,
    "no under 200": Refused,
}


def plays(tools: Any, fault: str) -> Any:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    named = {
        "closed": tools.close,
        "reset": tools.reset,
        "cut": tools.cut(head),
        "page": tools.answer("<html>Log in</html>", 200, "text/html"),
        "number 5": tools.answer({"errorCode": 5, "message": "fault in the system"}),
        "no under 200": tools.answer({"message": "error", "errors": ["no"]}),
    }
    if fault in named:
        return named[fault]
    return tools.answer({"message": "words"}, int(fault), Location="http://127.0.0.1:9/")


@pytest.mark.parametrize("fault", MAY_HAVE_COST)
@pytest.mark.parametrize("name", SPENDS)
def test_what_may_have_cost_is_unknown_and_not_asked_again(tools: Any, name: str, fault: str) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(OutcomeUnknown) as unknown:
            await SPENDS[name](p)
        assert "credits" in unknown.value.hint

    assert len(run(tools, work, plays(tools, fault))[1]) == 1


@pytest.mark.parametrize("fault", SURELY_NOT)
@pytest.mark.parametrize("name", SPENDS)
def test_what_surely_did_not_cost_is_told_as_it_is_and_not_repeated(
    tools: Any, name: str, fault: str
) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(SURELY_NOT[fault]):
            await SPENDS[name](p)

    assert len(run(tools, work, plays(tools, fault))[1]) == 1


@pytest.mark.parametrize("fault", ["closed", "cut", "500"])
def test_an_upload_that_may_have_arrived_is_not_repeated(tools: Any, fault: str) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises((NoConnection, ProviderBroken)):
            await p.upload_validation("list", ["a@example.com"])

    assert len(run(tools, work, plays(tools, fault))[1]) == 1


def test_a_connection_that_was_not_made_cost_nothing(tools: Any) -> None:
    async def go() -> None:
        async with tools.Script([tools.close]).serve() as server:
            origin = server.origin
        async with tools.gateway() as gateway:  # nobody listens there any more
            for work in SPENDS.values():
                with pytest.raises(NoConnection):
                    await work(tools.turbosmtp_v2(gateway, origin))

    asyncio.run(go())


def test_a_delete_whose_answer_was_lost_is_done_when_it_is_gone(tools: Any) -> None:
    gone = refusal(tools, "list_not_found", 404)
    assert len(run(tools, lambda p: p.delete_validation_list("7"), tools.close, gone)[1]) == 2


def test_without_keys_and_password_nothing_is_offered(tools: Any) -> None:
    async def work(p: Provider) -> None:
        assert Capability.VALIDATION not in p.offers
        with pytest.raises(NotOffered):
            await p.validate_address("a@example.com")

    assert run(tools, work, tools.answer({}), pair=False)[1] == []


def test_older_spellings_are_read_too(tools: Any) -> None:
    old = {"email": "a@example.com", "status": "catch-all", "sub_status": None}
    found, _ = run(tools, lambda p: p.validate_address("a@example.com"), tools.answer(old))
    assert (found.status, found.words, found.sub_status) == (ValidationStatus.CATCH_ALL, "catch-all", "")
