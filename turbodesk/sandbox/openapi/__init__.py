"""What the sandbox answers over HTTP, described in OpenAPI 3.1: one document for each API, beneath its base.

They are written from the tables of the services' APIs, not from the code that answers, so that each can
be tested against the other. Every object is closed: a member that is not described is a mistake.

To add an operation, add an `Operation` to the list of its API (`turbosmtp_v1`, `turbosmtp_v2` and its
parts, `sendpost` and its parts): method and path as they are routed, a sentence, what may be asked with,
and the answer for every status it can have, but for those that the API gives everywhere. `shapes` has the
words for JSON. `tests/sandbox/test_openapi.py` fails while a route is not described or a description
is not routed, every answer in the tests of the sandbox is held against them (`tests/sandbox/described.py`),
and `make prove` asks each operation at random.
"""

from turbodesk.sandbox.openapi.served import routes

__all__ = ["routes"]
