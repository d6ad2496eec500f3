"""One window over a config dir: who starts later hands over what was wanted, and never waits for the dead."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from turbodesk.__main__ import COMMAND_WORDS, first_word
from turbodesk.errors import FileTrouble
from turbodesk.first_start import FRESH_S, FirstStart, Wish

HOLDER = """
import sys, time
from pathlib import Path
from turbodesk.first_start import FirstStart
assert FirstStart(Path(sys.argv[1])).begin()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_that_another_start_makes_just_now_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else both windows would open: one that cannot keep anything tells so, and opens all the same."""
    directory, is_dir = tmp_path / "config", Path.is_dir

    def made_since(path: Path) -> bool:
        if path == directory and not is_dir(path):
            path.mkdir()  # by the other start, behind our look
            return False
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", made_since)
    first = FirstStart(directory)
    assert first.begin()
    first.close()


def test_the_first_start_keeps_others_out_until_it_closes(tmp_path: Path) -> None:
    first, second = FirstStart(tmp_path), FirstStart(tmp_path)
    assert first.begin() and first.begin()
    assert not second.begin()
    first.close()
    assert second.begin()
    second.close()


def test_a_lock_goes_with_its_process_however_that_ends(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        later = FirstStart(tmp_path)
        assert not later.begin()
        holder.kill()
        holder.wait()
        assert later.begin()
        later.close()


def test_a_wish_is_taken_whole_and_only_once(tmp_path: Path) -> None:
    first, second = FirstStart(tmp_path), FirstStart(tmp_path)
    assert first.begin()
    wish = Wish("shop", "reports", str(tmp_path / "größe\udcff.html"))
    told: list[bool] = []
    asking = threading.Thread(target=lambda: told.append(second.hand_over(wish)))
    asking.start()
    taken: list[Wish] = []
    while asking.is_alive():
        taken += first.wishes()
    asking.join()
    assert (taken, told) == ([wish], [True])
    assert list(first.requests.iterdir()) == []
    first.close()


def test_where_the_window_ends_meanwhile_the_later_start_is_the_first(tmp_path: Path) -> None:
    first, second = FirstStart(tmp_path), FirstStart(tmp_path)
    assert first.begin()
    told: list[bool] = []
    asking = threading.Thread(target=lambda: told.append(second.hand_over(Wish())))
    asking.start()
    while not list(first.requests.glob("*.json")):
        pass
    first.close()
    asking.join()
    assert told == [False]
    assert not FirstStart(tmp_path).begin()
    assert second.wishes() == [], "its own wish is granted by its own window"
    second.close()


def test_a_window_that_does_not_answer_is_told_of(tmp_path: Path) -> None:
    first, second = FirstStart(tmp_path), FirstStart(tmp_path)
    assert first.begin()
    with pytest.raises(FileTrouble, match="does not answer"):
        second.hand_over(Wish(tab="stats"), answer_s=0)
    assert first.wishes() == [], "what was given up is not granted later"
    first.close()


def test_what_was_asked_of_a_dead_window_or_not_written_by_us_is_cleared_away(tmp_path: Path) -> None:
    first = FirstStart(tmp_path)
    assert first.begin()
    for name, text in (("1.json", "{"), ("2.json", "[]"), ("3.json", '{"tab": 7, "profile": "shop"}')):
        (first.requests / name).write_text(text)
    for name in ("0.json", ".0.json.x.new"):
        old = first.requests / name
        old.write_text(json.dumps({"tab": "stats"}))
        os.utime(old, (time.time() - FRESH_S - 5,) * 2)
    (first.requests / ".4.json.x.new").write_text("")
    assert first.wishes() == [Wish(profile="shop")]
    assert [it.name for it in first.requests.glob("*")] == [".4.json.x.new"], "this one is just being written"
    first.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_requests_are_their_owners_alone(tmp_path: Path) -> None:
    first, second = FirstStart(tmp_path / "config"), FirstStart(tmp_path / "config")
    assert first.begin()
    asking = threading.Thread(target=lambda: second.hand_over(Wish()))
    asking.start()
    while not (found := list(first.requests.glob("*.json"))):
        pass
    modes = [stat.S_IMODE(it.stat().st_mode) for it in (first.requests, found[0], tmp_path / "config")]
    assert modes == [0o700, 0o600, 0o700]
    first.wishes()
    asking.join()
    first.close()


def test_where_no_lock_can_be_made_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "window.lock").mkdir()
    with pytest.raises(FileTrouble, match="cannot be made or locked"):
        FirstStart(tmp_path).begin()


def test_a_word_is_of_the_command_line_only_where_it_is_no_options_value() -> None:
    for words in (("--tab", "outbox"), ("--profile", "send"), ("letter.html",), ("--theme", "dark")):
        assert first_word(words) not in COMMAND_WORDS
    for words in (("outbox", "list"), ("--profile", "outbox", "outbox"), ("--config-dir", "d", "send")):
        assert first_word(words) in COMMAND_WORDS


# the window itself, as a process


class Window:
    def __init__(self, home: Path) -> None:
        self.home, self.config = home, home / "config"

    def popen(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "turbodesk", "--config-dir", str(self.config), *words],
            stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip

    def run(self, *words: str) -> tuple[int, str]:
        started = self.popen(*words)
        _, said = started.communicate(timeout=60)
        return started.returncode, said

    def opened(self, *words: str) -> subprocess.Popen[str]:
        """A window that looks for requests: it has taken one."""
        requests = self.config / "requests"
        requests.mkdir(parents=True, exist_ok=True)
        (requests / "1.json").write_text("{}")
        started = self.popen(*words)
        deadline = time.monotonic() + 60
        while (requests / "1.json").exists():
            assert started.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        return started


def closed(window: subprocess.Popen[str]) -> str:
    window.send_signal(signal.SIGTERM)
    _, said = window.communicate(timeout=60)
    assert window.returncode == 0, said
    return said


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a program without telling it")


@posix
def test_a_second_start_hands_its_request_to_the_first_and_ends(tmp_path: Path) -> None:
    letter = tmp_path / "letter.html"
    letter.write_text("<p>Spring is here</p>")
    window = Window(tmp_path)
    first = window.opened("--tab", "stats")
    tour = window.run("--tour", str(tmp_path / "tour"))
    code, said = window.run("--profile", "sandbox-smtp", str(letter))
    assert (code, said) == (0, "Turbodesk is open already; it was asked to come to the front.\n")
    assert first.poll() is None
    kept = window.config / "settings.json"
    deadline = time.monotonic() + 60
    while not kept.exists() or json.loads(kept.read_text())["last_profile"] != "sandbox-smtp":
        assert first.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    assert window.run("--tab", "account")[0] == 0
    closed(first)
    assert json.loads(kept.read_text())["last_tab"] == "account"
    drafts = b"".join(it.read_bytes() for it in window.config.glob("draft*") if it.is_file())
    assert b"Spring is here" in drafts
    assert tour[0] == 1 and "another folder" in tour[1], "a tour does not press the buttons of an open window"
    assert not (tmp_path / "tour").exists()


@posix
def test_a_window_that_was_killed_keeps_nobody_out(tmp_path: Path) -> None:
    window = Window(tmp_path)
    first = window.opened()
    first.kill()
    first.communicate()
    second = window.opened()
    assert "open already" not in closed(second)


@posix
def test_of_two_windows_started_at_once_one_stays(tmp_path: Path) -> None:
    window = Window(tmp_path)
    both = [window.popen(), window.popen()]
    deadline = time.monotonic() + 60
    while all(it.poll() is None for it in both):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ended, stays = sorted(both, key=lambda it: it.poll() is None)
    assert (ended.returncode, ended.communicate()[1]) == (
        0, "Turbodesk is open already; it was asked to come to the front.\n",
    )  # fmt: skip
    closed(stays)
