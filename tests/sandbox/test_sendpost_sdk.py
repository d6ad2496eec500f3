"""SendPost's own Python SDK 3.0.0, unmodified, as a foreign client.

It is written for the contract v1, and does not ask for it by itself: `contract` does. Without it the SDK
reads the older answers as far as its models go. They have no member for an older message's id, for the
SMTP logins of a sub-account or for the error of a suppression, and pass over these. They cannot read copies
and attachments that are plain texts, nor a list where an object is due: these fail. Of a webhook that was
made it reads nothing, as the older answer is a 200 and it waits for a 201. Under either contract
they read nothing out of the nested days of the two calls whose days they take for flat.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sendpost_python_sdk as sdk
from pydantic import ValidationError
from sendpost_python_sdk.exceptions import (
    ApiException,
    BadRequestException,
    ForbiddenException,
    NotFoundException,
    ServiceException,
    UnauthorizedException,
    UnprocessableEntityException,
)

from .conftest import Caller
from .receiver import receiving
from .sendpost_caller import TODAY

YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)


class Sdk:
    """One client with both keys, and the SDK's own view of each part of the API."""

    def __init__(self, sandbox: Caller, contract: str = "v1", **keys: str) -> None:
        at = sandbox.at.sendpost
        known = {"accountAuth": at.account_key, "subAccountAuth": at.subaccount_key, **keys}
        self.client = sdk.ApiClient(sdk.Configuration(host=at.base_url, api_key=known))
        if contract:
            self.client.set_default_header("X-SendPost-Public-Contract", contract)
        self.email = sdk.EmailApi(self.client)
        self.messages = sdk.MessageApi(self.client)
        self.suppressions = sdk.SuppressionApi(self.client)
        self.stats = sdk.StatsApi(self.client)
        self.account_stats = sdk.StatsAApi(self.client)
        self.sub_accounts = sdk.SubAccountApi(self.client)
        self.domains = sdk.DomainApi(self.client)
        self.webhooks = sdk.WebhookApi(self.client)

    def send(self, *to: str | sdk.Recipient, **fields: Any) -> list[Any]:
        people = [sdk.Recipient(email=it) if isinstance(it, str) else it for it in to]
        sender = sdk.EmailAddress(email="me@example.com", name="Me")
        message = {"var_from": sender, "to": people, "subject": "Hi", "text_body": "Hello", **fields}
        return list(self.email.send_email(sdk.EmailMessageObject(**message)))


@pytest.fixture
def v1(sandbox: Caller) -> Iterator[Sdk]:
    yield from opened(sandbox, "v1")


@pytest.fixture
def silent(sandbox: Caller) -> Iterator[Sdk]:
    """As the SDK comes: it asks for no contract."""
    yield from opened(sandbox, "")


@pytest.fixture(params=["v1", ""])
def each(request: pytest.FixtureRequest, sandbox: Caller) -> Iterator[Sdk]:
    yield from opened(sandbox, request.param)


def opened(sandbox: Caller, contract: str) -> Iterator[Sdk]:
    client = Sdk(sandbox, contract)
    yield client
    client.client.rest_client.pool_manager.clear()


def window() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"var_from": now - timedelta(1), "to": now + timedelta(1)}


# sending, under either contract


def test_a_whole_message(each: Sdk, sandbox: Caller) -> None:
    person = sdk.Recipient(
        email="you@example.com",
        name="You",
        cc=[sdk.CopyTo(email="cc@example.net", name="Copy")],
        bcc=[sdk.CopyTo(email="bcc@example.net")],
        custom_fields={"name": "You", "order": {"total": 12.5}},
    )
    content = base64.b64encode(b"%PDF").decode()
    (entry,) = each.send(
        person,
        reply_to=sdk.EmailAddress(email="back@example.com"),
        subject="For {{name}}",
        html_body="<p>{{order.total}}</p>",
        headers={"X-Campaign": "spring"},
        groups=["spring"],
        attachments=[sdk.Attachment(content=content, filename="note.pdf")],
    )
    assert (entry.to, entry.error_code) == ("you@example.com", 0)
    assert entry.message_id and entry.submitted_at > 10**18
    whole = sandbox.show()
    assert (whole["subject"], whole["html"].strip()) == ("For You", "<p>12.5</p>")
    assert [row["kind"] for row in whole["recipients"]] == ["to", "cc", "bcc"]
    assert [it["content_base64"] for it in whole["attachments"]] == [content]
    assert {"x-campaign", "reply-to"} <= {name.lower() for name, _ in whole["headers"]}


