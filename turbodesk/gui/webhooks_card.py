"""Webhooks in one line of the account, and the page behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from turbodesk.errors import TurbodeskError
from turbodesk.gui import theme
from turbodesk.gui.account_page import OpeningCard
from turbodesk.gui.parts.button import Button
from turbodesk.gui.parts.card import row
from turbodesk.gui.parts.dialog import ask
from turbodesk.gui.parts.field import IconLabel, Message
from turbodesk.gui.parts.label import Label
from turbodesk.gui.tab import Tab
from turbodesk.gui.webhook_dialog import SampleDialog, WebhookDialog
from turbodesk.gui.webhook_words import count_words, events_words
from turbodesk.gui.webhooks_page import EDIT, REMOVE, SAMPLE, SWITCH, WebhooksPage
from turbodesk.model.webhook import EventFlag, Webhook, WebhookChange
from turbodesk.providers.port import Capability
from turbodesk.services.desk import Desk
from turbodesk.services.webhooks import WebhooksService, receiver_of

if TYPE_CHECKING:
    from turbodesk.providers.gateway import Gateway


class WebhooksCard(OpeningCard):
    """How many webhooks there are; its page shows and changes them."""

    key = "webhooks"
    title = "Webhooks"
    capability = Capability.WEBHOOKS

    page: WebhooksPage

    def __init__(self, tab: Tab, gateway: Callable[[], Awaitable[Gateway]]) -> None:
        """`gateway` is what a sample leaves by."""
        super().__init__(tab)
        self._gateway = gateway
        self._service: WebhooksService | None = None
        self._read = False
        self.page = WebhooksPage()
        self.page.asked.connect(self._on_asked)
        self.page.loading.cancel_asked.connect(self.page.left)
        self._says = Label("", tone="muted", elide="right", tabular=True)
        self.open_button = Button("Open", "arrow-right", size="small", name="Open the webhooks")
        self.open_button.clicked.connect(self.opened)
        self.add(
            row(IconLabel("external", "text"), Label("Webhooks", "section"), self._says, self.open_button)
        )
        edge = theme.px(16) + 1
        self.body.setContentsMargins(edge, theme.px(10), edge, theme.px(10))
        self.message = Message()
        self.add(self.message)

    def set_desk(self, desk: Desk | None) -> None:
        super().set_desk(desk)
        self._service = WebhooksService(desk) if desk and desk.has(self.capability) else None
        self._read = False
        self.message.clear()
        self._says.setText("")
        self.page.set_only_looks(desk.only_looks if desk else "")
        self.page.begin()

    def opener(self) -> QWidget:
        return self.open_button

    def reload(self) -> None:
        if self._service is not None:
            self._tab.work.start(self._show(self._service), fail=self._on_read_failed, name="read webhooks")

    async def _show(self, service: WebhooksService) -> None:
        if not self._read:
            self.page.begin()
            self._says.setText("Reading…")
        webhooks = await service.all()
        if service is self._service:
            self._read = True
            self.message.clear()
            self._says.setText(count_words(webhooks))
            self.page.show_webhooks(webhooks)

    def _on_read_failed(self, error: TurbodeskError) -> bool:
        if self._read:
            return False  # what was read stays; the strip says the rest
        self._says.setText("")
        self.message.say(f"{error.says} {error.hint}".strip(), "Try again", self.reload)
        again = Button("Try again", "refresh")
        again.clicked.connect(self.reload)
        self.page.fail(error.says, error.hint, again)
        return True

    # what can be done

    def _on_asked(self, deed: str, webhook: Webhook | None) -> None:
        if self._service is None or self._desk is None:
            return
        deeds: dict[str, Callable[[WebhooksService, Desk, Webhook], Coroutine[Any, Any, None]]] = {
            EDIT: self._edit,
            SWITCH: self._switch,
            SAMPLE: self._sample,
            REMOVE: self._remove,
        }
        if webhook is None:
            doing = self._add(self._service, self._desk)
        else:
            doing = deeds[deed](self._service, self._desk, webhook)
        self._tab.work.start(doing, name=f"{deed} webhook")

    async def _add(self, service: WebhooksService, desk: Desk) -> None:
        dialog = WebhookDialog(self.window(), service, desk.provider.title)
        await dialog.shown()
        if (made := dialog.kept) is not None:
            says = f"{desk.provider.title} tells {made.url}: {events_words(made.events)}"
            self._tell(says, self._undo(service, lambda: self._take_away(service, made)))
        self._renew(service)

    async def _edit(self, service: WebhooksService, desk: Desk, before: Webhook) -> None:
        dialog = WebhookDialog(self.window(), service, desk.provider.title, before)
        await dialog.shown()
        if dialog.kept is not None:
            undo = self._undo_of(service, before, dialog.kept)
            self._tell(f"The webhook is changed: {events_words(dialog.kept.events)}", undo)
        self._renew(service)

    async def _switch(self, service: WebhooksService, desk: Desk, webhook: Webhook) -> None:
        on, title = not webhook.enabled, desk.provider.title
        says = (
            f"{title} tells it again from now on."
            if on
            else f"{title} tells it nothing until it is on again."
        )
        facts = [("URL", webhook.url), ("Told of", events_words(webhook.events))]
        state = "on" if on else "off"
        if await ask(self.window(), f"Switch this webhook {state}?", says, facts, f"Switch {state}"):
            await self._set(service, webhook, WebhookChange(enabled=on), f"The webhook is {state}", undo=True)

    async def _remove(self, service: WebhooksService, desk: Desk, webhook: Webhook) -> None:
        says = f"{desk.provider.title} tells it nothing any more. To have it again, it is added anew."
        facts = [("URL", webhook.url), ("Told of", events_words(webhook.events))]
        sure = await ask(
            self.window(),
            "Remove this webhook?",
            says,
            facts,
            "Remove webhook",
            act_icon="delete",
            danger=True,
        )
        if sure:
            await self._take_away(service, webhook)

    async def _take_away(self, service: WebhooksService, webhook: Webhook) -> None:
        try:
            gone = await service.remove(webhook.id)
        finally:
            self._renew(service)
        self._tell(f"The webhook is removed: {gone.url}")

    async def _sample(self, service: WebhooksService, desk: Desk, webhook: Webhook) -> None:
        await SampleDialog(self.window(), self._gateway, webhook).shown()

    async def _set(
        self, service: WebhooksService, before: Webhook, change: WebhookChange, says: str, *, undo: bool
    ) -> None:
        try:
            now = await service.edit(before.id, change)
        finally:
            self._renew(service)
        self._tell(says, self._undo_of(service, before, now) if undo else None)

    def _undo_of(
        self, service: WebhooksService, before: Webhook, now: Webhook
    ) -> Callable[[], object] | None:
        """What sets a webhook back, None where that cannot be done: nobody here knows a password in a URL."""
        url = before.url if before.url != now.url else ""
        if url and receiver_of(url).user:
            return None
        back = WebhookChange(url, before.enabled, {flag: flag in before.events for flag in EventFlag})
        says = "The webhook is as it was"
        return self._undo(service, lambda: self._set(service, now, back, says, undo=False))

    def _undo(
        self, service: WebhooksService, act: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], object]:
        """What an Undo does, as long as it is this account that is open."""

        def undo() -> None:
            if service is self._service:
                self._tab.work.start(act(), name="undo")

        return undo

    def _tell(self, says: str, undo: Callable[[], object] | None = None) -> None:
        self._tab.notices.tell("ok", says, actions=[("Undo", "undo", undo)] if undo else ())

    def _renew(self, service: WebhooksService) -> None:
        if service is self._service:
            self.reload()
