"""One text of a letter as a Jinja template: sandboxed, strict about what a row lacks, bounded in every way.

Imports Jinja; import this only where a letter is merged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from time import monotonic
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from turbodesk.files import TEXT_LIMIT_BYTES

MOST_STEPS = 10_000  # of all loops of one text, for one row
LONGEST_VALUE = 200_000  # characters or items of what a letter computes
LONGEST_S = 2.0
LARGEST_BITS = 4096

NO_NAME = (
    "What stands between {{ and }} is no name of a column. Names are one word: "
    "the column “First name” is {{ first_name }}."
)

_HTML = "html"
_FILE = "<letter>"
_STEPS, _SIZED = " steps", " sized"  # names that no letter can write

_STATEMENTS = (nodes.Template, nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.With)
_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float"),
    *("forceescape", "int", "items", "last", "length", "list", "lower", "map", "max", "min", "reject"),
    *("rejectattr", "reverse", "safe", "select", "selectattr", "sort", "string", "striptags", "title"),
    *("tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount"),
)
_OF_TEXT = frozenset(
    {
        *("capitalize", "casefold", "count", "endswith", "find", "isalnum", "isalpha", "isdecimal"),
        *("isdigit", "islower", "isspace", "isupper", "lower", "lstrip", "partition", "removeprefix"),
        *("removesuffix", "rfind", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith"),
        *("strip", "swapcase", "title", "upper"),
    }
)
_OF_DICT = frozenset({"get", "items", "keys", "values"})
_UNDEFINED = re.compile(r"'(.*)' is undefined")


class TemplateTrouble(ValueError):
    """A text that cannot be merged, with the line where, 0 where it cannot be told.

    `words` say what, without field and line; `missing` names the variable that is not there, else empty.
    """

    def __init__(self, words: str, line: int = 0, missing: str = "") -> None:
        super().__init__(words)
        self.words, self.line, self.missing = words, line, missing


class RowTemplate:
    """One text, compiled once and written for any number of rows, by any thread."""

    def __init__(self, text: str, *, html: bool) -> None:
        """Raises TemplateTrouble where the text is no template, or uses what a letter may not."""
        environment = _environment()
        try:
            tree = environment.parse(text)
            self.names = frozenset(meta.find_undeclared_variables(tree)) - environment.globals.keys()
            _Bounding().visit(tree)
            code = environment.compile(tree, _HTML if html else "text", _FILE)
        except TemplateSyntaxError as error:
            raise TemplateTrouble(_sentence(error.message or ""), error.lineno) from None
        except (RecursionError, MemoryError, SyntaxError) as error:
            raise TemplateTrouble(f"It is nested too deeply ({type(error).__name__}).") from None
        self._template = Template.from_code(environment, code, dict(environment.globals))

    def write(self, values: Mapping[str, str]) -> str:
        """The text for one row. Raises TemplateTrouble."""
        held = _budget.set(_Budget())
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._template.generate(values):
                size += len(piece)
                if size > TEXT_LIMIT_BYTES:
                    raise TemplateTrouble(f"It becomes longer than {TEXT_LIMIT_BYTES:,} characters.")
                pieces.append(piece)
        except TemplateTrouble as error:
            raise TemplateTrouble(error.words, error.line or _line(error), error.missing) from None
        except UndefinedError as error:
            raise _undefined(error) from None
        except Exception as error:  # whatever a letter computes, its writer hears of it with the line
            raise TemplateTrouble(_sentence(str(error) or type(error).__name__), _line(error)) from None
        finally:
            _budget.reset(held)
        return "".join(pieces)


def _undefined(error: UndefinedError) -> TemplateTrouble:
    words = error.message or ""
    found = _UNDEFINED.fullmatch(words)
    return TemplateTrouble(_sentence(words), _line(error), found[1] if found else "")


def _line(error: BaseException) -> int:
    """The line of the text that raised it: Jinja puts it into the traceback."""
    line, at = 0, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == _FILE:
            line = at.tb_lineno
        at = at.tb_next
    return line


def _sentence(words: str) -> str:
    words = words.strip().rstrip(".")
    if words.startswith("expected token 'end of print statement'"):
        return NO_NAME
    return f"{words[:1].upper()}{words[1:]}."


# Bounds


@dataclass(slots=True)
class _Budget:
    """What one text may use up for one row."""

    steps: int = 0
    until: float = 0.0

    def __post_init__(self) -> None:
        self.until = monotonic() + LONGEST_S

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TemplateTrouble(f"Its loops make more than {MOST_STEPS:,} steps.")
        self.in_time()

    def in_time(self) -> None:
        if monotonic() > self.until:
            raise TemplateTrouble(f"It takes longer than {LONGEST_S:g} seconds.")


_budget: ContextVar[_Budget] = ContextVar("budget")


def _spend() -> _Budget:
    return _budget.get(None) or _Budget()  # there is none while constants are worked out


def _steps(items: Iterable[Any]) -> Iterator[Any]:
    """The items, each counted."""
    for item in items:
        _spend().step()
        yield item


def _sized(value: Any) -> Any:
    """The value, where it is not too long."""
    _spend().in_time()
    if isinstance(value, (str, list, tuple)):
        _refuse_long(len(value))
    return value


def _refuse_long(size: int) -> None:
    if size > LONGEST_VALUE:
        raise TemplateTrouble(f"It makes a value longer than {LONGEST_VALUE:,} characters.")


def _range(*bounds: int) -> range:
    made = range(*bounds)
    try:
        size = len(made)
    except OverflowError:
        size = MOST_STEPS + 1
    if size > MOST_STEPS:
        raise TemplateTrouble(f"Its range has more than {MOST_STEPS:,} steps.")
    return made


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)  # keeps what Jinja noted on it
    def called(*arguments: Any, **named: Any) -> Any:
        return _sized(function(*arguments, **named))

    return called


def _join(items: Iterable[Any], between: str = "", attribute: Any = None) -> str:
    if attribute is not None:
        raise TemplateTrouble("`join` takes no attribute here.")
    texts = [str(item) for item in _steps(items)]
    _refuse_long(sum(map(len, texts)) + len(between) * len(texts))
    return str(between).join(texts)


def _replace(value: Any, old: Any, new: Any) -> str:
    text = str(value)
    _refuse_long(len(text) + text.count(str(old)) * len(str(new)))
    return text.replace(str(old), str(new))


def _round(value: Any, precision: int = 0) -> float:
    return float(round(float(value), max(-30, min(int(precision), 30))))


def _format(pattern: Any, *values: Any, **named: Any) -> str:
    if re.search(r"\*|\d{3}", str(pattern)):
        raise TemplateTrouble("`format` takes widths of at most 99 here.")
    return str(pattern).__mod__(named or values)


# Jinja, narrowed


class _Bounding(NodeTransformer):
    """Refuses what could run away, and lets loops and joined texts be counted."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        if isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS):
            raise _not_here(f"`{_spelled(node)}` cannot be used in a letter for rows", node)
        if isinstance(node, nodes.NSRef):
            raise _not_here("`namespace` cannot be used in a letter for rows", node)
        return super().generic_visit(node, *args, **kwargs)

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        if node.name == "self":  # the template itself, to Jinja
            raise _not_here("`self` cannot be used in a letter for rows", node)
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        if node.recursive:
            raise _not_here("A recursive loop cannot be used in a letter for rows", node)
        self.generic_visit(node)
        node.iter = _through(_STEPS, cast(nodes.Expr, node.iter))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _through(_SIZED, node)