def test_a_mixed_batch(each: Sdk) -> None:
    each.suppressions.create_suppression(sdk.CreateSuppressionRequest(manual=[{"email": "gone@example.com"}]))
    entries = each.send("ok@example.com", "no address", "gone@example.com", "ratelimit@example.com")
    assert {it.to: it.error_code for it in entries} == {
        "ok@example.com": 0,
        "no address": 1,
        "gone@example.com": 2,
        "ratelimit@example.com": 4,
    }
    unverified = each.send("ok@example.com", var_from=sdk.EmailAddress(email="me@example.edu"))
    assert [it.error_code for it in unverified] == [3]


def test_a_template(each: Sdk, sandbox: Caller) -> None:
    message = sdk.EmailMessageWithTemplate(
        var_from=sdk.EmailAddress(email="me@example.com"),
        to=[sdk.Recipient(email="ann@example.com", custom_fields={"name": "Ann"})],
        template="welcome",
    )
    (entry,) = each.email.send_email_with_template(message)
    assert (entry.error_code, sandbox.show()["subject"]) == (0, "Welcome, Ann")
    with pytest.raises(ApiException) as unknown:
        each.email.send_email_with_template(message.model_copy(update={"template": "unknown"}))
    assert unknown.value.status == 406


def test_tracking_is_what_it_asks_for(each: Sdk) -> None:
    each.send("test@playwithsendpost.io", groups=["yes"])
    each.send("test@playwithsendpost.io", groups=["no"], track_opens=False, track_clicks=False)
    days = {"var_from": TODAY, "to": TOMORROW, "subaccount_id": 117}
    yes, no = (each.stats.get_aggregate_stats_by_group(group=group, **days) for group in ("yes", "no"))
    assert (yes.processed, yes.opened, yes.clicked) == (1, 1, 1)
    assert (no.processed, no.opened, no.clicked) == (1, 0, 0)


# suppressions


def test_suppressions_come_and_go(v1: Sdk) -> None:
    request = sdk.CreateSuppressionRequest(
        hard_bounce=[{"email": "a@example.com"}],
        manual=[{"email": "b+c@example.com"}],
        unsubscribe=[{"email": "d@example.com"}],
        spam_complaint=[{"email": "e@example.com"}],
    )
    made = {it.email: (it.reason, it.reason_text) for it in v1.suppressions.create_suppression(request)}
    assert made == {
        "a@example.com": (2, "hardBounce"),
        "b+c@example.com": (0, "manual"),
        "d@example.com": (1, "unsubscribe"),
        "e@example.com": (3, "spamComplaint"),
    }
    (bounced,) = v1.send("hardbounce@example.com")
    days = {"var_from": YESTERDAY, "to": TOMORROW}
    listed = v1.suppressions.get_suppression_list(**days, limit=100)
    assert len(listed) == 5
    assert (listed[0].email, listed[0].message_uuid) == ("hardbounce@example.com", bounced.message_id)
    assert listed[0].smtp_error and listed[0].created > 10**18
    found = v1.suppressions.get_suppression_list(**days, search="b+c@", type="manual", limit=50, offset=0)
    assert [it.email for it in found] == ["b+c@example.com"]
    gone = sdk.DeleteSuppressionRequest(suppressions=[{"email": it.email} for it in listed])
    assert v1.suppressions.delete_suppression(gone).message
    assert v1.suppressions.get_suppression_list(**days) == []


def test_older_suppressions_lack_what_has_no_member(silent: Sdk) -> None:
    silent.send("hardbounce@example.com")
    (listed,) = silent.suppressions.get_suppression_list(YESTERDAY, TOMORROW)
    assert (listed.email, listed.reason) == ("hardbounce@example.com", 2)
    assert listed.reason_text is listed.smtp_error is listed.message_uuid is None
    gone = sdk.DeleteSuppressionRequest(suppressions=[{"email": "hardbounce@example.com"}])
    with pytest.raises(ValidationError):  # a list where it takes an object
        silent.suppressions.delete_suppression(gone)
    assert silent.suppressions.get_suppression_list(YESTERDAY, TOMORROW) == []


# messages


def test_messages(v1: Sdk) -> None:
    person = sdk.Recipient(
        email="you@example.com", cc=[sdk.CopyTo(email="cc@example.net")], custom_fields={"n": {"m": 1}}
    )
    content = base64.b64encode(b"note").decode()
    attachments = [sdk.Attachment(content=content, filename="note.txt")]
    (entry,) = v1.send(person, groups=["spring"], headers={"X-A": "1"}, attachments=attachments)
    message = v1.messages.get_message_by_id(entry.message_id)
    assert (message.message_id, message.sub_account_id) == (entry.message_id, 117)
    assert message.submitted_at == entry.submitted_at
    assert (message.to.email, message.to.custom_fields) == ("you@example.com", {"n": {"m": 1}})
    assert [it.email for it in message.header_cc] == ["cc@example.net"]
    assert [(it.filename, it.content) for it in message.attachments] == [("note.txt", content)]
    assert (message.subject, message.text_body, message.groups) == ("Hi", "Hello", ["spring"])
    assert (message.headers, message.track_opens) == ({"X-A": "1"}, True)
    listed = v1.messages.get_all_messages(**window(), limit=100, offset=0)
    assert [it.to.email for it in listed] == ["cc@example.net", "you@example.com"]
    assert v1.messages.get_all_messages(**window(), limit=1, offset=1) == listed[1:]
    naive = datetime.now(UTC).replace(tzinfo=None)
    assert len(v1.messages.get_all_messages(naive - timedelta(1), naive + timedelta(1))) == 2
    with pytest.raises(NotFoundException):
        v1.messages.get_message_by_id("5ad9d5a4-0000-4000-8000-000000000000")


