"""Holds what the sandbox answers in any test against its descriptions."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from turbodesk.sandbox.openapi.served import described

PREFIXES = {"sendpost": "/api/v1", "turbosmtp_v2": "/api/v2", "turbosmtp_v1": ""}
Answers = dict[str, dict[str, Any]]


class AsDescribed:
    """A hook of one client: fails where an answer is other than described, unless it was told to be."""

    def __init__(self) -> None:
        self._faulty = False

    def __call__(self, response: httpx.Response) -> None:
        request, path = response.request, response.request.url.path.rstrip("/")
        if path == "/sandbox/faults" and request.method == "PUT":
            self._faulty = True
        elif path == "/sandbox/reset":
            self._faulty = False
        answers = _answers(request.method, path)
        if answers is None or self._faulty or response.status_code >= 500:
            return
        told = f"{request.method} {path} gave {response.status_code}"
        answer = answers.get(str(response.status_code))
        assert answer is not None, f"{told}, which is not described"
        ((kind, content),) = answer["content"].items()
        assert response.headers["content-type"].partition(";")[0] == kind, told
        if kind == "application/json":
            wrong = _validator(json.dumps(content["schema"])).iter_errors(json.loads(response.read()))
            assert [str(one) for one in wrong] == [], f"{told} in a shape that is not described"


def _answers(method: str, path: str) -> Answers | None:
    """The answers of the operation that is asked for, by status; None where it is none."""
    for pattern, asked, answers in _operations():
        if asked == method and pattern.fullmatch(path):
            return answers
    return None


@cache
def _operations() -> list[tuple[re.Pattern[str], str, Answers]]:
    """Path, method and answers of each, those with the fewest parameters first."""
    found = []
    for api, prefix in PREFIXES.items():
        paths: Any = described(api)["paths"]
        for path, methods in paths.items():
            pattern = re.compile(re.sub(r"{\w+}", "[^/]+", f"{prefix}{path}").replace(".", r"\."))
            found += [(pattern, method.upper(), told["responses"]) for method, told in methods.items()]
    return sorted(found, key=lambda one: one[0].pattern.count("[^/]+"))


@cache
def _validator(shape: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(shape))
