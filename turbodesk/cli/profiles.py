"""`profile`: accounts, and where their passwords are kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import (
    Json,
    Setting,
    as_json,
    say,
    show,
)
from turbodesk.errors import InvalidDraft, SecretsLocked
from turbodesk.model.account import SANDBOX, Profile, Secret

if TYPE_CHECKING:
    from turbodesk.workplace import Workplace


@click.group("profile")
def profile_words() -> None:
    """Accounts, and where their passwords are kept."""


@profile_words.command("add")
@click.argument("name")
@click.option("--provider", type=click.Choice(["turbosmtp-v1"]), required=True)
@click.option("--user", required=True, help="The account's e-mail address.")
@click.option("--dashboard-url", default="", help="Origin of another dashboard host.")
@click.option("--send-url", default="", help="Origin of another send host; outranks --region.")
@click.option("--inbox-url", default="", help="Origin of a sandbox's inbox.")
@click.option("--region", type=click.Choice(["world", "eu"]), default="world")
@click.option("--send-form", type=click.Choice(["v2", "v1", "beta"]), default="v2")
@click.option("--no-expire", is_flag=True, help="Ask for a token that never expires.")
@as_json
@click.pass_obj
def add_profile(setting: Setting, /, as_json: bool, **fields: Any) -> int:
    """Keeps an account under NAME. Its password comes as one line on stdin and goes into the keyring."""
    profile = Profile(**fields)

    async def work(place: Workplace) -> None:
        place.check_profile(profile)
        secret = _secret_from_stdin()
        if not secret:
            say("No password came on stdin; the profile is kept without one.")
        try:
            kept = await place.keep(profile, secret)
        except SecretsLocked as error:
            say(f"{error.says} {error.hint}".strip())
            kept = False
        if secret and not kept:
            say("The password could not be kept: give it as TURBODESK_SECRET_PASSWORD each time.")
        document = {"profile": _profile(profile, place), "secret_kept": kept}
        show(as_json, document, f"Profile {profile.name} is kept.")

    return setting.go(work)


def _secret_from_stdin() -> Secret:
    if sys.stdin.isatty():
        return Secret(click.prompt("Password", hide_input=True, err=True))
    return Secret(sys.stdin.readline().rstrip("\r\n"))


def _profile(profile: Profile, place: Workplace) -> Json:
    from turbodesk.cli.documents import profile_document

    return profile_document(profile, profile.name == place.settings.last_profile)


@profile_words.command("list")
@as_json
@click.pass_obj
def list_profiles(setting: Setting, /, as_json: bool) -> int:
    """The accounts there are; `sandbox` always is."""
    from turbodesk.cli.documents import table

    async def work(place: Workplace) -> None:
        profiles = [*place.settings.profiles, place.profile(SANDBOX)]
        documents = [_profile(profile, place) for profile in profiles]
        rows = [
            ("*" if it["current"] else "", it["name"], it["provider"], it["user"], it["region"])
            for it in documents
        ]
        show(as_json, {"profiles": documents}, table(("", "Name", "Provider", "User", "Region"), rows))

    return setting.go(work)


@profile_words.command("remove")
@click.argument("name")
@as_json
@click.pass_obj
def remove_profile(setting: Setting, name: str, as_json: bool) -> int:
    """Forgets an account and its password. What it sent stays in the outbox."""

    async def work(place: Workplace) -> None:
        if name == SANDBOX:
            raise InvalidDraft(
                {"name": "The sandbox always exists; it cannot be removed."}, "Nothing was changed"
            )
        place.profile(name)
        await place.forget(name)
        show(as_json, {"removed": name}, f"Profile {name} is removed.")

    return setting.go(work)