def _through(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _not_here(words: str, node: nodes.Node) -> TemplateSyntaxError:
    return TemplateSyntaxError(words, node.lineno)


_SPELLED = {"callblock": "call", "filterblock": "filter", "assignblock": "set … endset", "fromimport": "from"}


def _spelled(node: nodes.Node) -> str:
    name = type(node).__name__.lower()
    return _SPELLED.get(name, name)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with the few filters, methods and operators whose cost is known."""

    intercepted_binops = frozenset({"+", "*", "%", "**"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str):
            return attr in _OF_TEXT
        if isinstance(obj, dict):
            return attr in _OF_DICT
        return isinstance(obj, LoopContext) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        return None  # what Jinja makes of it would still fill in any width

    def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
        return self.undefined(
            f"`{attribute}` cannot be used here; filters can, as in {{{{ x | upper }}}}",
            name=attribute, obj=obj, exc=SecurityError,
        )  # fmt: skip

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            _refuse_product(left, right)
        elif operator == "%" and isinstance(left, str):
            raise TemplateTrouble("`%` does not fill in texts here; the filter `format` does.")
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            _refuse_bits(left.bit_length() * abs(right))
        return _sized(super().call_binop(context, operator, left, right))


def _refuse_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Sequence) and isinstance(other, int):
            _refuse_long(len(one) * other)
    if isinstance(left, int) and isinstance(right, int):
        _refuse_bits(left.bit_length() + right.bit_length())


def _refuse_bits(bits: int) -> None:
    if bits > LARGEST_BITS:
        raise TemplateTrouble("It makes a number that is too large.")


@cache
def _environment() -> _Environment:
    made = _Environment(
        undefined=StrictUndefined,
        autoescape=lambda name: name == _HTML,
        keep_trailing_newline=True,
        cache_size=0,
    )
    own: dict[str, Callable[..., Any]] = {
        "join": _join,
        "replace": _replace,
        "round": _round,
        "format": _format,
        _SIZED: _sized,
    }
    made.filters = {name: _bounded(made.filters[name]) for name in _FILTERS}
    made.filters |= {name: _bounded(function) for name, function in own.items()}
    made.filters[_STEPS] = _steps
    made.globals = {"range": _range}
    return made
