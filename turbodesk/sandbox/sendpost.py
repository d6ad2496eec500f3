"""SendPost's API v1: sends, messages, suppressions, statistics, sub-accounts, domains and webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox import sendpost_stats as stats
from turbodesk.sandbox import sendpost_suppressions as suppressions
from turbodesk.sandbox.fate import GIVEN_UP, local_part
from turbodesk.sandbox.intake import RETRY_AFTER_S, SLOW_S, Intake
from turbodesk.sandbox.listing import newest
from turbodesk.sandbox.sendpost_account import DEFAULT, SubAccount
from turbodesk.sandbox.sendpost_messages import Messages
from turbodesk.sandbox.sendpost_send import (
    ERRORS,
    NOT_VERIFIED,
    RATE_LIMITED,
    SUPPRESSED,
    Letter,
    To,
    error_of,
    posts_of,
    read_letter,
)
from turbodesk.sandbox.sendpost_subaccounts import SubAccountAnswers, SubAccounts
from turbodesk.sandbox.sendpost_suppressions import Suppressions
from turbodesk.sandbox.sendpost_webhooks import WebhookAnswers
from turbodesk.sandbox.sendpost_wire import (
    PAGE_LIMIT,
    Refusal,
    days,
    is_v1,
    json_body,
    moments,
    nanoseconds,
    page,
    refused,
    reply,
    searched,
)
from turbodesk.sandbox.state import ACCOUNT_KEY, State
from turbodesk.sandbox.tables import EmailRow, id_of, moment_ms, uuid_of
from turbodesk.sandbox.wire import HangUp, anything, requests_under_way, told

ROOT = "/api/v1"
ACCOUNT_HEADER, SUBACCOUNT_HEADER = "X-Account-ApiKey", "X-SubAccount-ApiKey"

_DAILY_LIMIT, _AGGREGATE_LIMIT, _LIST_LIMIT = 31, 366, 60  # days
_RECIPIENT_LIMIT = 100
_MESSAGES_DEFAULT = 50

Handler = Callable[[Request], Awaitable[object]]


class SendPost:
    """The answers under /api/v1, over one State.

    The default sub-account sees all of it. Another one is blocked, and those that were made here have no
    domain yet to send from: they have nothing.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._intake = Intake(state)
        self._messages = Messages(state)
        self._suppressions = Suppressions(state)
        self._webhooks = WebhookAnswers(state)
        self._subs = SubAccounts(state)

    def routes(self) -> list[Route]:
        account_stat, sub_stat = "/account/stat", "/account/subaccount/stat/{id}"
        asked: list[tuple[str, str, Handler]] = [
            ("POST", "/subaccount/email", self._send),
            ("POST", "/subaccount/email/template", self._send_template),
            ("GET", "/account/message", self._list_messages),
            ("GET", "/account/message/{id}", self._message),
            ("GET", "/account/message/{id}/events", self._events),
            ("GET", "/account/recipient/{email}/messages", self._events_of_recipient),
            ("GET", "/subaccount/suppression", self._list_suppressions),
            ("POST", "/subaccount/suppression", self._add_suppressions),
            ("DELETE", "/subaccount/suppression", self._remove_suppressions),
            ("GET", account_stat, self._daily),
            ("GET", f"{account_stat}/aggregate", self._aggregate),
            ("GET", f"{account_stat}/group", self._daily),
            ("GET", f"{account_stat}/aggregate/group", self._aggregate),
            ("GET", sub_stat, self._daily),
            ("GET", f"{sub_stat}/aggregate", self._aggregate),
            ("GET", f"{sub_stat}/group", self._aggregate),
            ("GET", "/subaccount/stat", self._daily),
            ("GET", "/subaccount/stat/aggregate", self._aggregate),
            ("GET", "/subaccount/stat/group", self._daily),
            ("GET", "/subaccount/stat/aggregate/group", self._aggregate),
            ("GET", "/subaccount/domain", self._list_domains),
            ("GET", "/subaccount/domain/{id}", self._domain),
            *SubAccountAnswers(self._subs).asked(),
            *self._webhooks.asked(),
        ]
        return [
            *(
                Route(ROOT + path, self._endpoint(handler), methods=[method])
                for method, path, handler in asked
            ),
            anything(ROOT + "/{path:path}", self._endpoint(_nothing_here)),
        ]

    # sending

    async def _send(self, request: Request) -> object:
        """`POST /subaccount/email/`, documented."""
        return await self._take(request, templated=False)

    async def _send_template(self, request: Request) -> object:
        """`POST /subaccount/email/template`, documented."""
        return await self._take(request, templated=True)

    async def _take(self, request: Request, *, templated: bool) -> object:
        """Stores the mail, unless a scenario address forbids it, and answers as the addresses want it."""
        _check_not_blocked(request)
        letter = read_letter(await json_body(request), templated=templated)
        errors = _errors(request, letter)
        words = {local_part(one.email) for to in letter.to for one in to.everybody}
        if "error500" in words:
            raise Refusal(500, "An error occurred on the server.")
        taken = [to for to, error in zip(letter.to, errors, strict=True) if not error]
        stored = iter(await self._store(letter, taken, alone=requests_under_way(request.scope) == 1))
        if "drop" in words:
            return HangUp()
        if "slow" in words:
            await asyncio.sleep(SLOW_S)
        now_ms = self._state.now_ms()
        return [
            _no(to, error, now_ms) if error else _outcome(to, next(stored), now_ms)
            for to, error in zip(letter.to, errors, strict=True)
        ]

    async def _store(self, letter: Letter, taken: Sequence[To], *, alone: bool) -> list[EmailRow | None]:
        """The message to each of `taken`; None: nothing more is paid for."""
        posts = posts_of(letter, taken)
        given = await asyncio.gather(
            *(self._intake.store(post, alone=alone and len(posts) == 1) for post, _ in posts)
        )
        rows: list[EmailRow | None] = [None] * len(taken)
        for mid, (_, positions) in zip(given, posts, strict=True):
            mail = None if mid is None else self._state.mail(mid)
            own = [row for row in self._state.recipients(mail) if row.kind == "to"] if mail else []
            for position, row in zip(positions, own, strict=False):
                rows[position] = row
        return rows

    # messages

    async def _list_messages(self, request: Request) -> object:
        """`GET /account/message`, documented; newest first."""
        since_ms, until_ms = moments(request, _LIST_LIMIT)
        limit, offset = page(request, default=_MESSAGES_DEFAULT, most=PAGE_LIMIT)
        ids = self._state.emails(since_ms=since_ms, until_ms=until_ms)
        rows = self._state.email_rows(newest(ids, offset=offset, limit=limit))
        return self._messages.several(rows, v1=is_v1(request))

    async def _message(self, request: Request) -> object:
        """`GET /account/message/{messageId}`, documented."""
        return self._messages.one(self._row(request), v1=is_v1(request))

    async def _events(self, request: Request) -> object:
        """`GET /account/message/{messageId}/events`, not documented."""
        _only_where_offered(request)
        row = self._row(request)
        if request.query_params.get("subAccountId") != str(DEFAULT.id):
            raise Refusal(406, "subAccountId is missing or unknown.")
        return self._messages.events(row)

    async def _events_of_recipient(self, request: Request) -> object:
        """`GET /account/recipient/{email}/messages`, not documented."""
        _only_where_offered(request)
        return self._messages.events_of(request.path_params["email"], _RECIPIENT_LIMIT)

    def _row(self, request: Request) -> EmailRow:
        id = id_of(request.path_params["id"])
        rows = [] if id is None else self._state.email_rows([id])
        if not rows:
            raise Refusal(404, "There is no such message.")
        return rows[0]

    # suppressions

    async def _list_suppressions(self, request: Request) -> object:
        """`GET /subaccount/suppression`, documented; newest first."""
        since_ms, until_ms = days(request, _LIST_LIMIT)
        limit, offset = page(request, most=PAGE_LIMIT)
        kind = request.query_params.get("type", "")
        if kind and kind not in suppressions.KINDS:
            raise Refusal(400, f"type must be one of {', '.join(suppressions.KINDS)}.")
        if not self._sees_the_store(request):
            return []
        contains = request.query_params.get("search", "").strip()
        rows = self._suppressions.page(
            since_ms, until_ms, kind=kind, contains=contains, limit=limit, offset=offset
        )
        return [suppressions.as_json(row, v1=is_v1(request)) for row in rows]

    async def _add_suppressions(self, request: Request) -> object:
        """`POST /subaccount/suppression`, documented."""
        _check_keeps_lists(request)
        emails = suppressions.read_added(await json_body(request))
        return [suppressions.as_json(row, v1=is_v1(request)) for row in self._suppressions.add(emails)]

    async def _remove_suppressions(self, request: Request) -> object:
        """`DELETE /subaccount/suppression`, documented; its body names the addresses."""
        _check_keeps_lists(request)
        emails = suppressions.read_removed(await json_body(request))
        gone = self._suppressions.remove(emails)
        if is_v1(request):
            return {"message": "Suppressions were deleted successfully."}
        return [{"id": row.cid, "message": "Suppression was deleted successfully."} for row in gone]

    # statistics

    async def _daily(self, request: Request) -> object:
        """`GET …/stat` and `GET …/stat/group`, documented; under /subaccount seen in clients."""
        since_ms, until_ms = days(request, _DAILY_LIMIT)
        group = _group(request)
        found = []
        if self._sees_the_store(request):
            found = stats.daily(self._state.connection, since_ms, until_ms, group)
        _check_data(request, group, found=bool(found))
        if told(request, "plain_stats"):
            return [{"date": day, **counters} for day, counters in found]
        member = "stats" if told(request, "old_stats") else "stat"
        return [{"date": day, member: counters} for day, counters in found]

    async def _aggregate(self, request: Request) -> object:
        """`GET …/aggregate`, `…/aggregate/group` and `/account/subaccount/stat/{id}/group`, as `_daily`."""
        since_ms, until_ms = days(request, _AGGREGATE_LIMIT)
        group = _group(request)
        found = dict.fromkeys(stats.COUNTERS, 0)
        if self._sees_the_store(request):
            found = stats.aggregate(self._state.connection, since_ms, until_ms, group)
        _check_data(request, group, found=found["processed"] > 0)
        return found

    # who asks

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """`handler` for those who show the right key; what it returns becomes JSON."""

        async def endpoint(request: Request) -> Response:
            try:
                self._check_key(request)
                answer = await handler(request)
            except Refusal as refusal:
                return refused(request, refusal)
            return answer if isinstance(answer, Response) else reply(request, answer)

        return endpoint

    def _check_key(self, request: Request) -> None:
        """Raises Refusal where the key that the path asks for is missing, wrong, or of the other kind."""
        if _is_under(request, "account"):
            header, good = ACCOUNT_HEADER, request.headers.get(ACCOUNT_HEADER) == ACCOUNT_KEY
        elif _is_under(request, "subaccount"):
            header = SUBACCOUNT_HEADER
            request.state.sub_account = self._subs.of_key(request.headers.get(header, ""))
            good = request.state.sub_account is not None
        else:
            return
        if not good:
            raise Refusal(401, f"{header} is missing or wrong.")

    def _sees_the_store(self, request: Request) -> bool:
        """Whether it is about the account or its default sub-account; raises Refusal for one there is not."""
        if _is_under(request, "subaccount"):
            return _subaccount_of(request).is_default
        id = request.path_params.get("id", str(DEFAULT.id))
        if all(id != str(it.id) for it in self._subs.all()):
            raise Refusal(406, "There is no such sub-account.")
        return bool(id == str(DEFAULT.id))

    # domains

    async def _list_domains(self, request: Request) -> object:
        """`GET /subaccount/domain`, documented."""
        found = searched(request, _subaccount_of(request).domains)
        return [it.as_json(v1=is_v1(request)) for it in found]

    async def _domain(self, request: Request) -> object:
        """`GET /subaccount/domain/{id}`, documented."""
        for domain in _subaccount_of(request).domains:
            if str(domain.id) == request.path_params["id"]:
                return domain.as_json(v1=is_v1(request))
        raise Refusal(406, "There is no such domain.")


