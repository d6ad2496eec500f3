"""`keys`: the key pairs of an account, listed, made, taken back."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import click

from turbodesk.cli.base import Setting, as_json, say, say_why, show
from turbodesk.cli.records import confirm
from turbodesk.errors import InvalidDraft, SecretsLocked
from turbodesk.model.account import Credential

if TYPE_CHECKING:
    from turbodesk.model.account import NewKey
    from turbodesk.services.desk import Desk
    from turbodesk.workplace import Workplace

PERMISSIONS = ("SEND_SMTP", "SEND_API", "APIS")


@click.group("keys")
def key_words() -> None:
    """The key pairs that programs sign in with."""


@key_words.command("list")
@as_json
@click.pass_obj
def list_keys(setting: Setting, /, as_json: bool) -> int:
    """Every key pair, without its secret."""
    from turbodesk.cli.documents import key_document, table

    async def work(place: Workplace, desk: Desk) -> None:
        found = await desk.provider.keys()
        rows = [
            (it.key, it.label, ", ".join(it.permissions), ", ".join(it.ips) or "anywhere", it.created)
            for it in found
        ]
        show(
            as_json,
            {"keys": [key_document(it) for it in found]},
            table(("Key", "Label", "Permissions", "From", "Made"), rows),
        )

    return setting.at_desk(work)


@key_words.command("create")
@click.option("--label", required=True, help="How it is called in the list of keys.")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice(PERMISSIONS, case_sensitive=False),
    help="What it may do; none: all three.",
)
@click.option("--ip", "ips", multiple=True, help="An address it may be used from; none: anywhere.")
@click.option("--keep", is_flag=True, help="Keep it as this profile's own key pair instead of showing it.")
@as_json
@click.pass_obj
def create_key(
    setting: Setting,
    label: str,
    permissions: tuple[str, ...],
    ips: tuple[str, ...],
    keep: bool,
    as_json: bool,
) -> int:
    """Makes a key pair. Its secret is told this once, or kept with --keep."""

    _check_key(label, ips)

    async def work(place: Workplace, desk: Desk) -> None:
        if keep and desk.profile.is_sandbox:
            problem = f"{desk.profile.name} brings its own key pair and keeps no other; leave --keep out."
            raise InvalidDraft({"keep": problem}, "No key pair was made")
        made = await desk.provider.create_key(label, permissions=permissions, ips=ips)
        kept = await _kept(place, desk, made) if keep else False
        if keep and not kept:
            say("The key pair could not be kept in the keyring; here it is, this once.")
        document: dict[str, object] = {"label": label, "kept": kept}
        if kept:
            show(as_json, document, f"A key pair {label!r} is made and kept for {desk.profile.name}.")
            return
        document |= {"consumer_key": made.key.reveal(), "consumer_secret": made.secret.reveal()}
        lines = (f"Consumer key: {made.key.reveal()}", f"Consumer secret: {made.secret.reveal()}")
        show(as_json, document, "\n".join((*lines, "The secret is not told again.")))

    return setting.at_desk(work)


def _check_key(label: str, ips: tuple[str, ...]) -> None:
    """Raises InvalidDraft, by option."""
    problems = {} if label.strip() else {"label": "Give the key pair a label, to know it again by."}
    if wrong := next((ip for ip in ips if not _is_ipv4(ip)), None):
        problems["ip"] = f"{wrong!r} is no IPv4 address: write four numbers, as in 192.0.2.7."
    if problems:
        raise InvalidDraft(problems, "No key pair was made")


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


async def _kept(place: Workplace, desk: Desk, made: NewKey) -> bool:
    secrets = {Credential.CONSUMER_KEY: made.key, Credential.CONSUMER_SECRET: made.secret}
    try:
        return await place.keep_secrets(desk.profile.name, secrets)
    except SecretsLocked as error:
        say_why(error)
        return False


@key_words.command("revoke")
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_obj
def revoke_key(setting: Setting, key: str, yes: bool, as_json: bool) -> int:
    """Takes a key pair back: programs that use it are signed out for good."""
    if not yes:
        confirm(as_json, "Take this key pair back?")

    async def work(place: Workplace, desk: Desk) -> None:
        await desk.provider.revoke_key(key)
        show(as_json, {"revoked": key}, "The key pair is taken back.")

    return setting.at_desk(work)
