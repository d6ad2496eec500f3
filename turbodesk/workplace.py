"""Opens what the window and the command line both work with: settings, vault, ledger, sandbox, desk.

What is slow to import (httpx, uvicorn, the ledger) is imported where it is opened: most commands need one of
them, and the window is ready to send before it needs the ledger.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from turbodesk import settings as settings_file
from turbodesk.errors import InvalidDraft, NotSignedIn, StoreTrouble, TurbodeskError
from turbodesk.model.account import SANDBOXES, Credential, Credentials, Profile, Secret
from turbodesk.providers import PROVIDERS, open_provider, open_relay, origin_of, profile_problems
from turbodesk.services.desk import Desk
from turbodesk.settings import Settings

if TYPE_CHECKING:
    from turbodesk.providers.gateway import Gateway
    from turbodesk.sandbox.server import Endpoints, SandboxServer
    from turbodesk.services.batches import BatchRuns
    from turbodesk.services.outbox import Outbox
    from turbodesk.services.sending import Sending
    from turbodesk.store.ledger import Ledger
    from turbodesk.vault import Secrets

SECRET_VARIABLES = {it: f"TURBODESK_SECRET_{it.name}" for it in Credential}
SANDBOX_TOKEN_VARIABLE = "TURBODESK_SECRET_SANDBOX_TOKEN"  # noqa: S105 (a name)
SANDBOX_FILE = "sandbox.sqlite"
SANDBOX_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class _Own:
    """A desk for what is sent beside the window, and the profile it was opened for."""

    made_for: Profile
    desk: Desk

    def serves(self, profile: Profile) -> bool:
        """Whether nothing but guards that every send asks for anew has changed."""
        alike = profile.viewer == self.made_for.viewer
        return alike and profile.guarded_as(self.made_for) == self.made_for


class Workplace:
    """Everything open while the program runs over one config dir. Each part opens when first asked for.

    Use it as an async context manager: leaving it closes, in reverse, whatever was opened.
    """

    def __init__(
        self,
        config_dir: Path,
        *,
        vault: Secrets | None = None,
        environment: Mapping[str, str] = os.environ,
        history_rows: int | None = None,
    ) -> None:
        self.config_dir = config_dir
        self._vault = vault
        self._environment = environment
        self._history_rows = history_rows
        self._settings: Settings | None = None
        self._settings_stamp: tuple[int, ...] | None = None
        self._gateway: Gateway | None = None
        self._ledger: Ledger | None = None
        self._sandbox: SandboxServer | None = None
        self._batches: BatchRuns | None = None
        self._own: dict[tuple[str, int], _Own] = {}
        self._opening_own: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._slotted: dict[int, Gateway] = {}
        self._starting_sandbox = asyncio.Lock()
        self._opening_ledger = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(settings_file.make_config_dir, self.config_dir)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def settings(self) -> Settings:
        """What is remembered between runs, as it is on disk now, whichever program wrote it.

        The file is read again only where it is another one. Raises FileTrouble where it cannot be read.
        """
        stamp = settings_file.stamp(self.config_dir)
        if self._settings is None or stamp != self._settings_stamp:
            before = self._settings
            self._settings = settings_file.load(self.config_dir)
            self._settings_stamp = stamp
            if before is not None and not self._settings.note:  # told until somebody has seen to it
                self._settings = replace(self._settings, note=before.note)
        return self._settings

    def change(self, changed: Callable[[Settings], Settings]) -> Settings:
        """Remembers what `changed` makes of the settings as they are on disk now; raises FileTrouble."""
        self._settings = settings_file.change(self.config_dir, changed)
        self._settings_stamp = None  # another program may have written since
        return self._settings

    @property
    def vault(self) -> Secrets:
        """Where secrets are kept. Its methods block."""
        if self._vault is None:
            from turbodesk.vault import Vault

            self._vault = Vault(self.config_dir)
        return self._vault

    @property
    def gateway(self) -> Gateway:
        """The one way out to the network."""
        if self._gateway is None:
            from turbodesk.providers.gateway import Gateway

            self._gateway = Gateway()
        return self._gateway

    @property
    def endpoints(self) -> Endpoints | None:
        """Where the built-in sandbox listens, None while it does not run."""
        return self._sandbox.endpoints if self._sandbox else None

    def profile(self, name: str) -> Profile:
        """The profile of that name; raises TurbodeskError where there is none. Those of the sandbox
        always exist."""
        if found := self.settings.profile(name):
            return found
        if name in SANDBOXES:
            return Profile(name, SANDBOXES[name], smtp_host=SANDBOX_HOST, colour="teal")
        raise TurbodeskError(
            f"There is no profile {name!r}.",
            hint="`profile list` shows those there are; `profile add` makes one.",
            field="profile",
        )

    async def ledger(self) -> Ledger:
        """The ledger of this config dir; raises StoreTrouble where it cannot be opened."""
        async with self._opening_ledger:
            if self._ledger is None:
                self._ledger = await asyncio.to_thread(_open_ledger, self.config_dir)
            return self._ledger

    async def credentials(self, profile: Profile) -> Credentials:
        """The secrets of a profile: each from the environment where it is set, else from the keyring.

        Raises NotSignedIn where there is none at all, SecretsLocked where the keyring does not open.
        """
        found: dict[Credential, Secret] = {}
        asked = PROVIDERS[profile.provider].credentials if profile.provider in PROVIDERS else ()
        for credential in asked:
            if given := self._environment.get(SECRET_VARIABLES[credential]):
                found[credential] = Secret(given)
            elif kept := await asyncio.to_thread(self.vault.read, profile.name, credential.value):
                found[credential] = kept
        if asked and not found and not (profile.provider == "smtp" and not profile.user):
            names = " and ".join(SECRET_VARIABLES[it] for it in asked[:2])
            raise NotSignedIn(
                f"No {asked[0].value.replace('_', ' ')} is kept for the profile {profile.name}.",
                hint=f"Sign in again, or set {names} where no keyring can be used.",
                field=asked[0].value,
            )
        return found

    def check_profile(self, profile: Profile) -> None:
        """Raises InvalidDraft, by field, where the profile's name or addresses cannot be used."""
        settings_file.check_profile_name(profile.name, (there.name for there in self.settings.profiles))
        if problems := profile_problems(profile):
            raise InvalidDraft(problems, "Nothing was kept")

    async def keep(self, profile: Profile, credentials: Credentials) -> bool:
        """Remembers a profile and its secrets; whether all of them outlive this run comes back.

        Raises InvalidDraft and FileTrouble with nothing kept, SecretsLocked with the profile kept.
        """
        self.check_profile(profile)
        problems = {it.value: _problem(given) for it, given in credentials.items()}
        if problems := {name: problem for name, problem in problems.items() if problem}:
            raise InvalidDraft(problems, "Nothing was kept")
        self.change(lambda settings: settings.with_profile(profile))
        return await self.keep_secrets(profile.name, credentials)

    async def keep_secrets(self, name: str, credentials: Credentials) -> bool:
        """Puts those secrets of a profile that are not empty into the vault; raises SecretsLocked."""
        given = {credential: secret for credential, secret in credentials.items() if secret}
        for key in [key for key in self._own if key[0] == name]:
            await self._own.pop(key).desk.aclose()  # what is sent next signs in anew

        def write() -> list[bool]:
            return [self.vault.write(name, secret, it.value) for it, secret in given.items()]

        return bool(given) and all(await asyncio.to_thread(write))

    async def forget(self, name: str) -> None:
        """Forgets a profile and its secrets; what it sent stays in the ledger."""
        await asyncio.to_thread(self.vault.forget, name)
        self.change(lambda settings: settings.without_profile(name))

    async def desk(self, name: str) -> Desk:
        """Opens the desk of a profile; the sandbox is started where it is the sandbox's."""
        profile = self.profile(name)
        if profile.is_sandbox:
            return await self._sandbox_desk(profile)
        return self.desk_with(profile, await self.credentials(profile))

    def desk_with(self, profile: Profile, credentials: Credentials, gateway: Gateway | None = None) -> Desk:
        """A desk for a profile with these secrets, whether or not any of it is kept anywhere; it goes out
        through `gateway`, or the one that everything goes through."""
        from turbodesk.providers.sandbox_control import open_control

        gateway = gateway or self.gateway
        provider = open_provider(profile, credentials, gateway)
        url = profile.inbox_url
        control = open_control(profile, gateway, self._control_token(url)) if url else None
        return Desk(profile, provider, control, open_relay(profile, credentials, gateway))

    def _control_token(self, inbox_url: str) -> Secret:
        """What the sandbox there wants to be shown: ours told it, of another the environment may know."""
        own = self._sandbox.endpoints if self._sandbox is not None else None
        if own is not None and own.inbox_url == inbox_url:
            return Secret(own.control_token)
        return Secret(self._environment.get(SANDBOX_TOKEN_VARIABLE, ""))

    async def outbox(self, desk: Desk, *, repeats: bool = False) -> Outbox:
        """The outbox of this config dir, sending through `desk`. With `repeats`, what nothing of left is
        queued for its next try: only where `sending` runs."""
        ledger = await self.ledger()
        from turbodesk.services.outbox import Outbox

        return Outbox(ledger, desk, guarded=lambda: self._guarded(desk.profile), repeats=repeats)

    def _guarded(self, profile: Profile) -> Profile:
        """The profile with its guards as they stand on disk, whichever program changed them."""
        kept = self.settings.profile(profile.name)
        return profile if kept is None else profile.guarded_as(kept)

    async def sending(self, undo_s: float) -> Sending:
        """What sends what is due, over this config dir; batches go out beside it."""
        from turbodesk.services.sending import Sending

        ledger, batches = await self.ledger(), await self.batches()

        async def outbox_of(name: str) -> Outbox:
            return await self.outbox(await self._own_desk(name), repeats=True)

        return Sending(ledger, outbox_of, self.config_dir, batches=batches, undo_s=undo_s)

    async def batches(self) -> BatchRuns:
        """The batches of this config dir, each going out through a desk of its own."""
        ledger = await self.ledger()
        if self._batches is None:  # asked after that wait: of two who ask at once, both get the same
            from turbodesk.services.batches import BatchRuns

            async def outbox_of(name: str, slots: int) -> Outbox:
                return await self.outbox(await self._own_desk(name, slots))

            self._batches = BatchRuns(ledger, outbox_of)
        return self._batches

    async def _own_desk(self, name: str, slots: int = 0) -> Desk:
        """A desk that stays open while this workplace does, whatever account the window shows; with `slots`
        so many of its connections are kept between sends. It is opened anew once its profile has changed;
        guards are asked apart, but for a viewer, who has another provider."""
        async with self._opening_own[name, slots]:  # of two who ask at once, both get the same
            return await self._open_own_desk(name, slots)

    async def _open_own_desk(self, name: str, slots: int) -> Desk:
        profile = found = self.profile(name)
        kept = self._own.get((name, slots))
        if kept is not None and kept.serves(profile):
            return kept.desk
        if profile.is_sandbox:
            profile, credentials = sandbox_profile(profile, await self._start_sandbox())
        else:
            credentials = await self.credentials(profile)
        gateway = self._gateway_with(slots)
        self._own[name, slots] = _Own(found, self.desk_with(profile, credentials, gateway))
        if kept is not None:
            await kept.desk.aclose()
        return self._own[name, slots].desk

    def _gateway_with(self, slots: int) -> Gateway:
        if not slots:
            return self.gateway
        if slots not in self._slotted:
            from turbodesk.providers.gateway import Gateway

            self._slotted[slots] = Gateway(slots=slots)
        return self._slotted[slots]

    async def aclose(self) -> None:
        """Closes whatever was opened, in reverse."""
        for own in self._own.values():
            await own.desk.aclose()
        for slotted in self._slotted.values():
            await slotted.aclose()
        self._own, self._slotted, self._batches = {}, {}, None
        if self._gateway is not None:
            await self._gateway.aclose()
        if self._ledger is not None:
            await asyncio.to_thread(self._ledger.close)
        if self._sandbox is not None:
            await asyncio.to_thread(self._sandbox.stop)
        self._gateway = self._ledger = self._sandbox = None

    async def _sandbox_desk(self, profile: Profile) -> Desk:
        return self.desk_with(*sandbox_profile(profile, await self._start_sandbox()))

    async def _start_sandbox(self) -> Endpoints:
        async with self._starting_sandbox:
            if self._sandbox is None:
                data = self.config_dir / SANDBOX_FILE
                try:
                    self._sandbox = await asyncio.to_thread(_started_sandbox, data, self._history_rows)
                except OSError as error:
                    raise StoreTrouble(
                        f"The sandbox could not be started: {error.strerror or error}.",
                        hint=f"Where its file is named, move {SANDBOX_FILE} away: it holds sample data only. "
                        "Else another program may keep it from listening on 127.0.0.1.",
                        detail=str(error),
                    ) from error
            return self._sandbox.endpoints


