"""A disk that takes no more while events come: no yes for what it did not take, and all of it later."""

from __future__ import annotations

import http.client
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.reliability.test_event_burst import ReceiverProcess
from turbodesk.store.events import EVENTS_FILE

resource = pytest.importorskip("resource")  # there is none on Windows

LARGEST_BYTES = 300_000


def post(port: int, number: int) -> tuple[int, str]:
    """The status, and why not."""
    event = {"id": str(number), "mid": f"m-{number}", "status": "OPENED", "useragent": "x" * 9_000}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", "/", json.dumps(event), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("error", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
@pytest.mark.parametrize("killed", [False, True])
def test_what_the_disk_refuses_is_answered_so_and_taken_later(tmp_path: Path, killed: bool) -> None:
    """The system itself refuses to let any file of that process grow further."""
    receiver = ReceiverProcess(tmp_path)
    before = resource.prlimit(receiver.pid, resource.RLIMIT_FSIZE)
    try:
        resource.prlimit(receiver.pid, resource.RLIMIT_FSIZE, (LARGEST_BYTES, before[1]))
        taken = 0
        while (answer := post(receiver.port, taken))[0] == 200:
            taken += 1
            assert taken < LARGEST_BYTES // 9_000, "it grew no further"
        assert answer[0] == 503 and "again later" in answer[1]
        assert post(receiver.port, taken)[0] == 503
        if killed:
            receiver.kill()
            receiver.start()
        else:
            resource.prlimit(receiver.pid, resource.RLIMIT_FSIZE, before)
        assert [post(receiver.port, n)[0] for n in (taken, taken + 1)] == [200, 200]
    finally:
        receiver.stop()
    with closing(sqlite3.connect(tmp_path / EVENTS_FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = [row[0] for row in connection.execute("SELECT message_id FROM event ORDER BY number")]
    assert taken > 3 and found == [f"m-{n}" for n in range(taken + 2)]