async def _nothing_here(request: Request) -> object:
    raise Refusal(404, "There is no such resource.")


# who asks


def _is_under(request: Request, name: str) -> bool:
    return f"{request.url.path}/".startswith(f"{ROOT}/{name}/")


def _subaccount_of(request: Request) -> SubAccount:
    """Whose key it is, as it was when the key was looked at."""
    found: SubAccount = request.state.sub_account
    return found


def _check_not_blocked(request: Request) -> None:
    if _subaccount_of(request).blocked:
        raise Refusal(401, "The sub-account is blocked.")


def _check_keeps_lists(request: Request) -> None:
    """Raises Refusal for a sub-account whose suppressions would be mixed with the default one's."""
    _check_not_blocked(request)
    if not _subaccount_of(request).is_default:
        raise Refusal(422, "The sandbox keeps the suppressions of its default sub-account only.")


def _only_where_offered(request: Request) -> None:
    if told(request, "hidden_off"):
        raise Refusal(404, "There is no such resource.")


# answers and questions


def _errors(request: Request, letter: Letter) -> list[int]:
    """Why there is no message to each recipient, else 0; raises Refusal where all come too fast.

    An address may ask to be limited, and the sandbox may have been told to limit every other one.
    """
    every_other = told(request, "partial_failure")
    limited = [
        local_part(to.person.email) == "ratelimit" or (every_other and number % 2 == 1)
        for number, to in enumerate(letter.to)
    ]
    if all(limited):
        raise Refusal(429, "Too many requests.", headers={"Retry-After": str(RETRY_AFTER_S)})
    unverified = 0 if _subaccount_of(request).is_default else NOT_VERIFIED
    return [
        error_of(letter, to) or unverified or (RATE_LIMITED if late else 0)
        for to, late in zip(letter.to, limited, strict=True)
    ]


