"""`sandbox serve` where it cannot start: what is wrong, and which option mends it."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Run


def test_a_file_of_something_else_is_told_at_its_option_and_stays(cli: Run, tmp_path: Path) -> None:
    broken, foreign = tmp_path / "broken.db", tmp_path / "foreign.db"
    broken.write_bytes(b"no database at all" * 100)
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (it TEXT)")
    for path in (broken, foreign, tmp_path / "nowhere" / "s.db"):
        before = path.read_bytes() if path.exists() else None
        answer = cli("sandbox", "serve", "--data", str(path), "--json")
        assert (answer.code, answer.json["error"]["field"]) == (1, "data")
        assert path.name in answer.json["error"]["says"] and "--data" in answer.json["error"]["hint"]
        assert (path.read_bytes() if path.exists() else None) == before


def test_a_taken_port_is_told_at_its_option(cli: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = cli("sandbox", "serve", "--port", port, "--data", str(tmp_path / "s.db"), "--json")
    assert (answer.code, answer.json["error"]["field"]) == (1, "port")
