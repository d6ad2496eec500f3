"""Settings: written whole, read back alike, never silently lost."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk import settings
from turbodesk.errors import FileTrouble, InvalidDraft
from turbodesk.model.account import SANDBOX, Profile
from turbodesk.settings import Settings, check_profile_name

LIVE = Profile("live", "turbosmtp-v1", user="me@example.com", region="eu", no_expire=True)
TWIN = '{"name": "a", "provider": "p"}'
GUARDED = '{"format": 1, "profiles": [{"name": "a", "provider": "p", %s}]}'
BAD_NAMES = [
    *("", "   ", "x" * 41, "a/b", "a\\b", "..", ".hidden", "-v", "c:d"),
    *("a\nb", "a\x00b", "rtl\u202e", "sandbox", "SandBox"),
]
ALL = Settings(
    profiles=(
        LIVE,
        Profile("test – ünïcode", "turbosmtp-v1", api_url="https://mail.example.com"),
        Profile(
            "guarded", "smtp", viewer=True, locked=True, allow=("example.com",), block=("a@b.c",), daily_cap=7
        ),
    ),
    last_profile="live",
    last_tab="reports",
    theme="dark",
    geometry="AdnQywAD",
    seen_first_run=True,
)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    settings.save(tmp_path, ALL)

    assert settings.load(tmp_path) == ALL


def test_nothing_saved_is_the_defaults_and_writes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "none"

    assert settings.load(config) == Settings()
    assert settings.load(config).last_profile == SANDBOX
    assert not config.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_the_owner_can_read(tmp_path: Path) -> None:
    config = tmp_path / "config"
    settings.save(config, ALL)

    assert config.stat().st_mode & 0o777 == 0o700
    assert {file.name: file.stat().st_mode & 0o777 for file in config.iterdir()} == {
        "settings.json": 0o600,
        "settings.json.bak": 0o600,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_folder_that_is_somebody_elses_keeps_its_permissions(tmp_path: Path) -> None:
    empty, used = tmp_path / "empty", tmp_path / "used"
    for folder in (empty, used):
        folder.mkdir()
        folder.chmod(0o755)
    (used / "README.md").touch()

    settings.make_config_dir(empty)
    settings.make_config_dir(used)

    assert empty.stat().st_mode & 0o777 == 0o700
    assert used.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"format": 1,\n "theme": ', "line 2"),
        ("", "line 1"),
        ("[]", "not a JSON object"),
        ('{"format": 2}', "format"),
        ('{"format": 1, "theme": "dark", "theme": "light"}', "twice"),
        ('{"format": 1, "theme": "purple"}', "theme"),
        ('{"format": 1, "seen_first_run": 1}', "seen_first_run"),
        ('{"format": 1, "profiles": {}}', "profiles"),
        ('{"format": 1, "profiles": [{"name": "../../x", "provider": "turbosmtp-v1"}]}', "name"),
        ('{"format": 1, "profiles": [{"name": "a", "provider": "p", "user": 7}]}', "user"),
        (GUARDED % '"viewer": 1', "“viewer” is not a yes or no"),
        (GUARDED % '"locked": "yes"', "“locked” is not a yes or no"),
        (GUARDED % '"allow": "example.com"', "“allow” is not a list of texts"),
        (GUARDED % '"block": ["example.com", 7]', "“block” is not a list of texts"),
        (GUARDED % '"daily_cap": true', "“daily_cap” is not a whole number"),
        (GUARDED % '"daily_cap": -1', "“daily_cap” is less than 0"),
        (f'{{"format": 1, "profiles": [{TWIN}, {TWIN}]}}', "one name"),
        ("[" * 100_000, "not JSON"),
        ('{"format": ' + "1" * 5000 + "}", "not JSON"),
        (" " * 5_000_000, "larger"),
    ],
)
def test_a_broken_file_is_kept_and_the_last_good_one_used(text: str, told: str, tmp_path: Path) -> None:
    settings.save(tmp_path, ALL)
    (tmp_path / "settings.json").write_text(text)

    found = settings.load(tmp_path)

    assert found == ALL
    assert told in found.note
    (aside,) = tmp_path.glob("settings.broken-*.json")
    assert aside.name in found.note
    assert aside.read_text() == text
    assert settings.load(tmp_path) == ALL


def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(FileTrouble):
        settings.load(tmp_path)


def test_two_broken_files_begin_anew_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("?")
    (tmp_path / "settings.json.bak").write_text("?")

    found = settings.load(tmp_path)

    assert found == Settings()
    assert "begin anew" in found.note


def test_the_note_is_not_kept(tmp_path: Path) -> None:
    settings.save(tmp_path, replace(ALL, note="something happened"))

    assert settings.load(tmp_path).note == ""
    assert "note" not in json.loads((tmp_path / "settings.json").read_text())


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"format": 1, "theme": "dark", "zoom": 2}')

    assert settings.load(tmp_path) == Settings(theme="dark")


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    settings.save(tmp_path, ALL)
    (tmp_path / "settings.json.bak").unlink()
    (tmp_path / "settings.json.bak").mkdir()

    with pytest.raises(FileTrouble, match="cannot be written"):
        settings.save(tmp_path, Settings())

    assert settings.load(tmp_path) == ALL
    assert sorted(file.name for file in tmp_path.iterdir()) == ["settings.json", "settings.json.bak"]


def test_changes_of_several_at_once_are_all_kept(tmp_path: Path) -> None:
    names = [f"profile {number}" for number in range(12)]

    def add(name: str) -> None:
        settings.change(tmp_path, lambda before: before.with_profile(Profile(name, "turbosmtp-v1")))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, names))

    assert sorted(profile.name for profile in settings.load(tmp_path).profiles) == sorted(names)


def test_a_change_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    settings.change(tmp_path, lambda before: before)

    assert not (tmp_path / "settings.json").exists()


def test_a_profile_from_before_there_were_guards_has_none(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(GUARDED % '"user": "me"')

    (found,) = settings.load(tmp_path).profiles

    assert found == Profile("a", "p", user="me")
    assert (found.viewer, found.locked, found.daily_cap) == (False, False, 0)
    assert found.allow == found.block == ()


def test_guards_are_carried_from_one_profile_to_another() -> None:
    guarded = ALL.profiles[-1]

    found = LIVE.guarded_as(guarded)

    assert (found.name, found.user, found.region) == (LIVE.name, LIVE.user, LIVE.region)
    assert (found.viewer, found.locked, found.daily_cap) == (True, True, 7)
    assert (found.allow, found.block) == (("example.com",), ("a@b.c",))
    assert found.guarded_as(LIVE) == LIVE


def test_a_profile_is_added_replaced_and_removed() -> None:
    changed = ALL.with_profile(replace(LIVE, region="world"))

    assert [profile.name for profile in changed.profiles] == ["live", "test – ünïcode", "guarded"]
    assert changed.profile("live") == replace(LIVE, region="world")
    assert changed.without_profile("live").profile("live") is None
    assert changed.without_profile("live").last_profile == SANDBOX
    assert changed.without_profile("nobody") == changed


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(InvalidDraft) as caught:
        check_profile_name(name)

    assert caught.value.field == "name"


def test_a_name_is_unique_whatever_its_case() -> None:
    with pytest.raises(InvalidDraft, match="already"):
        check_profile_name("LIVE", taken=["live"])

    assert check_profile_name("  Cafe\u0301 ", taken=["live"]) == "Caf\u00e9"


@given(st.text(max_size=60))
def test_a_name_that_is_taken_is_safe(text: str) -> None:
    try:
        name = check_profile_name(text)
    except InvalidDraft:
        return
    assert 1 <= len(name) <= 40
    assert Path(name).name == name
    assert name.isprintable()