def _no(to: To, error: int, now_ms: int) -> dict[str, object]:
    return _entry(to, "", now_ms, error, ERRORS[error])


def _outcome(to: To, row: EmailRow | None, now_ms: int) -> dict[str, object]:
    if row is None:
        return _no(to, RATE_LIMITED, now_ms)
    uuid, at_ms = uuid_of(row.id), moment_ms(row.id)
    if row.status == "SYSFAIL" and row.error != GIVEN_UP.error:
        return _entry(to, uuid, at_ms, SUPPRESSED, ERRORS[SUPPRESSED])
    return _entry(to, uuid, at_ms, 0, "Email submitted successfully")


def _entry(to: To, uuid: str, at_ms: int, error: int, message: str) -> dict[str, object]:
    return {
        "to": to.person.email,
        "messageId": uuid,
        "submittedAt": nanoseconds(at_ms),
        "errorCode": error,
        "message": message,
    }


def _group(request: Request) -> str | None:
    """The group that a path for groups is asked about; None on the other paths. Raises Refusal."""
    if not request.url.path.rstrip("/").endswith("/group"):
        return None
    group = request.query_params.get("group", "")
    if not group:
        raise Refusal(400, "group is required.")
    return group


def _check_data(request: Request, group: str | None, *, found: bool) -> None:
    """Raises Refusal where the account as a whole has nothing to show."""
    if not found and group is None and _is_under(request, "account/stat"):
        raise Refusal(404, "There are no statistics in this range.")
