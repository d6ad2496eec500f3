"""Every fault that has a name is shown by tests there are, or it is said why not."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.reliability import counted
from tests.reliability.named_faults import FAULTS, Fault

TESTS = Path(__file__).parents[1]
NAMED = {"N": 28, "R": 11, "M": 13, "D": 12, "X": 6}


@cache
def functions_of(file: str) -> frozenset[str]:
    """The tests of one file that check something."""
    tree = ast.parse((TESTS / file).read_text())
    return frozenset(
        it.name for it in tree.body if isinstance(it, ast.FunctionDef) and it.name.startswith("test_")
    )


def test_every_named_fault_is_in_the_table() -> None:
    assert list(FAULTS) == [
        f"{letter}{number}" for letter, last in NAMED.items() for number in range(1, last + 1)
    ]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_shown_by_tests_that_are_there(name: str) -> None:
    fault: Fault = FAULTS[name]

    assert bool(fault.shown_by) != bool(fault.cannot), "it is shown, or cannot happen"
    for node in fault.shown_by:
        file, _, test = node.partition("::")
        assert test in functions_of(file), f"{node} is gone"
    counted.add(faults=not fault.cannot, faults_shown=fault.is_shown)
