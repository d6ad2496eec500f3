"""The words that descriptions are written in: JSON Schema, as short as it can be read."""

from __future__ import annotations

from collections.abc import Mapping

Shape = dict[str, object]

ANYTHING: Shape = {}
TEXT: Shape = {"type": "string"}
WHOLE: Shape = {"type": "integer"}
NUMBER: Shape = {"type": "number"}
TRUTH: Shape = {"type": "boolean"}
EMAIL: Shape = {"type": "string", "examples": ["ann@example.com"]}
DAY: Shape = {"type": "string", "format": "date", "examples": ["2026-01-31"]}
COUNT: Shape = {"type": "integer", "minimum": 0}
WALL_CLOCK = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"
TIMESTAMP = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"


def written(pattern: str, *examples: str) -> Shape:
    """A text of this form."""
    return {"type": "string", "pattern": pattern, **({"examples": list(examples)} if examples else {})}


def words(*allowed: object) -> Shape:
    """One of these."""
    return {"enum": list(allowed)}


def only(value: object) -> Shape:
    """Just this."""
    return {"const": value}


def up_to(most: int) -> Shape:
    """A text of at most so many characters."""
    return {"type": "string", "maxLength": most}


def line(most: int | None = None) -> Shape:
    """A text of one line, of at most so many characters."""
    limit: Shape = {} if most is None else {"maxLength": most}
    return {"type": "string", "pattern": r"^[^\r\n\x00]*$", **limit}


def or_null(shape: Shape) -> Shape:
    return {"anyOf": [shape, {"type": "null"}]}


def either(*shapes: Shape) -> Shape:
    return {"anyOf": list(shapes)}


def list_of(shape: Shape, **limits: int) -> Shape:
    """`limits` are `minItems` and `maxItems`."""
    return {"type": "array", "items": shape, **limits}


def thing(always: Mapping[str, Shape], sometimes: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**always, **(sometimes or {})},
        "required": list(always),
        "additionalProperties": False,
    }


def fields(always: Mapping[str, Shape], sometimes: Mapping[str, Shape] | None = None) -> Shape:
    """An object that is sent: of members that are not named here no notice is taken."""
    return {**thing(always, sometimes), "additionalProperties": True}


def named(shape: Shape) -> Shape:
    """An object whose members may have any name."""
    return {"type": "object", "additionalProperties": shape}
