"""The server itself: ports, doors, two processes over one file, ends both clean and sudden."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from turbodesk.sandbox.server import Endpoints, SandboxServer
from turbodesk.sandbox.state import (
    ACCOUNT_KEY,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    SMTP_PASSWORD,
    SUBACCOUNT_KEY,
    State,
)

from .conftest import V2_SEND, Caller, Opener

SERVE = """
import json, sys, time
from pathlib import Path
from turbodesk.sandbox.server import SandboxServer
server = SandboxServer(Path(sys.argv[1]), history_rows=int(sys.argv[2]))
print(json.dumps(server.start().as_json()), flush=True)
sys.stdin.read()
server.stop()
"""


class Elsewhere:
    """A sandbox in a process of its own; ends when its stdin closes."""

    def __init__(self, data: Path, rows: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(data), str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self.process.stdout is not None
        there = json.loads(self.process.stdout.readline())
        headers = {"X-Sandbox-Token": there["control_token"]}
        self.http = httpx.Client(base_url=there["inbox_url"], headers=headers, trust_env=False, timeout=30)

    def send(self, **fields: str) -> httpx.Response:
        body = {"from": "me@example.com", "to": "ok@example.com", "authuser": "sandbox@example.com", **fields}
        return self.http.post(V2_SEND, json={"authpass": "sandbox", **body})

    def end(self) -> tuple[str, str]:
        self.http.close()
        return self.process.communicate(timeout=10)


def ask(server: SandboxServer, **headers: str) -> int:
    host, port = server.endpoints.inbox_url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.putrequest("GET", "/sandbox/accepted", skip_host=True)
    connection.putheader("X-Sandbox-Token", server.endpoints.control_token)
    for name, value in headers.items():
        connection.putheader(name, value.replace("PORT", port))
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_endpoints_as_json(running: Caller) -> None:
    origin = running.at.inbox_url
    smtp = running.at.smtp
    assert running.at.as_json() == {
        "turbosmtp_v1": {
            "dashboard_url": origin,
            "send_url": origin,
            "user": "sandbox@example.com",
            "password": running.at.password,
        },
        "turbosmtp_v2": {
            "base_url": f"{origin}/api/v2",
            "send_url": f"{origin}/api/v2",
            "consumer_key": CONSUMER_KEY,
            "consumer_secret": CONSUMER_SECRET,
        },
        "sendpost": {
            "base_url": f"{origin}/api/v1",
            "account_key": ACCOUNT_KEY,
            "subaccount_key": SUBACCOUNT_KEY,
        },
        "smtp": {
            "host": "127.0.0.1",
            "port": smtp.port,
            "tls_port": smtp.tls_port,
            "ca_file": smtp.ca_file,
            "user": "default@117.sendpost.io",
            "password": SMTP_PASSWORD,
        },
        "inbox_url": origin,
        "control_token": running.at.control_token,
    }
    assert origin.startswith("http://127.0.0.1:")
    assert len({smtp.port, smtp.tls_port, int(origin.rpartition(":")[2])}) == 3
    assert re.fullmatch("[0-9a-f]{32}", CONSUMER_KEY)
    assert re.fullmatch("[0-9A-Za-z]{32}", CONSUMER_SECRET)


def test_the_endpoints_lead_where_they_say(running: Caller) -> None:
    at = running.at
    v2 = {"consumerKey": at.turbosmtp_v2.consumer_key, "consumerSecret": at.turbosmtp_v2.consumer_secret}
    period = {"from": "2020-01-01", "to": "2020-01-02"}
    asked = [
        (f"{at.turbosmtp_v2.base_url}/analytics", v2, period),
        (f"{at.sendpost.base_url}/account/subaccount/", {"X-Account-ApiKey": at.sendpost.account_key}, {}),
        (
            f"{at.sendpost.base_url}/subaccount/domain",
            {"X-SubAccount-ApiKey": at.sendpost.subaccount_key},
            {},
        ),
    ]
    for url, headers, parameters in asked:
        assert running.http.get(url, params=parameters).status_code == 401, url
        assert running.http.get(url, params=parameters, headers=headers).status_code == 200, url


# the file of the relay's authority


def certificates(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pem"))


def test_the_authority_lies_beside_the_data_while_it_runs(opened: Opener, tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with opened(data) as caller:
        assert certificates(tmp_path) == [Path(caller.at.smtp.ca_file)]
        text = Path(caller.at.smtp.ca_file).read_text()
        assert text.count("BEGIN CERTIFICATE") == 1
    assert certificates(tmp_path) == []


def test_without_data_the_authority_is_a_temporary_file(opened: Opener, tmp_path: Path) -> None:
    with opened() as caller:
        ca_file = Path(caller.at.smtp.ca_file)
        assert ca_file.parent == Path(tempfile.gettempdir())
        assert ca_file.is_file()
    assert not ca_file.exists()


def test_every_server_has_an_authority_of_its_own(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with SandboxServer(data, history_rows=0) as one:
        first = Path(one.endpoints.smtp.ca_file)
        other = Elsewhere(data)
        assert len(certificates(tmp_path)) == 2
        with SandboxServer(data) as two:
            assert first.read_text() != Path(two.endpoints.smtp.ca_file).read_text()
            assert len(certificates(tmp_path)) == 3
        assert other.end() == ("", "")
        assert certificates(tmp_path) == [first]
    assert certificates(tmp_path) == []


def test_what_a_killed_server_left_is_swept(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    theirs = tmp_path / "mine.pem"
    theirs.write_text("another certificate")
    elsewhere = Elsewhere(data)
    left = [path for path in certificates(tmp_path) if path != theirs]
    elsewhere.process.kill()
    elsewhere.end()
    assert [path for path in certificates(tmp_path) if path != theirs] == left
    with SandboxServer(data) as server:
        assert certificates(tmp_path) == sorted([theirs, Path(server.endpoints.smtp.ca_file)])
        assert left != [Path(server.endpoints.smtp.ca_file)]


def test_nothing_is_left_where_it_cannot_start(tmp_path: Path, running: Caller) -> None:
    data = tmp_path / "letter.txt"
    data.write_text("no database " * 100)
    taken = running.at.smtp.port
    for trouble in (SandboxServer(data), SandboxServer(tmp_path / "s.sqlite", smtp_port=taken)):
        with pytest.raises(OSError):
            trouble.start()
    assert sorted(tmp_path.iterdir()) == [data]


def test_ports_can_be_chosen() -> None:
    with SandboxServer(history_rows=0) as server:
        smtp = server.endpoints.smtp
        chosen = int(server.endpoints.inbox_url.rpartition(":")[2]), smtp.port, smtp.tls_port
    again = SandboxServer(history_rows=0, port=chosen[0], smtp_port=chosen[1], smtp_tls_port=chosen[2])
    with again:
        smtp = again.endpoints.smtp
        assert (int(again.endpoints.inbox_url.rpartition(":")[2]), smtp.port, smtp.tls_port) == chosen


def test_the_keys_of_the_relay_are_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for data in (None, tmp_path / "sandbox.sqlite"):
        with SandboxServer(data, history_rows=0) as server:
            files = [path for path in tmp_path.rglob("*") if path.is_file()]
            assert Path(server.endpoints.smtp.ca_file) in files
            assert not [path for path in files if b"PRIVATE KEY" in path.read_bytes()]


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "127.0.0.1", "localhost:PORT", "LOCALHOST", "[::1]:PORT"])
def test_loopback_names_are_let_in(running: Caller, host: str) -> None:
    assert ask(running.server, Host=host) == 200
    assert ask(running.server, Host=host, Origin=f"http://{host}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"Host": "evil.example.com:PORT"},
        {"Host": "127.0.0.1.evil.example.com"},
        {"Host": "192.0.2.1"},
        {"Host": "a@evil.example.com"},
        {"Host": "[::1"},
        {"Host": ""},
        {"Host": "127.0.0.1:PORT", "Origin": "https://evil.example.com"},
        {"Host": "127.0.0.1:PORT", "Origin": "null"},
        {"Host": "127.0.0.1:PORT", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_everybody_else_is_kept_out(running: Caller, headers: dict[str, str]) -> None:
    assert ask(running.server, **headers) == 403


def test_nothing_says_which_server_it_is(running: Caller) -> None:
    assert "server" not in running.http.get("/").headers


def test_it_listens_on_loopback_only(running: Caller) -> None:
    http_port = int(running.at.inbox_url.rpartition(":")[2])
    for port in (http_port, running.at.smtp.port, running.at.smtp.tls_port):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
            other.settimeout(2)
            with pytest.raises(OSError):
                other.connect(("127.0.0.2", port))


def test_a_taken_port_is_an_os_error(running: Caller) -> None:
    port = int(running.at.inbox_url.rpartition(":")[2])
    with pytest.raises(OSError):
        SandboxServer(port=port).start()


def test_a_file_of_something_else_is_an_os_error_and_stays(tmp_path: Path) -> None:
    data = tmp_path / "letter.txt"
    data.write_text("Dear all, this is no database at all, and it is long enough to be looked at. " * 20)
    before = data.read_bytes()
    with pytest.raises(OSError, match=r"letter\.txt"):
        SandboxServer(data).start()
    assert data.read_bytes() == before


def test_a_folder_in_place_of_its_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a file"):
        SandboxServer(tmp_path).start()


def test_a_directory_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        SandboxServer(tmp_path / "nowhere" / "sandbox.sqlite").start()


def test_the_file_is_for_its_owner_only(opened: Opener, tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with opened(data):
        assert data.stat().st_mode & 0o077 == 0


def test_it_starts_and_stops_again_and_again() -> None:
    before = threading.active_count()
    server = SandboxServer(history_rows=0)
    server.stop()
    for _ in range(3):
        first = server.start()
        assert server.start() == first
        assert isinstance(first, Endpoints)
        assert httpx.get(first.inbox_url, trust_env=False).status_code == 200
        server.stop()
        server.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(first.inbox_url, trust_env=False)
    assert threading.active_count() == before


def test_who_hangs_up_in_the_middle_of_a_request_is_no_failure(
    running: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = running.at.inbox_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /sandbox/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"
        )
        time.sleep(0.05)  # so that the request has begun when it ends
    began = time.monotonic()
    while running.http.get("/sandbox/faults").status_code != 200 or time.monotonic() < began + 0.3:
        time.sleep(0.02)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_it_stops_soon_with_connections_open(opened: Opener) -> None:
    with opened() as caller:
        host, port = caller.at.inbox_url.removeprefix("http://").split(":")
        idle = [socket.create_connection((host, int(port))) for _ in range(5)]
        idle[0].sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        kept = http.client.HTTPConnection(host, int(port))
        kept.request("GET", "/")
        kept.getresponse().read()
        with ThreadPoolExecutor(1) as pool:
            caller.fault("delay", seconds=30, match="/api", times=1)
            waiting = pool.submit(caller.http.get, "/api/plans")
            while caller.http.get("/sandbox/faults").json()["faults"]:
                pass
            began = time.monotonic()
            caller.server.stop()
            assert time.monotonic() - began < 2
            assert waiting.exception(timeout=5) is not None or waiting.result().status_code == 500
        for connection in idle:
            connection.close()
        kept.close()


def test_many_sends_at_once_get_ids_of_their_own(sandbox: Caller) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: sandbox.send(f"a{n}@example.com,b{n}@example.com"), range(200)))
    assert len({answer.json()["mid"] for answer in answers}) == 200
    ids = sandbox.get("/api/stats/panes/emails/count").json()
    assert ids == {"count": 400}
    assert sandbox.http.get("/sandbox/accepted").json()["total"] == 200


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    both = [Elsewhere(data, 300), Elsewhere(data, 300)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: both[n % 2].send(to=f"hardbounce@h{n}.example.com"), range(100)))
    assert [answer.status_code for answer in answers] == [200] * 100
    assert len({answer.json()["mid"] for answer in answers}) == 100
    for one in both:
        assert one.http.get("/sandbox/accepted").json()["total"] == 100
    token = (
        both[0]
        .http.post("/api/authorize", json={"email": "sandbox@example.com", "password": "sandbox"})
        .json()["auth"]
    )
    headers = {"Authorization": token}
    for one in both:
        path = "/web/api/reports/hardbounce/all/count?filter=hardbounce@"
        assert one.http.get(path, headers=headers).json() == {"count": 100}
        total = one.http.get("/api/stats/panes/emails/count", headers=headers).json()
        assert total == {"count": 400}
    for one in both:
        assert one.end() == ("", "")
        assert one.process.returncode == 0


def test_a_file_made_by_many_at_once_has_one_history(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"

    def count(_: int) -> int:
        state = State(data, history_rows=2_000)
        found = len(state.emails(since_ms=0, until_ms=10**14))
        state.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(4))) == [2_000] * 4


def test_accepted_mail_outlives_a_killed_process(opened: Opener, tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    elsewhere = Elsewhere(data)
    keys = []
    for n in range(20):
        assert elsewhere.send(custom_headers=json.dumps({"X-Turbodesk-ID": f"k{n}"})).status_code == 200
        keys.append(f"k{n}")
    elsewhere.process.kill()
    elsewhere.end()
    with opened(data) as caller:
        assert caller.http.get("/sandbox/accepted").json() == {"total": 20, "by_key": dict.fromkeys(keys, 1)}


def test_its_parts_import_nothing_of_ours() -> None:
    code = (
        "import sys, turbodesk.sandbox.server; print([m for m in sys.modules if m.startswith('turbodesk')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    loaded: list[str] = json.loads(done.stdout.replace("'", '"'))
    assert all(name == "turbodesk" or name.startswith("turbodesk.sandbox") for name in loaded)


def test_whoever_wants_http_alone_does_not_wait_for_smtp() -> None:
    code = (
        "import sys; from turbodesk.sandbox.server import SandboxServer\n"
        "with SandboxServer(history_rows=0): print('aiosmtpd' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "False\n"
