"""`profile`: accounts, what their keys unlock, and where their secrets are kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from turbodesk.cli.base import (
    FAILED,
    OK,
    SIGN_IN,
    Json,
    Setting,
    as_json,
    say,
    say_why,
    show,
)
from turbodesk.errors import InvalidDraft, SecretsLocked
from turbodesk.model.account import SANDBOXES, Credential, Credentials, Profile, Secret

if TYPE_CHECKING:
    from turbodesk.settings import Settings
    from turbodesk.workplace import Workplace

PROVIDER_WORDS = ("turbosmtp-v1", "turbosmtp-v2", "sendpost", "smtp")
NOTHING_KEPT = "Nothing was kept"
UNUSED = {"smtp": ("api_url", "send_url"), "sendpost": ("send_url",)}
WORDS = {Credential.SUBACCOUNT_KEY: "sub-account key"}


@click.group("profile")
def profile_words() -> None:
    """Accounts, what their keys unlock, and where their secrets are kept."""


@profile_words.command("add")
@click.argument("name")
@click.option("--provider", type=click.Choice(PROVIDER_WORDS), required=True)
@click.option("--user", default="", help="E-mail address of the account, or user name at the relay.")
@click.option("--api-url", "--dashboard-url", "api_url", default="", help="Origin of another API host.")
@click.option("--send-url", default="", help="Origin of another send host; outranks --region.")
@click.option("--inbox-url", default="", help="Origin of a sandbox's inbox.")
@click.option("--region", type=click.Choice(["world", "eu"]), default="world")
@click.option("--send-form", default="", help="v2, v1, beta (turbosmtp-v1); fields, mime (turbosmtp-v2).")
@click.option("--no-expire", is_flag=True, help="Ask for a token that never expires.")
@click.option(
    "--host",
    "smtp_host",
    default="",
    help="The SMTP relay. An API account may have one beside: turboSMTP's gets the same key pair.",
)
@click.option("--port", "smtp_port", type=click.IntRange(1, 65535), help="587; with --tls tls 465.")
@click.option("--tls", "smtp_tls", type=click.Choice(["starttls", "tls", "none"]), default="starttls")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    default=None,
    help="PEM file of further authorities to trust at the relay.",
)
@as_json
@click.pass_obj
def add_profile(setting: Setting, /, as_json: bool, **fields: Any) -> int:
    """Keeps an account under NAME. Its secrets come on stdin and go into the keyring.

    One line each, an empty one for what there is not: the password (turbosmtp-v1, smtp); consumer key,
    consumer secret, password (turbosmtp-v2); sub-account key, account key, SMTP password (sendpost).
    Or one JSON object: {"consumer_key": "…", "consumer_secret": "…"}.
    """
    from turbodesk.providers import PROVIDERS, origin_of

    for url in ("api_url", "send_url", "inbox_url"):
        fields[url] = origin_of(fields[url])
    fields["smtp_port"] = fields["smtp_port"] or (465 if fields["smtp_tls"] == "tls" else 587)
    fields["ca_file"] = fields["ca_file"] or ""
    profile = Profile(**fields)
    asked = PROVIDERS[profile.provider].credentials

    async def work(place: Workplace) -> None:
        _check_given(profile)
        place.check_profile(profile)
        credentials = secrets_from_stdin(asked)
        if not credentials:
            say(f"No {_word(asked[0])} came on stdin; the profile is kept without one.")
        try:
            kept = await place.keep(profile, credentials)
        except SecretsLocked as error:
            say_why(error)
            kept = False
        else:
            if credentials and not kept:
                say("There is no system keyring here.")
        if credentials and not kept:
            named, variables = _word(*credentials), _variables(credentials)
            it = "it" if len(credentials) == 1 else "them"
            say(f"The {named} could not be kept: give {it} as {variables} each time.")
        document = {"profile": _profile(profile, place), "secret_kept": kept}
        show(as_json, document, f"Profile {profile.name} is kept.")

    return setting.go(work)


def _check_given(profile: Profile) -> None:
    if profile.provider == "turbosmtp-v1" and not profile.user:
        raise InvalidDraft({"user": "Name the account's e-mail address with --user."}, NOTHING_KEPT)
    if unused := [it for it in UNUSED.get(profile.provider, ()) if getattr(profile, it)]:
        problems = {it.replace("_", "-"): "This provider has no such address; leave it out." for it in unused}
        raise InvalidDraft(problems, NOTHING_KEPT)


def _word(*credentials: Credential) -> str:
    return _listed(WORDS.get(it, it.value.replace("_", " ")) for it in credentials)


def _variables(credentials: Credentials) -> str:
    from turbodesk.workplace import SECRET_VARIABLES

    return _listed(SECRET_VARIABLES[it] for it in credentials)


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def secrets_from_stdin(asked: Sequence[Credential], nothing: str = NOTHING_KEPT) -> Credentials:
    """The secrets in the form's order, one line each, or as one JSON object; raises InvalidDraft, which says
    that `nothing` came of it."""
    if sys.stdin is not None and sys.stdin.isatty():
        lines = [_prompted(it) for it in asked]
    elif (text := _stdin(nothing)).lstrip().startswith("{") and (members := _json_object(text)) is not None:
        return _from_members(members, asked, nothing)
    else:
        lines = text.replace("\r\n", "\n").split("\n")
    if any(lines[len(asked) :]):
        problem = f"Too many lines came on stdin; there is at most {_word(*asked)}, one line each."
        raise InvalidDraft({"stdin": problem}, nothing)
    return {it: Secret(line) for it, line in zip(asked, lines, strict=False) if line}


def _stdin(nothing: str) -> str:
    """All of it, empty where it is closed; raises InvalidDraft."""
    try:
        return "" if sys.stdin is None else sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidDraft({"stdin": "What came on stdin is no UTF-8 text."}, nothing) from None


def _prompted(credential: Credential) -> str:
    named = _word(credential).capitalize()
    answer: str = click.prompt(named, default="", hide_input=True, show_default=False, err=True)
    return answer


def _json_object(text: str) -> dict[str, object] | None:
    try:
        members = json.loads(text)
    except ValueError:
        return None  # a password may begin with a brace
    return members if isinstance(members, dict) else None


def _from_members(members: dict[str, object], asked: Sequence[Credential], nothing: str) -> Credentials:
    names = {it.value: it for it in asked}
    if wrong := next((name for name in members if name not in names), None):
        problem = f"There is no {wrong!r} here; there is {', '.join(names)}."
        raise InvalidDraft({"stdin": problem}, nothing)
    if wrong := next((name for name, value in members.items() if not isinstance(value, str)), None):
        raise InvalidDraft({"stdin": f"“{wrong}” is not a text."}, nothing)
    return {names[name]: Secret(str(value)) for name, value in members.items() if value}


def _profile(profile: Profile, place: Workplace) -> Json:
    from turbodesk.cli.documents import profile_document

    return profile_document(profile, profile.name == place.settings.last_profile)


@profile_words.command("list")
@as_json
@click.pass_obj
def list_profiles(setting: Setting, /, as_json: bool) -> int:
    """The accounts there are; those of the sandbox always are."""
    from turbodesk.cli.documents import table
    from turbodesk.services.guards import guard_words

    async def work(place: Workplace) -> None:
        profiles = [*place.settings.profiles, *map(place.profile, SANDBOXES)]
        documents = [_profile(profile, place) for profile in profiles]
        rows = [
            (
                "*" if it.name == place.settings.last_profile else "",
                *(it.name, it.provider, it.user, it.region),
                ", ".join(guard_words(it)),
            )
            for it in profiles
        ]
        heads = ("", "Name", "Provider", "User", "Region", "Guards")
        show(as_json, {"profiles": documents}, table(heads, rows))

    return setting.go(work)


@profile_words.command("test")
@click.argument("name")
@as_json
@click.pass_obj
def test_profile(setting: Setting, name: str, as_json: bool) -> int:
    """Tries every key of an account by itself, and lists what each unlocks. Nothing is changed."""
    from turbodesk.cli.documents import table, unlocked_document

    async def work(place: Workplace) -> int:
        desk = await place.desk(name)
        try:
            found = [*await desk.provider.check(), *(await desk.relay.check() if desk.relay else ())]
        finally:
            await desk.aclose()
        states = {True: "taken", False: "refused", None: "not tried"}
        documents = [unlocked_document(it) for it in found]
        rows = [
            (it["credential"], states[it["taken"]], ", ".join(it["unlocks"]), it["words"]) for it in documents
        ]
        show(
            as_json,
            {"profile": name, "credentials": documents},
            table(("Key", "State", "Unlocks", "Words"), rows),
        )
        if any(it.taken is False for it in found):
            return SIGN_IN
        return OK if any(it.taken for it in found) else FAILED

    return setting.go(work)


@profile_words.command("guard")
@click.argument("name")
@click.option("--viewer/--no-viewer", default=None, help="Only look: send nothing, change nothing.")
@click.option("--locked/--no-locked", default=None, help="Production lock: many recipients are confirmed.")
@click.option(
    "--allow",
    multiple=True,
    metavar="ADDRESS",
    help="Only these get mail: tom@example.com, example.com, or *.example.com with all below it.",
)
@click.option("--block", multiple=True, metavar="ADDRESS", help="These get no mail; written like --allow.")
@click.option("--no-allow", is_flag=True, help="Forget the allow-list, before --allow adds to it.")
@click.option("--no-block", is_flag=True, help="Forget the block-list, before --block adds to it.")
@click.option("--daily-cap", type=click.IntRange(0), help="So many recipients a day at most; 0: any number.")
@as_json
@click.pass_obj
def guard_profile(setting: Setting, /, name: str, as_json: bool, **given: Any) -> int:
    """Sets what guards an account against mishaps, and shows it. What is not named stays as it is."""
    from turbodesk.services.guards import guard_words

    async def work(place: Workplace) -> None:
        if name in SANDBOXES:
            problem = "The built-in sandboxes have no guards: what they send reaches nobody."
            raise InvalidDraft({"name": problem}, "Nothing was changed")
        place.profile(name)  # raises where there is none

        def guarded(settings: Settings) -> Settings:
            found = settings.profile(name)  # as it is on disk now
            return settings if found is None else settings.with_profile(_guarded(found, given))

        place.change(guarded)
        profile = place.profile(name)
        lines = [f"{word[:1].upper()}{word[1:]}." for word in guard_words(profile)] or ["No guards."]
        lines += [f"Mail only to: {', '.join(profile.allow)}"] if profile.allow else []
        lines += [f"No mail to: {', '.join(profile.block)}"] if profile.block else []
        show(as_json, {"profile": _profile(profile, place)}, "\n".join(lines))

    return setting.go(work)


def _guarded(profile: Profile, given: dict[str, Any]) -> Profile:
    """The profile with the guards that were named changed; raises InvalidDraft, by option."""
    from turbodesk.model.message import AddressError
    from turbodesk.services.guards import entries_of

    fields = {it: given[it] for it in ("viewer", "locked", "daily_cap") if given[it] is not None}
    problems = {}
    for which, before in (("allow", profile.allow), ("block", profile.block)):
        kept = () if given[f"no_{which}"] else before
        try:
            fields[which] = tuple(dict.fromkeys((*kept, *entries_of(given[which]))))
        except AddressError as error:
            problems[which] = str(error)
    if problems:
        raise InvalidDraft(problems, "Nothing was changed")
    return replace(profile, **fields)


@profile_words.command("remove")
@click.argument("name")
@as_json
@click.pass_obj
def remove_profile(setting: Setting, name: str, as_json: bool) -> int:
    """Forgets an account and its secrets. What it sent stays in the outbox."""

    async def work(place: Workplace) -> None:
        if name in SANDBOXES:
            raise InvalidDraft(
                {"name": "The sandbox always exists; it cannot be removed."}, "Nothing was changed"
            )
        place.profile(name)
        await place.forget(name)
        show(as_json, {"removed": name}, f"Profile {name} is removed.")

    return setting.go(work)
