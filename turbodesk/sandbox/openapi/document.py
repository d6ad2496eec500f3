"""An OpenAPI document, put together of operations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from turbodesk.sandbox.openapi.shapes import TEXT, Shape

JSON, FORM, MULTIPART, CSV = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/csv",
)
_HTTP_WORDS = {
    200: "Done",
    201: "Made",
    400: "The question is not one",
    401: "Not signed in",
    403: "Kept out",
    404: "There is no such thing",
    406: "There is no such thing, or nothing to do",
    409: "It is not the time for that",
    413: "The body is too large",
    422: "The body is not as it should be",
    429: "Too many at once",
    500: "A scenario address asked for it",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a question is asked with, in its query unless `place` says otherwise."""

    name: str
    shape: Shape
    required: bool = False
    place: str = "query"

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "in": self.place, "required": self.required, "schema": self.shape}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    `answers` has the shape of the JSON for every status; `csv` are those that come as CSV. `body` has a
    shape for each media type. `security` names the ways to sign in, each of which will do; none: the API's.
    `path_shapes` is for parts of the path that are no plain texts. `leads_to` says of other operations, by
    their ids (`get /analytics/{id}`), what to take from a good answer for which of their parameters.
    """

    method: str
    path: str
    says: str
    answers: Mapping[int, Shape]
    parameters: Sequence[Parameter] = ()
    body: Mapping[str, Shape] = field(default_factory=dict)
    csv: tuple[int, ...] = ()
    security: Sequence[Sequence[str]] | None = None
    path_shapes: Mapping[str, Shape] = field(default_factory=dict)
    leads_to: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_json(self, everywhere: Mapping[int, Shape], headers: Mapping[str, object]) -> dict[str, object]:
        in_path = [
            Parameter(name, self.path_shapes.get(name, TEXT), required=True, place="path").as_json()
            for name in re.findall(r"{(\w+)}", self.path)
        ]
        told: dict[str, object] = {
            "operationId": f"{self.method.lower()} {self.path}",
            "summary": self.says,
            "parameters": [*in_path, *(it.as_json() for it in self.parameters)],
            "responses": {
                str(status): self._answer(status, shape, headers)
                for status, shape in sorted({**everywhere, **self.answers}.items())
            },
        }
        if self.body:
            told["requestBody"] = {
                "required": True,
                "content": {kind: {"schema": shape} for kind, shape in self.body.items()},
            }
        if self.security is not None:
            told["security"] = _ways(self.security)
        return told

    def _answer(self, status: int, shape: Shape, headers: Mapping[str, object]) -> dict[str, object]:
        kind = CSV if status in self.csv else JSON
        answer: dict[str, object] = {
            "description": _HTTP_WORDS[status],
            "content": {kind: {"schema": shape}},
        }
        if headers:
            answer["headers"] = headers
        if self.leads_to and status < 300:
            answer["links"] = {
                id: {"operationId": id, "parameters": taken} for id, taken in self.leads_to.items()
            }
        return answer


def document(
    title: str,
    says: str,
    *,
    base: str,
    operations: Sequence[Operation],
    everywhere: Mapping[int, Shape],
    schemes: Mapping[str, Mapping[str, str]],
    security: Sequence[Sequence[str]],
    headers: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The description of an API whose paths stand under `base`.

    `everywhere` are the answers that any of its operations may give, `headers` what every answer carries.
    """
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        told = operation.as_json(everywhere, headers or {})
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "description": says, "version": "1"},
        "servers": [{"url": base}],
        "security": _ways(security),
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def _ways(security: Sequence[Sequence[str]]) -> list[dict[str, list[str]]]:
    return [{name: [] for name in together} for together in security]


def in_header(name: str) -> dict[str, str]:
    """A way to sign in: a secret in that header."""
    return {"type": "apiKey", "in": "header", "name": name}


def in_query(name: str) -> dict[str, str]:
    return {"type": "apiKey", "in": "query", "name": name}
