"""A viewer's provider: every method there is either asks only, or is refused before anything is asked."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from turbodesk.errors import Guarded
from turbodesk.model.account import Credential, Profile, Secret
from turbodesk.providers import PROVIDERS, open_provider, open_relay
from turbodesk.providers.gateway import Gateway
from turbodesk.providers.looking import READS, WRITES, Looking
from turbodesk.providers.port import Capability, Provider
from turbodesk.providers.sandbox_control import LookingControl, SandboxControl, open_control

CHANGES = {
    "send",
    "delete_reports",
    "delete_all_spam",
    "set_tracking",
    "import_suppressions",
    "delete_suppressions",
    "delete_suppressions_where",
    "create_key",
    "revoke_key",
    "create_webhook",
    "edit_webhook",
    "delete_webhook",
    "validate_address",
    "upload_validation",
    "start_validation",
    "delete_validation_list",
    "create_sub_account",
    "edit_sub_account",
    "delete_sub_account",
    "edit_agency",
    "limit_sub_account",
    "activate_sub_account",
    "enter_sub_account",
    "add_alert",
    "edit_alert",
    "remove_alert",
}
"""What writes. A method that is new belongs here, or to READS where it changes nothing."""

SECRETS = {it: Secret(f"{it.value}-0123456789") for it in Credential}


def methods_of(kind: type) -> dict[str, Callable[..., Any]]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: method for name, method in found if not name.startswith("_")}


class Asked(Provider):
    """Writes down whatever is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def send(self, *given: Any) -> Any:
        self.asked.append("send")


def _noting(name: str) -> Callable[..., Any]:
    def notes(self: Asked, *_given: Any, **_named: Any) -> str:
        self.asked.append(name)
        return f"what {name} brings"

    return notes


for _name in methods_of(Provider):
    setattr(Asked, _name, _noting(_name))
Asked.__abstractmethods__ = frozenset()


def _given(method: Callable[..., Any]) -> tuple[list[Any], dict[str, Any]]:
    wanted = [it for it in inspect.signature(method).parameters.values() if it.name != "self"]
    plain = [object() for it in wanted if it.kind is it.POSITIONAL_OR_KEYWORD]
    return plain, {it.name: object() for it in wanted if it.kind is it.KEYWORD_ONLY}


@pytest.mark.parametrize("name", methods_of(Provider))
def test_every_method_of_a_provider_asks_only_or_is_refused(name: str) -> None:
    async def go() -> None:
        inner = Asked()
        viewer = Looking(inner, "Shop")
        plain, named = _given(getattr(Provider, name))
        if name in READS:
            assert name not in CHANGES
            if name != "why_not":
                assert getattr(viewer, name)(*plain, **named) == f"what {name} brings"
                assert inner.asked == [name]
            return
        assert name in CHANGES, "say whether it changes something: in READS, or in CHANGES here"
        with pytest.raises(Guarded, match="Shop only looks"):
            await getattr(viewer, name)(*plain, **named)
        assert inner.asked == []

    asyncio.run(go())


def test_a_method_that_nobody_listed_is_refused() -> None:
    assert methods_of(Provider).keys() - READS == CHANGES
    assert methods_of(Provider).keys() <= methods_of(Looking).keys()


def test_what_is_not_a_method_is_told_as_the_provider_tells_it_now() -> None:
    inner = Asked()
    viewer = Looking(inner, "Shop")
    for name in Provider.__annotations__:
        value = frozenset(Capability) if name == "offers" else object()
        setattr(inner, name, value)
        expected = frozenset(Capability) - WRITES if name == "offers" else value
        assert getattr(viewer, name) == expected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_viewer_is_offered_what_it_may_look_at_and_told_why_no_more(provider: str) -> None:
    async def go() -> None:
        gateway = Gateway()
        profile = Profile("Shop", provider, "me@example.com", smtp_host="smtp.example.com")
        whole = open_provider(profile, SECRETS, gateway)
        viewer = open_provider(replace(profile, viewer=True), SECRETS, gateway)
        assert viewer.offers == whole.offers - WRITES
        assert Capability.SEND in whole.offers
        for capability in Capability:
            if capability in whole.offers & WRITES:
                assert "Shop only looks" in viewer.why_not(capability)
            else:
                assert viewer.why_not(capability) == whole.why_not(capability)
        await gateway.aclose()

    asyncio.run(go())


def test_the_relay_beside_an_api_only_looks_as_well() -> None:
    async def go() -> None:
        gateway = Gateway()
        profile = Profile("Shop", "sendpost", "me", smtp_host="smtp.example.com", viewer=True)
        assert isinstance(open_relay(profile, SECRETS, gateway), Looking)
        await gateway.aclose()

    asyncio.run(go())


READ_FROM_SANDBOX = {"messages", "message", "accepted"}


@pytest.mark.parametrize("name", methods_of(SandboxControl))
def test_the_sandbox_behind_a_viewer_is_looked_at_only(name: str, tools: Any) -> None:
    async def go() -> None:
        script = tools.Script([tools.answer({})])
        async with script.serve() as server, tools.gateway() as gateway:
            profile = Profile("Shop", "turbosmtp-v1", inbox_url=server.origin, viewer=True)
            control = open_control(profile, gateway)
            assert isinstance(control, LookingControl)
            if name in READ_FROM_SANDBOX:
                assert name not in LookingControl.__dict__
                return
            plain, named = _given(getattr(SandboxControl, name))
            with pytest.raises(Guarded, match="Shop only looks"):
                await getattr(control, name)(*plain, **named)
            assert script.seen == []

    asyncio.run(go())