def test_older_messages_are_read_where_they_have_neither_copies_nor_attachments(silent: Sdk) -> None:
    (entry,) = silent.send("ok@example.com", groups=["spring"])
    message = silent.messages.get_message_by_id(entry.message_id)
    assert (message.to.email, message.subject, message.groups) == ("ok@example.com", "Hi", ["spring"])
    assert message.message_id is message.sub_account_id is None
    assert len(silent.messages.get_all_messages(**window())) == 1
    (entry,) = silent.send(sdk.Recipient(email="you@example.com", cc=[sdk.CopyTo(email="cc@example.net")]))
    with pytest.raises(ValidationError):
        silent.messages.get_message_by_id(entry.message_id)


# statistics


def test_statistics(each: Sdk) -> None:
    each.send("ok@example.com", "hardbounce@example.com", "test@playwithsendpost.io", groups=["g1 x"])
    each.send("ok@example.com")
    days = {"var_from": TODAY, "to": TOMORROW}
    (day,) = each.account_stats.get_all_account_stats(**days)
    assert (day.var_date, day.stat.processed) == (datetime.now(UTC).date(), 4)
    assert (day.stat.delivered, day.stat.hard_bounced, day.stat.opened, day.stat.clicked) == (3, 1, 1, 1)
    totals = [
        each.account_stats.get_account_aggregate_stats(**days),
        each.stats.account_subaccount_stat_subaccount_id_aggregate_get(**days, subaccount_id=117),
    ]
    assert all(it.to_dict() == day.stat.to_dict() for it in totals)
    groups = [
        each.stats.get_aggregate_stats_by_group(group="g1 x", **days, subaccount_id=117),
        each.account_stats.get_account_aggregate_stats_by_group(group="g1 x", **days),
    ]
    assert [(it.processed, it.hard_bounced, it.dropped) for it in groups] == [(3, 1, 0)] * 2


def test_days_that_it_takes_for_flat(each: Sdk, sandbox: Caller) -> None:
    each.send("ok@example.com", groups=["g"])
    days = {"var_from": TODAY, "to": TOMORROW}

    def read() -> list[Any]:
        return [
            *each.stats.account_subaccount_stat_subaccount_id_get(**days, subaccount_id=117),
            *each.account_stats.get_account_stats_by_group(group="g", **days),
        ]

    assert [it.processed for it in read()] == [None, None]
    sandbox.fault("plain_stats", match="/api/v1/")
    assert [it.processed for it in read()] == [1, 1]


# sub-accounts and domains


def test_sub_accounts(v1: Sdk, sandbox: Caller) -> None:
    first, second = v1.sub_accounts.get_all_sub_accounts(limit=20, offset=0)
    assert (first.id, first.type, first.blocked) == (117, 0, False)
    assert (second.type, second.blocked) == (1, True)
    assert first.api_key == sandbox.at.sendpost.subaccount_key
    assert first.labels[0].name and first.created > 10**18
    assert v1.sub_accounts.get_sub_account(117) == first
    assert v1.sub_accounts.get_all_sub_accounts(search="partner") == [second]
    with pytest.raises(NotFoundException):
        v1.sub_accounts.get_sub_account(999)


def test_a_sub_account_is_made_renamed_and_deleted(each: Sdk) -> None:
    subs = each.sub_accounts
    made = subs.create_sub_account(sdk.NewSubAccount(name="Spring fair"))
    assert (made.name, made.type, made.blocked, made.labels) == ("Spring fair", 1, False, [])
    assert made.api_key and subs.get_sub_account(made.id) == made
    renamed = subs.update_sub_account(made.id, sdk.UpdateSubAccount(name="Autumn fair"))
    assert (renamed.id, renamed.name, renamed.api_key) == (made.id, "Autumn fair", made.api_key)
    with pytest.raises(ForbiddenException):
        subs.create_sub_account(sdk.NewSubAccount(name="Autumn fair"))
    assert subs.delete_sub_account(made.id).id == made.id
    with pytest.raises(NotFoundException):
        subs.get_sub_account(made.id)
    with pytest.raises(ApiException) as kept:
        subs.delete_sub_account(117)
    assert kept.value.status == 406


