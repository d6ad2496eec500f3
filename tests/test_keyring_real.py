"""The vault against a real Secret Service: gnome-keyring on a session bus and in a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's keyring")

PASSWORD = "it's an ünlikely password"
BEGIN = """
import json, sys
from pathlib import Path
from turbodesk.errors import SecretsLocked
from turbodesk.model.account import Secret
from turbodesk.vault import Vault
config, secret = Path(sys.argv[1]), Secret(sys.stdin.readline().rstrip())
vault = Vault(config)
said = {}
"""
END = "\nprint(json.dumps(said))\n"
LOCK = """
import secretstorage
from contextlib import closing
with closing(secretstorage.dbus_init()) as bus:
    secretstorage.get_default_collection(bus).lock()
"""


def in_session(home: Path, config: Path, script: str) -> dict[str, Any]:
    """Runs `script` on a new session bus with the keyring of `home` unlocked; what it put into `said`."""
    for program in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(program) is None:
            installable = "CI" in os.environ or os.geteuid() == 0
            assert not installable, f"{program} is missing; `make env` installs it"
            pytest.skip(f"{program} is missing and cannot be installed without root")
    home.mkdir(exist_ok=True)
    (home / "run").mkdir(mode=0o700, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    environment = {
        **kept,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "PYTHONWARNINGS": "error",
    }
    open_it = "printf unlocked | gnome-keyring-daemon --unlock --components=secrets >/dev/null"
    python = [sys.executable, "-c", BEGIN + script + END, str(config)]
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", f'{open_it}; exec "$@"', "-", *python],
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[1],
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stderr
    return json.loads(done.stdout)


def test_a_secret_outlives_the_process(tmp_path: Path) -> None:
    home, config = tmp_path / "home", tmp_path / "config"
    first = in_session(home, config, "said.update(kept=vault.write('live', secret), state=vault.state)")
    second = in_session(home, config, "said.update(same=vault.read('live') == secret, notice=vault.notice)")

    assert first == {"kept": True, "state": "Secret Service"}
    assert second == {"same": True, "notice": ""}
    for file in config.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()


def test_config_dirs_do_not_see_each_other(tmp_path: Path) -> None:
    said = in_session(
        tmp_path / "home",
        tmp_path / "config",
        """
other = Vault(config.with_name("other"))
vault.write("live", secret)
other.write("live", Secret("another"))
said["first"] = vault.read("live") == secret
said["other"] = other.read("live") == Secret("another")
other.forget("live")
said["left"] = [vault.read("live") == secret, other.read("live") is None]
""",
    )

    assert said == {"first": True, "other": True, "left": [True, True]}


def test_forgetting_a_profile_removes_its_entries_from_the_keyring(tmp_path: Path) -> None:
    said = in_session(
        tmp_path / "home",
        tmp_path / "config",
        """
import secretstorage
from contextlib import closing
def count():
    with closing(secretstorage.dbus_init()) as bus:
        return len(list(secretstorage.get_default_collection(bus).search_items({"service": "turbodesk"})))
vault.write("live", secret)
vault.write("live", Secret("s"), "token")
vault.write("live2", secret)
said["before"] = count()
vault.forget("live")
said["after"] = count()
said["read"] = [vault.read("live"), vault.read("live", "token"), vault.read("live2") == secret]
""",
    )

    assert said == {"before": 3, "after": 1, "read": [None, None, True]}


def test_a_locked_keyring_is_said_and_nothing_in_it_changes(tmp_path: Path) -> None:
    home, config = tmp_path / "home", tmp_path / "config"
    said = in_session(
        home,
        config,
        "vault.write('live', secret)"
        + LOCK
        + """
short = Vault(config, answer_within_s=3)
for name, *rest in (("read", "live"), ("write", "live", Secret("new"))):
    try:
        said[name] = str(getattr(short, name)(*rest))
    except SecretsLocked as error:
        said[name] = error.kind
import os
sys.stdout.write(json.dumps(said)); sys.stdout.flush()
os._exit(0)  # a thread may still wait for the keyring's dialog, which nobody answers here
""",
    )
    later = in_session(home, config, "said['same'] = vault.read('live') == secret")

    assert said == {"read": "secrets-locked", "write": "secrets-locked"}
    assert later == {"same": True}
