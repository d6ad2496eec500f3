"""Runs the command line as its user does: a process, its words, its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.warm import Warm


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Answer]


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a process of ours needs and no more: no display, no message bus, so no keyring."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "SYSTEMROOT")}
    return {**kept, "HOME": str(home), "PYTHONUTF8": "1", **more}


@pytest.fixture
def cold(tmp_path: Path) -> Run:
    """As `cli`, each command an interpreter that starts from nothing."""

    def run(
        *words: str, stdin: str = "", env: dict[str, str] | None = None, before: tuple[str, ...] = ()
    ) -> Answer:
        config = ("--config-dir", str(tmp_path / "config"))
        done = subprocess.run(
            [sys.executable, "-m", "turbodesk.cli", *config, *before, *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(tmp_path, **(env or {})),
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm | None]:
    """A process with the imports done, None where processes cannot be forked."""
    if sys.platform != "linux":
        yield None
        return
    process = Warm(environment(tmp_path_factory.mktemp("warm")))
    yield process
    process.end()


@pytest.fixture
def cli(tmp_path: Path, cold: Run, warm: Warm | None) -> Run:
    """`cli(*words, stdin=…, env=…)` over a config dir of this test's own."""
    if warm is None:
        return cold

    def run(
        *words: str, stdin: str = "", env: dict[str, str] | None = None, before: tuple[str, ...] = ()
    ) -> Answer:
        config = ("--config-dir", str(tmp_path / "config"))
        return Answer(*warm.run((*config, *before, *words), stdin, environment(tmp_path, **(env or {}))))

    return run


Ready = dict[str, Any]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    home = tmp_path_factory.mktemp("sandbox")
    served = subprocess.Popen(
        [sys.executable, "-m", "turbodesk.cli", "sandbox", "serve", "--history-rows", "300"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(home),
    )
    try:
        assert served.stdout is not None
        yield json.loads(served.stdout.readline())
    finally:
        served.terminate()
        assert served.wait(10) == 0
        assert served.stdout is not None
        served.stdout.close()


class Account:
    """One profile, added as its user would, and commands run with it."""

    def __init__(self, cli: Run, name: str, env: dict[str, str]) -> None:
        self.cli, self.name, self.env = cli, name, env

    def __call__(self, *words: str) -> Answer:
        return self.cli(*words, "--json", env=self.env, before=("--profile", self.name))


def added(cli: Run, ready: Ready, provider: str) -> Account:
    v2, sendpost, smtp = ready["turbosmtp_v2"], ready["sendpost"], ready["smtp"]
    v1 = ready["turbosmtp_v1"]
    relay = ("--host", smtp["host"], "--port", str(smtp["port"]), "--ca-file", smtp["ca_file"])
    words, env = {
        "turbosmtp-v1": (
            ("--user", v1["user"], "--api-url", v1["dashboard_url"], "--send-url", v1["send_url"]),
            {"PASSWORD": v1["password"]},
        ),
        "turbosmtp-v2": (
            ("--api-url", v2["base_url"], "--send-url", v2["send_url"], "--user", v1["user"]),
            {
                "CONSUMER_KEY": v2["consumer_key"],
                "CONSUMER_SECRET": v2["consumer_secret"],
                "PASSWORD": v1["password"],
            },
        ),
        "sendpost": (
            ("--api-url", sendpost["base_url"], "--user", smtp["user"], *relay),
            {
                "SUBACCOUNT_KEY": sendpost["subaccount_key"],
                "ACCOUNT_KEY": sendpost["account_key"],
                "PASSWORD": smtp["password"],
            },
        ),
        "smtp": (("--user", smtp["user"], *relay), {"PASSWORD": smtp["password"]}),
    }[provider]
    inbox = ("--inbox-url", ready["inbox_url"])
    answer = cli("profile", "add", provider, "--provider", provider, *words, *inbox, "--json")
    assert answer.code == 0, answer.err
    env["SANDBOX_TOKEN"] = ready["control_token"]
    return Account(cli, provider, {f"TURBODESK_SECRET_{name}": value for name, value in env.items()})
