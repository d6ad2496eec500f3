"""The floor of writing a send down: SQLite with our pragmas, three writes of a send, a commit each."""

import json
import sqlite3
import tempfile
import time
from pathlib import Path

from bench.children.wires import TEXT

SENDS = 300


def go(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE send (number INTEGER PRIMARY KEY, body TEXT, wire INTEGER, state TEXT)")
    begin = time.perf_counter()
    for number in range(1, SENDS + 1):
        connection.execute("INSERT INTO send VALUES (?, ?, NULL, 'sending')", (number, TEXT))
        connection.execute("UPDATE send SET wire = ? WHERE number = ?", (number, number))
        connection.execute("UPDATE send SET state = 'accepted' WHERE number = ?", (number,))
    took = time.perf_counter() - begin
    connection.close()
    return 3 * SENDS / took


with tempfile.TemporaryDirectory() as name:
    print(json.dumps(go(Path(name) / "floor.sqlite")))
