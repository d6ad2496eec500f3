"""Secrets stay where they belong, whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from turbodesk.errors import TurbodeskError
from turbodesk.model.reports import ALL_TIME, ReportType


def shapes(secret: str) -> set[str]:
    """Every way in which a secret may be written."""
    return {secret, json.dumps(secret)[1:-1], quote(secret), quote_plus(secret), repr(secret)[1:-1]}


def echo(tools: Any, status: int) -> Any:
    """Answers with everything that was asked, as a chatty error page does."""

    def reply(seen: Any) -> bytes:
        said = f"{seen.target} {seen.headers} ".encode() + seen.body
        return tools.answer(b"<pre>" + said + b"</pre>", status, "text/html")  # type: ignore[no-any-return]

    return reply


def echo_json(tools: Any, status: int) -> Any:
    def reply(seen: Any) -> bytes:
        words = [tools.password, seen.headers.get("authorization", ""), seen.body.decode("utf-8", "replace")]
        return tools.answer({"message": "error", "errors": words}, status)  # type: ignore[no-any-return]

    return reply


FAULTS = "echo 200,echo 400,echo 401,echo 429,echo 500,json 200,json 400,json 401,closed,cut"


@pytest.mark.parametrize("fault", FAULTS.split(","))
def test_no_error_no_log_line_and_no_repr_holds_a_secret(
    tools: Any, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, _, status = fault.partition(" ")
    plays = {
        "echo": lambda: echo(tools, int(status)),
        "json": lambda: echo_json(tools, int(status)),
        "closed": lambda: tools.close,
        "cut": lambda: tools.cut(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    }
    told: list[str] = []

    async def go() -> None:
        for signs_in in (True, False):
            script = tools.signed_in(plays[kind]()) if signs_in else tools.Script([plays[kind]()])
            async with script.serve() as server, tools.gateway() as gateway:
                provider = tools.provider(gateway, server.origin)
                told.append(f"{provider!r} {vars(provider)!r} {gateway!r}")
                for work in (
                    provider.account(),
                    provider.delete_reports(ReportType.SPAM, ["1"]),
                    provider.send(tools.message(), tools.Marks()),
                    anext(provider.stats_csv(ALL_TIME)),
                    provider.sign_in(),
                ):
                    try:
                        await work
                    except TurbodeskError as error:
                        told.extend(traceback.format_exception(error))
                        told.append(f"{error!r} {error} {error.args} {vars(error)}")
                await provider.aclose()

    asyncio.run(go())
    told.extend(record.getMessage() for record in caplog.records)
    everything = "\n".join(told)
    assert len(told) > 10
    for secret in (tools.password, tools.token):
        for shape in shapes(secret):
            assert shape not in everything
