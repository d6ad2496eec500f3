"""Prebuilt bytes by aiosmtplib over connections that stay open, so many at once."""

import asyncio
import json
import ssl
import sys
import time

import aiosmtplib

host, port, ca_file, user, password = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
at_once, sends = int(sys.argv[6]), int(sys.argv[7])
MAIL = (
    b"From: me@example.com\r\nTo: you@example.com\r\nSubject: Number\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
) + b"Hello, this is a letter of a benchmark.\r\n" * 7


async def slot(client, numbers):
    for _ in numbers:
        await client.sendmail("me@example.com", ["you@example.com"], MAIL)


async def go():
    context = ssl.create_default_context(cafile=ca_file)
    clients = [
        aiosmtplib.SMTP(
            hostname=host, port=port, start_tls=True, tls_context=context, username=user, password=password
        )
        for _ in range(at_once)
    ]
    for client in clients:
        await client.connect()
        await slot(client, range(1))
    numbers = iter(range(sends))
    begin = time.perf_counter()
    await asyncio.gather(*(slot(client, numbers) for client in clients))
    took = time.perf_counter() - begin
    for client in clients:
        await client.quit()
    return sends / took


print(json.dumps(asyncio.run(go())))
