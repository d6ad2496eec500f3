"""The other side of the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from turbodesk.errors import NoConnection, ProviderBroken, Refused
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.model.message import Address, Attachment, RecipientKind
from turbodesk.model.reports import MailStatus
from turbodesk.providers import open_provider
from turbodesk.providers.sandbox_control import SandboxControl
from turbodesk.sandbox.server import SandboxServer


def test_a_caught_mail_is_seen_moved_and_forgotten(tools: Any) -> None:
    async def go() -> None:
        with SandboxServer(history_rows=0) as server:
            there = server.endpoints
            profile = Profile("t", "turbosmtp-v1", there.user, there.dashboard_url, there.send_url)
            async with tools.gateway() as gateway:
                control = SandboxControl(there.inbox_url, gateway, Secret(there.control_token))
                assert await control.messages() == []
                provider = open_provider(profile, {Credential.PASSWORD: Secret(there.password)}, gateway)
                message = tools.message(bcc=(Address("b@example.net"),))
                await provider.send(message, tools.Marks())
                (mail,) = await control.messages()
                assert [box.kind for box in mail.recipients] == [RecipientKind.TO, RecipientKind.BCC]
                assert (await control.message(mail.id)).mail.id == mail.id
                opened = await control.make(mail.id, "you@example.org", "open")
                assert (opened.address.email, opened.status) == ("you@example.org", MailStatus.OPEN)
                with pytest.raises(Refused) as refused:
                    await control.make(mail.id, "you@example.org", "bounce")
                assert refused.value.status == 409
                with pytest.raises(Refused) as missing:
                    await control.message("12345/../x")
                assert missing.value.status == 404
                assert await control.accepted() == {"total": 1, "by_key": {"td-abc": 1}}
                await control.advance_clock(3600)
                await control.set_faults([{"match": "/api/v2", "kind": "status", "status": 400, "times": 1}])
                with pytest.raises(Refused):
                    await provider.send(message, tools.Marks())
                await control.reset()
                assert await control.messages() == []
                await provider.aclose()

    asyncio.run(go())


def test_a_sandbox_that_does_not_run_and_something_else_in_its_place(tools: Any) -> None:
    async def go() -> None:
        script = tools.Script([tools.answer(b"<html>", 200, "text/html")])
        async with script.serve() as server, tools.gateway() as gateway:
            with pytest.raises(ProviderBroken):
                await SandboxControl(server.origin, gateway).messages()
        async with tools.gateway() as gateway:
            with pytest.raises(NoConnection):
                await SandboxControl(server.origin, gateway).messages()

    asyncio.run(go())


def test_a_mail_of_more_than_ten_megabytes_is_shown_whole(tools: Any) -> None:
    async def go() -> None:
        with SandboxServer(history_rows=0) as server:
            there = server.endpoints
            profile = Profile("t", "turbosmtp-v1", there.user, there.dashboard_url, there.send_url)
            async with tools.gateway() as gateway:
                control = SandboxControl(there.inbox_url, gateway, Secret(there.control_token))
                provider = open_provider(profile, {Credential.PASSWORD: Secret(there.password)}, gateway)
                large = Attachment.of_bytes("large.bin", bytes(12_000_000))
                await provider.send(tools.message(attachments=(large,)), tools.Marks())
                (mail,) = await control.messages()
                caught = await control.message(mail.id)
                assert [it.sha256 for it in caught.attachments] == [large.sha256]

    asyncio.run(go())
