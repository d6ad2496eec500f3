"""What the sandbox posts as mail moves: who wants to know, and what they are sent."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox import sendpost_events, turbosmtp_events
from turbodesk.sandbox.post import Post
from turbodesk.sandbox.sendpost_events import NOTHING, Whole
from turbodesk.sandbox.sendpost_messages import Messages
from turbodesk.sandbox.sendpost_webhooks import SendPostWebhooks, Webhook
from turbodesk.sandbox.state import State
from turbodesk.sandbox.tables import EmailRow
from turbodesk.sandbox.webhook_post import Posting, Posts, Target, target_of
from turbodesk.sandbox.wire import Answer, NotValid, Unreadable, fields_of, text_of

MOST_SPEED = 1_000_000.0
_log = logging.getLogger(__name__)


class Webhooks:
    """Posts the events of one server's mail, and answers under /sandbox/webhooks.

    SendPost's go to the webhooks registered with it, or to the one that a message names for itself;
    turboSMTP's to the one URL that somebody has set, as its dashboard does. Mail by the relay is an event
    of both. Only this computer is posted to; whatever else is registered is told nothing.
    """

    def __init__(self, state: State, *, turbosmtp: Target | None = None, speed: float = 1.0) -> None:
        self._state = state
        self._turbosmtp = turbosmtp
        self._messages = Messages(state)
        self._registered = SendPostWebhooks(state)
        self.posts = Posts(state.now, self._tell, speed=speed)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Follows the mail and posts while it is entered."""
        async with self.posts.going_out():
            self._state.watcher = self
            try:
                yield
            finally:
                self._state.watcher = None

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/webhooks", self._show),
            Route("/sandbox/webhooks", self._set, methods=["PUT"]),
        ]

    async def _show(self, request: Request) -> Response:
        """Where turboSMTP's events go, how fast retries come, and what became of the postings."""
        tally, target = self.posts.tally, self._turbosmtp
        where = f"http://{target.host}:{target.port}{target.path}" if target else None
        return Answer(
            {
                "turbosmtp_url": where,  # without its name and password
                "speed": self.posts.speed,
                "waiting": self.posts.waiting,
                "taken": tally.taken,
                "failed_tries": tally.failed_tries,
                "lost": tally.lost,
            }
        )

    async def _set(self, request: Request) -> Response:
        """Sets what the body names: `turbosmtp_url` (null: none), and `speed`."""
        try:
            fields = await fields_of(request)
        except Unreadable:
            raise NotValid("body") from None
        target, speed = self._turbosmtp, fields.get("speed", self.posts.speed)
        if "turbosmtp_url" in fields:
            url = fields["turbosmtp_url"]
            target = None if url is None else target_of(text_of(url))
            if url is not None and target is None:
                raise NotValid("turbosmtp_url")
        if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= MOST_SPEED:
            raise NotValid("speed")
        self._turbosmtp, self.posts.speed = target, float(speed)
        return await self._show(request)

    # the mail that moves

    def accepted(self, mails: Sequence[tuple[int, Post]]) -> None:
        """This mail was taken in, and everything happened to it that does by itself."""
        registered = self._reachable()
        for id, post in mails:
            mail = self._state.mail(id) if self._wanted(post.options, registered) else None
            if mail is None:
                continue
            whole = self._messages.whole(mail)
            for row in whole.rows:
                self._post(row, mail.id, whole, None, registered)

    def happened(self, before: EmailRow, after: EmailRow) -> None:
        """A message has become something else."""
        mail = self._state.mail_of(after)
        whole = self._messages.whole(mail) if mail else NOTHING
        registered = self._reachable()
        if self._wanted(whole.options, registered):
            self._post(after, mail.id if mail else after.id, whole, before, registered)

    def emptied(self) -> None:
        """Mail, clock and webhooks were reset."""
        self.posts.forget()

    def moved(self) -> None:
        """The clock was moved on."""
        self.posts.stir()

    def _reachable(self) -> list[tuple[Webhook, Target]]:
        found = ((it, target_of(it.url)) for it in self._registered.all() if it.flags["enabled"])
        return [(webhook, target) for webhook, target in found if target]

    def _wanted(self, options: Mapping[str, object], registered: Sequence[tuple[Webhook, Target]]) -> bool:
        """Whether anybody is to be told of a message sent with these."""
        return bool(registered or self._turbosmtp or options.get("webhook"))

    def _post(
        self,
        row: EmailRow,
        mid: int,
        whole: Whole,
        before: EmailRow | None,
        registered: Sequence[tuple[Webhook, Target]],
    ) -> None:
        try:
            api = whole.options.get("api", "smtp")  # the sample history is mail of both
            if self._turbosmtp and api != "sendpost":
                for status, at_ms in self._turbosmtp_events(row, whole, before):
                    body = turbosmtp_events.payload(row, mid, whole.options, status, at_ms)
                    self.posts.add(Posting(self._turbosmtp, _dumped(body)))
            if api != "turbosmtp":
                self._post_sendpost(row, whole, before, registered)
        except Exception:  # the mail is on file already: whoever sent it is answered yes
            _log.exception("an event could not be told")

    def _post_sendpost(
        self,
        row: EmailRow,
        whole: Whole,
        before: EmailRow | None,
        registered: Sequence[tuple[Webhook, Target]],
    ) -> None:
        own = text_of(whole.options.get("webhook"))
        instead = target_of(own) if own else None
        for type, at_ms in self._sendpost_events(row, whole, before):
            if instead:
                body = sendpost_events.payload(row, whole, type, at_ms, v1=True)
                self.posts.add(Posting(instead, _dumped(body)))
            for webhook, target in () if own else registered:
                if webhook.wants(sendpost_events.NAMES[type]):
                    body = sendpost_events.payload(row, whole, type, at_ms, v1=webhook.v1)
                    self.posts.add(Posting(target, _dumped(body), webhook.id))

    def _sendpost_events(
        self, row: EmailRow, whole: Whole, before: EmailRow | None
    ) -> Iterator[tuple[int, int]]:
        """What happened to the message since `before`, each with its time."""
        types = sendpost_events.happened(row, whole)
        if before is None:
            yield from zip(types, sendpost_events.moments(row, len(types)), strict=True)
            return
        known = set(sendpost_events.happened(before, whole))
        yield from ((type, self._state.now_ms()) for type in types if type not in known)

    def _turbosmtp_events(
        self, row: EmailRow, whole: Whole, before: EmailRow | None
    ) -> Iterator[tuple[str, int]]:
        statuses = turbosmtp_events.happened(row, whole.options)
        if before is None:
            yield from zip(statuses, sendpost_events.moments(row, len(statuses)), strict=True)
            return
        known = {
            *turbosmtp_events.happened(before, whole.options),
            "DEFERRED",
        }  # what had arrived bounced later
        yield from ((status, self._state.now_ms()) for status in statuses if status not in known)

    def _tell(self, posting: Posting, taken: bool, given_up: bool) -> None:
        if posting.webhook:
            self._registered.tell(posting.webhook, taken=taken, given_up=given_up)


def _dumped(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
