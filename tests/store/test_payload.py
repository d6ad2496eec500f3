"""A message comes back from its payload as it was, and payloads of earlier versions are read."""

from __future__ import annotations

import json

from turbodesk.model.message import Address, Attachment, BytesSource, Header, Message
from turbodesk.store.payload import digest_of, freeze, thaw

WHOLE = Message(
    sender=Address("me@example.com", "Me"),
    to=(Address("you@example.org"),),
    subject="Hi",
    text="Hello",
    html="<p>Hello</p>",
    cc=(Address("cc@example.net"),),
    bcc=(Address("bcc@example.net"),),
    reply_to=Address("back@example.com"),
    headers=(Header("X-A", "1"),),
    attachments=(Attachment.of_bytes("a.txt", b"bytes"),),
    key="td-1",
    groups=("spring",),
    track_opens=False,
    track_clicks=True,
    fields=(("name", "Ann"),),
    template="welcome",
)


def source_of(_name: str, _sha256: str) -> BytesSource:
    return BytesSource(b"bytes")


def test_every_member_comes_back() -> None:
    assert thaw(freeze(WHOLE), source_of) == WHOLE
    assert digest_of(freeze(WHOLE)) == digest_of(freeze(thaw(freeze(WHOLE), source_of)))


def test_what_an_earlier_version_did_not_write_is_empty() -> None:
    payload = json.loads(freeze(WHOLE))
    for name in ("groups", "track_opens", "track_clicks", "fields", "template"):
        del payload[name]
    found = thaw(json.dumps(payload).encode(), source_of)
    assert (found.groups, found.track_opens, found.track_clicks) == ((), None, None)
    assert (found.fields, found.template, found.text) == ((), "", "Hello")
