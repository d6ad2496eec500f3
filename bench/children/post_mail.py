"""Posts mails of 2 KB over kept connections with as little client as there can be."""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

url, at_once, sends = urlsplit(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def request(number):
    mail = {"authuser": "sandbox@example.com", "authpass": "sandbox", "from": "me@example.com",
            "to": "you@example.com", "subject": f"Number {number}", "content": "x" * 1800}  # fmt: skip
    body = json.dumps(mail).encode()
    head = f"POST /api/v2/mail/send HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def slot(numbers):
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    for number in numbers:
        writer.write(request(number))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


async def go():
    await slot(range(20))
    numbers = iter(range(sends))
    begin = time.perf_counter()
    await asyncio.gather(*(slot(numbers) for _ in range(at_once)))
    return sends / (time.perf_counter() - begin)


print(json.dumps(asyncio.run(go())))
