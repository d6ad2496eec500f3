"""A 16 MB attachment from file to answer over curl sending the encoded file; memory and UI gap beside it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time

from bench.measure import Row, child, folder, in_turn, sandbox

SIZE = 16_000_000
TIMES = 3


def rows() -> list[Row]:
    with folder() as place, sandbox("--history-rows", 0, "--data", place / "s.sqlite") as ready:
        v1 = ready["turbosmtp_v1"]
        file, encoded = place / "guide.bin", place / "request.json"
        file.write_bytes(os.urandom(SIZE))
        part = {"content": base64.b64encode(file.read_bytes()).decode(), "name": "guide.bin", "type": "x/y"}
        who = {"authuser": v1["user"], "authpass": v1["password"]}
        what = {"from": "me@example.com", "to": "you@example.com", "subject": "Guide", "content": "Hello"}
        mail = {**who, **what, "attachments": [part]}
        encoded.write_text(json.dumps(mail))
        results: list[dict[str, float]] = []

        def ours() -> float:
            results.append(child("our_attachment.py", v1["send_url"], v1["user"], file))
            return results[-1]["seconds"]

        floor, seconds = in_turn(lambda: _curl(f"{v1['send_url']}/api/v2/mail/send", encoded), ours, TIMES)
    memory = min(result["extra_bytes"] for result in results)
    gap = min(result["longest_gap_ms"] for result in results)
    idle = min(result["idle_gap_ms"] for result in results)
    return [
        Row(
            "A1 16 MB from file to answer",
            "curl of the encoded file",
            floor * 1e3,
            seconds * 1e3,
            "ms",
            "≤ 2",
        ),
        Row("A2 peak extra memory", "size of the attachment", SIZE / 1e6, memory / 1e6, "MB", "≤ 0.5"),
        Row("A3 longest UI gap while it goes", "the same loop idle", idle, gap, "ms", "≤ 16 ms"),
    ]


def _curl(url: str, body: object) -> float:
    begin = time.perf_counter()
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "-H", "Content-Type: application/json", "-H", "Expect:",
         "--data-binary", f"@{body}", url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    took = time.perf_counter() - begin
    assert '"OK"' in done.stdout, done.stdout[:200]
    return took
