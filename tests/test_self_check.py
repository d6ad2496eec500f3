"""The self-check finds what is here, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from turbodesk import self_check
from turbodesk.self_check import Check


def test_everything_is_here(tmp_path: Path) -> None:
    checks = self_check.run(tmp_path)

    assert [check for check in checks if not check.ok] == []
    assert self_check.text(checks).endswith("Everything is here.")
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_is_missing_is_named_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_check, "NEEDED", ("no_such_part", "httpx", "neither_this"))
    monkeypatch.setattr(self_check, "_send", lambda: "not asked here")

    checks = {check.name: check for check in self_check.run(tmp_path)}

    assert not checks["imports"].ok
    assert "no_such_part" in checks["imports"].detail
    assert "neither_this" in checks["imports"].detail
    assert checks["resources"].ok


def test_lost_references_are_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter((50_000, 30_000))
    monkeypatch.setattr("turbodesk.self_check.sys.getrefcount", lambda _: next(counts))

    with pytest.raises(Exception, match="20000 references"):
        self_check._reference_counts()


def test_a_miss_is_counted_in_the_last_line() -> None:
    said = self_check.text([Check("a", True, "fine"), Check("b", False, "gone")])

    assert said.splitlines()[1:] == ["MISS  b: gone", "1 of 2 checks failed."]


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_says_it_too(
    ok: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(self_check, "run", lambda _: [Check("a", ok, "looked at")])

    assert self_check.main(tmp_path) == code
    assert "a: looked at" in capsys.readouterr().out