def sandbox_profile(profile: Profile, there: Endpoints) -> tuple[Profile, Credentials]:
    """A profile of the sandbox as it runs now, and the secrets it lets in."""
    smtp, password = there.smtp, {Credential.PASSWORD: Secret(there.password)}
    at_relay = {Credential.PASSWORD: Secret(smtp.password)}
    profile = replace(
        profile,
        user=there.user,
        inbox_url=there.inbox_url,
        smtp_host=smtp.host,
        smtp_port=smtp.port,
        ca_file=str(smtp.ca_file),
    )
    match profile.provider:
        case "turbosmtp-v2":
            v2 = there.turbosmtp_v2
            keys = {
                Credential.CONSUMER_KEY: Secret(v2.consumer_key),
                Credential.CONSUMER_SECRET: Secret(v2.consumer_secret),
            }
            api_url, send_url = origin_of(v2.base_url), origin_of(v2.send_url)
            return replace(profile, api_url=api_url, send_url=send_url), {**keys, **password}
        case "sendpost":
            keys = {
                Credential.SUBACCOUNT_KEY: Secret(there.sendpost.subaccount_key),
                Credential.ACCOUNT_KEY: Secret(there.sendpost.account_key),
            }
            api_url = origin_of(there.sendpost.base_url)
            return replace(profile, user=smtp.user, api_url=api_url), {**keys, **at_relay}
        case "smtp":
            return replace(profile, user=smtp.user), at_relay
    return replace(profile, api_url=there.dashboard_url, send_url=there.send_url), password


def _problem(secret: Secret) -> str:
    """Why no keyring could take it, empty where one could."""
    text = secret.reveal()
    if not {"\n", "\r", "\0"}.isdisjoint(text):
        return "It has a line break in it; paste it again without."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It has half a character in it; paste it again."
    return ""


def _open_ledger(config_dir: Path) -> Ledger:
    from turbodesk.store.ledger import Ledger

    return Ledger.open(config_dir)


def _started_sandbox(data: Path, history_rows: int | None) -> SandboxServer:
    from turbodesk.sandbox.server import SandboxServer

    server = SandboxServer(data, history_rows=history_rows)
    server.start()
    return server