def test_older_sub_accounts_have_names_for_labels(silent: Sdk) -> None:
    with pytest.raises(ValidationError):  # it takes them for objects
        silent.sub_accounts.get_sub_account(117)


def test_domains(each: Sdk) -> None:
    domains = each.domains.get_all_domains(limit=20, offset=0)
    assert {it.name: it.verified for it in domains}["example.com"] is True
    assert not all(it.verified for it in domains)
    assert all(it.dkim.text_value and it.return_path.type == "CNAME" for it in domains)
    assert domains[0].domain_registered_date.year == 1995
    assert each.domains.get_sub_account_domain(str(domains[0].id)) == domains[0]
    assert each.domains.get_all_domains(search="org") == [it for it in domains if "org" in it.name]
    with pytest.raises(ApiException) as unknown:
        each.domains.get_sub_account_domain("999")
    assert unknown.value.status == 406


# errors


def test_webhooks(each: Sdk) -> None:
    url = "https://hooks.example.com/mine"
    each.webhooks.create_webhook(sdk.NewWebhook(url=url, sent=True))
    made = each.webhooks.get_webhook(each.webhooks.get_all_webhooks()[0].id)
    assert (made.url, made.enabled, made.sent, made.processed) == (url, True, True, False)
    assert made.created > 10**18
    (listed,) = each.webhooks.get_all_webhooks(limit=10, offset=0, search="MINE")
    assert listed.id == made.id
    # Its model fills in whatever is not said, so an update through it sets flags back.
    changed = each.webhooks.update_webhook(made.id, sdk.UpdateWebhook(url=f"{url}/2", unique_click=True))
    assert (changed.url, changed.unique_click, changed.sent) == (f"{url}/2", True, False)
    with pytest.raises(ForbiddenException):
        each.webhooks.create_webhook(sdk.NewWebhook(url=f"{url}/2"))
    with pytest.raises(UnprocessableEntityException):
        each.webhooks.create_webhook(sdk.NewWebhook(url="http://hooks.example.com/"))
    assert each.webhooks.delete_webhook(made.id).message
    assert each.webhooks.get_all_webhooks() == []
    with pytest.raises(ApiException) as gone:
        each.webhooks.get_webhook(made.id)
    assert gone.value.status == 406


def test_a_webhook_just_made_is_read_where_the_answer_is_a_201(v1: Sdk) -> None:
    made = v1.webhooks.create_webhook(sdk.NewWebhook(url="https://hooks.example.com/mine", sent=True))
    assert v1.webhooks.get_webhook(made.id) == made


def test_it_tells_the_status_of_a_webhook_and_how_it_goes(v1: Sdk) -> None:
    made = v1.webhooks.create_webhook(sdk.NewWebhook(url="https://hooks.example.com/mine", enabled=False))
    assert (made.status, made.disabled_reason) == ("disabled", "")
    (listed,) = v1.webhooks.get_all_webhooks()
    assert (listed.status, listed.success_rate) == ("disabled", 100)


def test_it_reads_what_a_webhook_is_sent(v1: Sdk) -> None:
    with receiving() as receiver:
        flags = {"processed": True, "sent": True}
        v1.webhooks.create_webhook(sdk.NewWebhook(url=receiver.url(), **flags))
        (entry,) = v1.send("click@example.com", groups=["spring"])
        got = receiver.first(5)
    read = [sdk.WebhookObject.from_dict(it.body) for it in got]
    assert {it.event.message_id for it in read} == {entry.message_id}
    assert {it.event.type for it in read} == {0, 2, 5, 6, 9}
    assert {it.email_message.to.email for it in read} == {"click@example.com"}
    clicked = next(it for it in read if it.event.type == 6)
    assert clicked.event.event_metadata.clicked_url
    assert clicked.event.event_metadata.device.family == "Other"


def test_refusals_become_its_own_exceptions(each: Sdk, sandbox: Caller) -> None:
    long_ago, days = TODAY - timedelta(400), {"var_from": TODAY, "to": TOMORROW}
    with pytest.raises(BadRequestException):
        each.account_stats.get_account_aggregate_stats(long_ago, TODAY)
    with pytest.raises(NotFoundException):
        each.account_stats.get_all_account_stats(long_ago, long_ago)
    with pytest.raises(UnprocessableEntityException) as refused:
        each.send("ok@example.com", text_body=None)
    assert "htmlBody" in refused.value.body
    with pytest.raises(ServiceException):
        each.send("error500@example.com")
    for keys in ({"accountAuth": "wrong"}, {"accountAuth": sandbox.at.sendpost.subaccount_key}):
        other = Sdk(sandbox, **keys)
        with pytest.raises(UnauthorizedException):
            other.account_stats.get_account_aggregate_stats(**days)
        other.client.rest_client.pool_manager.clear()
    assert sandbox.caught() == []
