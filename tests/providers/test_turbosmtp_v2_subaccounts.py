"""The accounts below a turboSMTP v2 account, and its usage alerts: asked word for word, read, refused."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from tests.providers.test_turbosmtp_v2 import check_call
from tests.providers.turbosmtp_v2_script import Expected, Work, refusal, run
from turbodesk.errors import (
    InvalidDraft,
    NoConnection,
    NotOffered,
    ProviderBroken,
    Refused,
    SignInRefused,
    Throttled,
)
from turbodesk.model.account import Plan, Secret
from turbodesk.model.alert import Alert
from turbodesk.model.subaccount import Agency, Contact, NewSubAccount, SubAccountDetails
from turbodesk.providers.exchange import Answer, Garbled
from turbodesk.providers.port import Provider
from turbodesk.providers.turbosmtp_v2_alerts import read_added, read_alert, read_alerts
from turbodesk.providers.turbosmtp_v2_asking import read_yes
from turbodesk.providers.turbosmtp_v2_subaccounts import (
    LENGTHS,
    changed_fields,
    new_fields,
    read_created,
    read_details,
    read_plan,
)

WIDE = "1475205839938715649"  # rounded by whoever reads it as a double
PASSWORD = "Str0ng-enough!"
ADA = Contact("Ada", "Rossi", city="Milano", zip_code="20121")
NEW = NewSubAccount("shop@example.com", Secret(PASSWORD), "203.0.113.25", ADA, policy_agreed=True)
DETAILS = SubAccountDetails(WIDE, "shop@example.com", True, "203.0.113.25", ADA, policy_agreed=True)
ALERT = Alert(WIDE, "ops@example.com", 80)

DETAILS_ANSWER: Any = {
    "subaccount_id": int(WIDE),
    "parent_id": 18897904,
    "email": "shop@example.com",
    "active": True,
    "ip": "203.0.113.25",
    "policy_agree": True,
    "first_name": "Ada",
    "last_name": "Rossi",
    "address_1": "",
    "address_2": None,
    "city": "Milano",
    "zip_code": "20121",
    "unknown": 1,
}
PLAN_ANSWER: Any = {
    "subaccount_id": int(WIDE),
    "parent_id": 18897904,
    "active": False,
    "ip": "203.0.113.25",
    "limit": -1,
    "sent": 15,
    "last_used": "2026-03-10 04:04:21",
    "plan_expiration": None,
    "plan_limit_interval": "Monthly",
    "expired": False,
}
ALERT_ANSWER: Any = {"id": int(WIDE), "email": "ops@example.com", "percentage": 80}
YES: Any = {"message": "success"}
BELOW, ALERTS = f"subaccounts/{WIDE}", "tools/alerts"

CALLS: dict[str, tuple[Work, Any, Expected]] = {
    "one": (lambda p: p.sub_account(WIDE), DETAILS_ANSWER, ("GET", BELOW, "", None)),
    "plan": (
        lambda p: p.sub_account_plan(WIDE),
        PLAN_ANSWER,
        ("GET", f"{BELOW}/active-plan", "", None),
    ),
    "create": (
        lambda p: p.create_sub_account(NEW),
        DETAILS_ANSWER,
        (
            "POST",
            "subaccounts",
            "",
            {
                "email": "shop@example.com",
                "password": PASSWORD,
                "confirm_password": PASSWORD,
                "ip": "203.0.113.25",
                "policy_agree": True,
                "first_name": "Ada",
                "last_name": "Rossi",
                "zip_code": "20121",
                "city": "Milano",
            },
        ),
    ),
    "edit": (
        lambda p: p.edit_sub_account(DETAILS),
        YES,
        ("PATCH", BELOW, "", {"ip": "203.0.113.25", "policy_agree": True, **asdict(ADA)}),
    ),
    "limit": (
        lambda p: p.limit_sub_account(WIDE, 500),
        PLAN_ANSWER,
        ("POST", f"{BELOW}/updatesubaccountsmtplimit", "", {"limit": 500}),
    ),
    "no limit": (
        lambda p: p.limit_sub_account(WIDE, None),
        PLAN_ANSWER,
        ("POST", f"{BELOW}/updatesubaccountsmtplimit", "", {"limit": -1}),
    ),
    "suspend": (
        lambda p: p.activate_sub_account(WIDE, False),
        PLAN_ANSWER,
        ("POST", f"{BELOW}/updatesubaccountstatus", "", {"active": False}),
    ),
    "sign in as": (
        lambda p: p.enter_sub_account("shop@example.com"),
        {"auth": "0123456789abcdef" * 2},
        ("POST", "subaccounts/authorize", "", {"email": "shop@example.com"}),
    ),
    "is an address taken": (
        lambda p: p.email_exists("a+b@example.com"),
        {"result": True},
        ("GET", "subaccounts/email-exists", "Email=a%2Bb%40example.com", None),
    ),
    "agency": (
        lambda p: p.agency(),
        {"agency_name": "Ours", "agency_footer": None, "logoUrl": "https://x.example/l.png"},
        ("GET", "subaccounts/agency", "", None),
    ),
    "edit the agency": (
        lambda p: p.edit_agency(Agency("Ours", footer="Bye", logo_url="https://x.example/l.png")),
        YES,
        (
            "PATCH",
            "subaccounts/agency",
            "",
            {"agency_name": "Ours", "agency_website": "", "agency_footer": "Bye"},
        ),
    ),
    "alerts": (lambda p: p.alerts(), {"count": 1, "results": [ALERT_ANSWER]}, ("GET", ALERTS, "", None)),
    "alert": (lambda p: p.alert(WIDE), ALERT_ANSWER, ("GET", f"{ALERTS}/{WIDE}", "", None)),
    "add an alert": (
        lambda p: p.add_alert("ops@example.com", 80),
        ALERT_ANSWER,
        ("POST", ALERTS, "", {"email": "ops@example.com", "percentage": 80}),
    ),
    "edit an alert": (
        lambda p: p.edit_alert(ALERT),
        ALERT_ANSWER,
        ("PATCH", f"{ALERTS}/{WIDE}", "", {"email": "ops@example.com", "percentage": 80}),
    ),
    "remove an alert": (lambda p: p.remove_alert(WIDE), YES, ("DELETE", f"{ALERTS}/{WIDE}", "", None)),
}
FAULTS = {"500": ProviderBroken, "closed": NoConnection, "429": Throttled}
ONCE = {"create", "add an alert", "sign in as"}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_stands_on_the_wire_as_documented(tools: Any, name: str) -> None:
    seen = check_call(tools, CALLS[name], pair=True)
    assert seen.headers["consumerkey"] == tools.key
    seen = check_call(tools, CALLS[name], pair=False, password=True)
    assert seen.headers["authorization"] == tools.token


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_makes_something_is_asked_once_and_everything_else_again(
    tools: Any, name: str, fault: str
) -> None:
    async def failing(p: Provider) -> None:
        with pytest.raises(FAULTS[fault]):
            await CALLS[name][0](p)

    reply = tools.close if fault == "closed" else tools.answer("", int(fault))
    assert len(run(tools, failing, reply)[1]) == (1 if name in ONCE else 3)


def test_an_alert_that_is_gone_after_a_lost_answer_was_removed_by_it(tools: Any) -> None:
    work: Work = lambda p: p.remove_alert(WIDE)  # noqa: E731
    assert len(run(tools, work, tools.close, refusal(tools, "alert_not_found", 404))[1]) == 2


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_asked_where_nothing_lets_one_in(tools: Any, name: str) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(NotOffered):
            await CALLS[name][0](p)

    assert run(tools, work, tools.answer({}), pair=False)[1] == []


@pytest.mark.parametrize("id", ["", "..", "7/../8", "²", "-1", "1.5", "list", "7" * 101])
def test_what_can_be_no_id_is_not_asked_for(tools: Any, id: str) -> None:
    async def work(p: Provider) -> None:
        for ask in (
            p.sub_account(id),
            p.sub_account_plan(id),
            p.edit_sub_account(replace(DETAILS, id=id)),
            p.limit_sub_account(id, 1),
            p.activate_sub_account(id, True),
            p.alert(id),
            p.edit_alert(replace(ALERT, id=id)),
            p.remove_alert(id),
        ):
            with pytest.raises(InvalidDraft) as refused:
                await ask
            assert refused.value.field == "id"

    assert run(tools, work, tools.answer({}))[1] == []


# ---- what comes back


def test_what_comes_back(tools: Any) -> None:
    found = {name: run(tools, work, tools.answer(body))[0] for name, (work, body, _) in CALLS.items()}
    assert found["one"] == replace(DETAILS, parent_id="18897904")
    plan = found["plan"]
    assert (plan.id, plan.limit, plan.used, plan.interval, plan.active) == (WIDE, None, 15, "Monthly", False)
    assert (plan.last_used.isoformat(), plan.expires) == ("2026-03-10T04:04:21+00:00", None)
    assert found["limit"] == found["suspend"] == plan
    assert found["create"] == found["add an alert"] == WIDE
    assert found["sign in as"] == Secret("0123456789abcdef" * 2)
    assert (found["alerts"], found["alert"]) == ((ALERT,), ALERT)
    assert found["edit"] is found["edit an alert"] is found["remove an alert"] is None


def test_what_was_made_may_come_back_without_its_id(tools: Any) -> None:
    for name in ("create", "add an alert"):
        assert run(tools, CALLS[name][0], tools.answer(YES, 201))[0] == ""


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_details, {"email": "a@example.com"}),
        (read_details, []),
        (read_plan, {**PLAN_ANSWER, "limit": None}),
        (read_plan, {**PLAN_ANSWER, "subaccount_id": 1.5}),
        (read_plan, YES),
        (read_created, "<html>"),
        (read_alerts, {"count": 0}),
        (read_alerts, [ALERT_ANSWER]),
        (read_alert, {**ALERT_ANSWER, "percentage": "most"}),
        (read_alert, {**ALERT_ANSWER, "id": None}),
        (read_added, "<html>"),
        (read_yes, "<html>OK</html>"),
        (read_yes, ""),
    ],
)
def test_what_makes_no_sense_is_told(tools: Any, read: Any, body: Any) -> None:
    data = tools.answer(body).partition(b"\r\n\r\n")[2]
    with pytest.raises(Garbled):
        read(Answer("GET", "/x", 200, body=data))


def test_no_alerts_are_none() -> None:
    assert read_alerts(Answer("GET", "/x", 200, body=b'{"count": 0, "results": null}')) == ()


def test_plans_stay_plans() -> None:
    body = b'{"subaccount_id": "7", "limit": "0", "sent": null, "active": 1, "expired": "true"}'
    assert read_plan(Answer("GET", "/x", 200, body=body)) == Plan("7", 0, 0, "", None, None, True, True)


# ---- what is refused, here and there


@pytest.mark.parametrize("name", LENGTHS)
def test_a_text_is_as_long_as_documented_and_no_longer(name: str) -> None:
    longest = replace(ADA, **{name: "ü" * LENGTHS[name]})
    assert new_fields(replace(NEW, contact=longest))[name] == "ü" * LENGTHS[name]
    for refused in (
        lambda contact: new_fields(replace(NEW, contact=contact)),
        lambda contact: changed_fields(replace(DETAILS, contact=contact)),
    ):
        with pytest.raises(InvalidDraft) as caught:
            refused(replace(ADA, **{name: "ü" * (LENGTHS[name] + 1)}))
        assert set(caught.value.problems) == {name}


@pytest.mark.parametrize(
    ("password", "lacking"),
    [
        ("Sh0rt-one", "10 characters"),
        ("no-capital-1", "a capital letter"),
        ("NO-SMALL-11", "a small letter"),
        ("No-digit-here", "a digit"),
        ("", "10 characters, a capital letter, a small letter, a digit"),
    ],
)
def test_a_password_that_would_be_refused_is_told_and_not_shown(password: str, lacking: str) -> None:
    with pytest.raises(InvalidDraft) as refused:
        new_fields(replace(NEW, password=Secret(password)))
    assert refused.value.problems == {"password": f"turboSMTP takes a password with at least {lacking}."}
    assert not password or password not in f"{refused.value!r} {refused.value.detail}"
    assert PASSWORD not in repr(NEW)


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(InvalidDraft) as refused:
        new_fields(NewSubAccount("a@example.com", Secret("x"), "", Contact()))
    assert set(refused.value.problems) == {"password", "first_name", "last_name", "policy_agreed"}
    with pytest.raises(InvalidDraft) as refused:
        changed_fields(replace(DETAILS, policy_agreed=False))
    assert set(refused.value.problems) == {"policy_agreed"}


@pytest.mark.parametrize(
    ("code", "status", "name", "field"),
    [
        ("email_is_already_in_use", 400, "create", "email"),
        ("ip_not_associated_to_user_account", 400, "edit", "ip"),
        ("limit_should_not_be_higher_than_parent_account_limit", 400, "limit", "limit"),
        ("subaccount_not_found", 404, "plan", "id"),
        ("alert_not_found", 404, "edit an alert", "id"),
        ("invalid_mail_address", 400, "add an alert", "email"),
        ("feature_not_available_for_active_plan", 403, "one", ""),
        ("feature_not_available_for_active_plan", 403, "sign in as", ""),
    ],
)
def test_a_no_is_told_in_a_sentence(tools: Any, code: str, status: int, name: str, field: str) -> None:
    async def work(p: Provider) -> Refused:
        with pytest.raises(Refused) as refused:
            await CALLS[name][0](p)
        return refused.value

    error, asked = run(tools, work, refusal(tools, code, status))
    assert (error.field, error.words, error.status, len(asked)) == (field, (code,), status, 1)
    assert code not in error.says and error.hint


def test_a_no_that_has_no_sentence_of_ours_is_told_in_theirs_and_is_not_its_own_cause(tools: Any) -> None:
    async def work(p: Provider) -> None:
        with pytest.raises(Refused, match="something_new") as refused:
            await p.limit_sub_account(WIDE, 7)
        assert refused.value.__cause__ is None

    run(tools, work, refusal(tools, "something_new", 400))


@pytest.mark.parametrize("name", ["one", "alert"])
def test_what_nobody_knows_is_none_and_a_404_from_a_wrong_host_proves_nothing(tools: Any, name: str) -> None:
    code = {"one": "subaccount_not_found", "alert": "alert_not_found"}[name]
    assert run(tools, CALLS[name][0], refusal(tools, code, 404))[0] is None

    async def work(p: Provider) -> None:
        with pytest.raises(Refused):
            await CALLS[name][0](p)

    run(tools, work, tools.answer("<h1>Not Found</h1>", 404, "text/html"))


def test_whoever_may_not_sign_in_as_another_is_told_so_and_that_the_keys_are_wrong_only_where_they_are(
    tools: Any,
) -> None:
    async def not_theirs(p: Provider) -> None:
        with pytest.raises(Refused, match=r"shop@example\.com") as refused:
            await CALLS["sign in as"][0](p)
        assert refused.value.field == "email"

    async def not_known(p: Provider) -> None:
        with pytest.raises(SignInRefused):
            await CALLS["sign in as"][0](p)

    run(tools, not_theirs, refusal(tools, "wrong_credentials_specified", 403))
    run(tools, not_known, refusal(tools, "invalid_authorization_key", 401))


def test_a_password_that_a_server_repeats_is_struck_out(tools: Any) -> None:
    async def work(p: Provider) -> str:
        with pytest.raises(Refused) as refused:
            await p.create_sub_account(NEW)
        error = refused.value
        return f"{error!r} {error.says} {error.detail} {error.words}"

    told, _ = run(tools, work, tools.answer({"message": f"bad password {PASSWORD}"}, 400))
    assert PASSWORD not in told and "bad password" in told
