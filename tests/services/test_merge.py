"""A letter for each row: what is written into it, what stands against it, and what may not run away."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbodesk.errors import InvalidDraft
from turbodesk.model.message import Address
from turbodesk.services import row_template
from turbodesk.services.columns import Mapping, guessed, variables_of
from turbodesk.services.compose import ComposeService, Draft
from turbodesk.services.merge import Checked, Effect, Finding, Kind, Merge, People, row_words
from turbodesk.services.recipient_file import RecipientFile
from turbodesk.services.row_template import MOST_STEPS, RowTemplate, TemplateTrouble

HEAD = ("Email", "First name", "Points")


def table(*rows: tuple[str, ...], columns: tuple[str, ...] = HEAD, guessed: bool = False) -> RecipientFile:
    path = Path("list.csv")
    return RecipientFile(path, "UTF-8", ",", columns, rows, "0" * 64, 1, guessed=guessed)


def draft(**changes: object) -> Draft:
    fields: dict[str, object] = {"sender": "me@example.com", "subject": "Hi", "text": "Hello"}
    return Draft(**{**fields, **changes})  # type: ignore[arg-type]


def merged(file: RecipientFile, **changes: object) -> Merge:
    return Merge(draft(**changes), file, guessed(file))


def finding(checked: Checked, kind: Kind) -> Finding:
    return next(it for it in checked.findings if it.kind is kind)


PEOPLE = table(("anna@example.com", "Anna <b>", "3"), ("ben@example.org", "", "12"))


def test_a_row_becomes_a_letter_of_its_own() -> None:
    merge = merged(
        PEOPLE,
        to="somebody@example.net",
        subject="Hi {{ first_name or 'there' }}",
        html="<p>{{ first_name }}: {{ Points }}</p>\r\n{# a note #}",
        text="{% if points|int > 10 %}Many{% else %}{{ points }}{% endif %} for {{ nick|default('you') }}\n",
        headers=[("X-Order", "{{ points }}")],
    )
    one, two = (merge.message_for(row) for row in (1, 2))
    assert one.to == '"Anna <b>" <anna@example.com>' and two.to == "ben@example.org"
    assert (one.subject, two.subject) == ("Hi Anna <b>", "Hi there")
    assert one.html == "<p>Anna &lt;b&gt;: 3</p>\n" and two.html == "<p>: 12</p>\n"
    assert one.text == "3 for you\n" and two.text == "Many for you\n"
    assert one.headers == [("X-Order", "{{ points }}")]
    assert merge.draft.to == "somebody@example.net" and merge.draft.subject.startswith("Hi {{")
    assert [(row, it.to) for row, it in merge.drafts([2])] == [(2, "ben@example.org")]
    message = asyncio.run(ComposeService(lambda: 24_000_000).message(one))
    assert message.to == (Address("anna@example.com", "Anna <b>"),)


def test_texts_without_variables_go_as_they_stand() -> None:
    text = "50 % off\r\n} {"
    assert merged(PEOPLE, text=text).message_for(1).text == text


def test_there_is_no_row_beyond_the_last() -> None:
    for row in (0, 3):
        with pytest.raises(IndexError):
            merged(PEOPLE).message_for(row)


def test_nobody_stands_in_copy() -> None:
    merge = merged(PEOPLE, cc="a@example.com", bcc="b@example.com")
    with pytest.raises(InvalidDraft) as told:
        merge.message_for(1)
    assert list(told.value.problems) == ["cc", "bcc"] and "nobody stands in Cc" in told.value.problems["cc"]
    assert [it.field for it in merge.check().stops] == ["cc", "bcc"]
    assert merged(PEOPLE, cc=" ; ").check().stops == ()


def test_what_will_be_sent_is_told_row_by_row() -> None:
    file = table(
        ("anna@example.com", "Anna", "1"),
        ("tom@example,com", "Tom", "2"),
        ("ANNA@example.com", "Anna", "3"),
        ("carl@gmial.com", "Carl", "4"),
        ("info@example.com", "Shop", "5"),
        ("gone@example.com", "Gone", "6"),
        ("", "", ""),
        ("short@example.com", "S"),
        ("lost@example.com", "L\ufffdst", "9"),
    )
    checked = merged(file).check(suppressed={"Gone@Example.com"})
    assert checked.going == (1, 4, 5, 8, 9) and checked.stops == ()
    told = {it.kind: (it.effect, it.rows, it.notes) for it in checked.findings}
    said = "tom@example,com: a comma stands in the domain. Did you mean tom@example.com?"
    assert told == {
        Kind.SYNTAX: (Effect.SKIPS, (2, 7), (said, "The address is empty.")),
        Kind.DUPLICATE: (Effect.SKIPS, (3,), ("as row 1",)),
        Kind.SUPPRESSED: (Effect.SKIPS, (6,), ("",)),
        Kind.NEAR_MISS: (Effect.SHOWN, (4,), ("gmail.com?",)),
        Kind.ROLE: (Effect.SHOWN, (5,), ("",)),
        Kind.SHORT: (Effect.SHOWN, (8,), ("2 of 3 cells",)),
        Kind.DAMAGED: (Effect.SHOWN, (9,), ("",)),
    }
    assert finding(checked, Kind.SYNTAX).says == "2 rows have no valid address and are skipped."
    checked.refuse()


def test_a_missing_variable_stops_the_send_and_lists_the_rows() -> None:
    file = table(
        ("a@example.com", "A", "1"), ("b@example.com", "B"), ("c@example.com", ""), ("d@x.de", "D", "")
    )
    merge = merged(file, html="<p>\n{{ points }}</p>", subject="{{ first_name }}")
    checked = merge.check()
    stop = finding(checked, Kind.MISSING)
    assert (stop.effect, stop.rows, stop.field) == (Effect.STOPS, (2, 3), "body")
    assert stop.says == "HTML, line 2: {{ points }} is missing in rows 2 and 3."
    with pytest.raises(InvalidDraft, match="missing in rows 2 and 3"):
        checked.refuse()
    with pytest.raises(InvalidDraft, match=r"Row 2: HTML, line 2: \{\{ points \}\} is missing"):
        merge.message_for(2)
    assert merge.message_for(4).html == "<p>\n</p>"


def test_a_variable_that_is_no_column_is_told_with_the_likely_one() -> None:
    stop = finding(
        merged(PEOPLE, text="{% if points == '12' %}{{ frist_name }}{% endif %}").check(), Kind.MISSING
    )
    assert stop.rows == (2,)
    assert stop.says == (
        "Text part, line 1: {{ frist_name }} is missing in row 2: list.csv has no such column. "
        "Did you mean {{ first_name }}?"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<p>\n{{ points", "HTML, line 2: Unexpected end of template"),
        ("{% if points %}", "HTML, line 1: Unexpected end of template"),
        ("\n\n{{ points|shout }}", "HTML, line 3: No filter named 'shout'"),
        ("\n{{ 1 +* }}", "HTML, line 2: Unexpected"),
        ("{{ " + "(" * 3000 + ")" * 3000 + " }}", "nested too deeply"),
    ],
)
def test_a_text_that_is_no_template_stops_with_its_field_and_line(text: str, said: str) -> None:
    merge = merged(PEOPLE, html=text)
    stop = finding(merge.check(), Kind.TEMPLATE)
    assert stop.effect is Effect.STOPS and stop.rows == () and said in stop.says
    with pytest.raises(InvalidDraft) as told:
        merge.message_for(1)
    assert said in told.value.problems["body"]


def test_what_fails_in_some_rows_is_told_with_them() -> None:
    file = table(("a@example.com", "A", "4"), ("b@example.com", "B", "0"), ("c@example.com", "C", "x"))
    stop = finding(merged(file, subject="{{ 8 // points|int }}").check(), Kind.TEMPLATE)
    assert stop.rows == (2, 3) and stop.field == "subject"
    assert stop.says.startswith("Rows 2 and 3: Subject: Integer division or modulo by zero")


def test_a_line_break_never_reaches_a_subject_or_a_name() -> None:
    file = table(
        ("a@example.com", "A\r\nBcc: x@example.com", "1"), ("b@example.com", "B", "x\ny"), ("c@x.de", "C", "")
    )
    checked = merged(file, subject="Points {{ points }}").check()
    assert finding(checked, Kind.SUBJECT).says.startswith("Row 2: The subject holds a line break.")
    assert finding(checked, Kind.NAME).rows == (1,)
    assert {it.kind for it in checked.stops} == {Kind.SUBJECT, Kind.NAME}
    merge = merged(file, subject="Points {{ points }}")
    for row, field in ((1, "to"), (2, "subject")):
        with pytest.raises(InvalidDraft) as told:
            merge.message_for(row)
        assert list(told.value.problems) == [field]
    assert finding(merged(file, subject="{{ 'x' * 701 }}").check(), Kind.SUBJECT).rows == (1, 2, 3)


def test_a_name_that_stops_is_told_with_its_row() -> None:
    people = table(("anna@example.com", "Anna", "3"), ("ben@example.org", "B\u2028Bcc: eve@example.net", "1"))
    (stop,) = merged(people).check().stops
    assert stop.says == "Row 2: its name holds a character that no letter may carry. Take it out of the cell."


def test_cells_that_a_letter_writes_out_and_that_are_empty_are_told() -> None:
    people = table(
        ("anna@example.com", "", "3"), ("ben@example.org", "Ben", ""), ("carl@example.org", " ", "1")
    )
    checked = merged(people, text="Hello {{ first_name }}").check()
    empty = finding(checked, Kind.EMPTY)
    assert (empty.says, empty.effect) == ("{{ first_name }} is empty in rows 1 and 3.", Effect.SHOWN)
    assert empty.rows == (1, 3) and [it.kind for it in checked.findings] == [Kind.EMPTY]


def test_another_column_of_addresses_is_told() -> None:
    columns = ("Email", "Old email", "Nick")
    rows = (("a@example.com", "b@example.com", "A"), ("c@example.com", "d@example.com", "C"))
    another = finding(merged(table(*rows, columns=columns)).check(), Kind.ANOTHER)
    assert another.says == "“Old email” holds addresses too; the letters go to those in “Email”."


def test_letters_of_a_guessed_encoding_are_told_with_the_cell() -> None:
    people = table(("anna@example.com", "\xc8\xe2\xe0\xed", "1"), ("b@example.com", "Ben", "2"), guessed=True)
    guess = finding(merged(people).check(), Kind.GUESSED)
    assert (guess.rows, guess.notes) == ((1,), ("\xc8\xe2\xe0\xed",))


def test_variables_where_none_is_written_out_are_told() -> None:
    merge = merged(PEOPLE, headers=[("X-Order", "{{ points }}")], groups="c{{ city }}")
    told = [it.says for it in merge.check().findings if it.kind is Kind.UNWRITTEN]
    assert [says.split(",")[0] for says in told] == [
        "A header holds {{ points }}",
        "The campaign holds {{ city }}",
    ]


def test_a_file_without_anybody_stops() -> None:
    checked = merged(table(("nobody", "", ""), ("", "", ""))).check()
    assert checked.going == () and [it.kind for it in checked.stops] == [Kind.NOBODY]


def test_addresses_of_a_guessed_encoding_are_plain_ones() -> None:
    people = People.read(table(("a@bÃ¼cher.example",), columns=("email",), guessed=True), Mapping("email"))
    assert people.addresses == (None,) and "does not say how they are written" in people.wrong[1]
    sure = People.read(table(("a@bücher.example",), columns=("email",)), Mapping("email"))
    assert sure.addresses == (Address("a@xn--bcher-kva.example"),)


LOCALS = st.from_regex(r"[A-Za-z0-9._+'@ \"-]{0,12}", fullmatch=True) | st.just("x" * 65)
DOMAINS = st.sampled_from(
    ["example.com", "EXAMPLE.com", "bücher.example", "localhost", "x" * 64 + ".com", "a.b "]
)


@given(st.lists(st.tuples(LOCALS, DOMAINS), min_size=2, max_size=6))
def test_addresses_are_read_as_anywhere_else(parts: list[tuple[str, str]]) -> None:
    cells = [f"{local}@{domain}" for local, domain in parts]
    people = People.read(table(*((cell,) for cell in cells), columns=("email",)), Mapping("email"))
    for cell, found in zip(cells, people.addresses, strict=True):
        try:
            assert found == Address.parse(cell)
        except ValueError:
            assert found is None


@given(st.text(max_size=15))
def test_a_name_arrives_as_it_stands_or_stops(name: str) -> None:
    file = table(("a@example.com", name), columns=("email", "name"))
    merge = merged(file)
    if merge.check().stops:
        with pytest.raises(InvalidDraft):
            merge.message_for(1)
        return
    message = asyncio.run(ComposeService(lambda: 24_000_000).message(merge.message_for(1)))
    assert message.to == (Address("a@example.com", name.strip()),)


def test_a_check_can_be_stopped() -> None:
    asked = iter([False, True, True])
    merge = merged(table(*((f"a{number}@example.com", "A") for number in range(3))), text="{{ points }}")
    assert finding(merge.check(stopped=lambda: next(asked)), Kind.MISSING).rows == (1,)


def test_rows_are_counted_off_in_words() -> None:
    assert row_words([4]) == "row 4" and row_words([4, 7, 9]) == "rows 4, 7 and 9"
    assert row_words(range(1, 1201)) == "rows 1, 2, 3, 4, 5 and 1,195 more"


# Bounds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% for i in range(1000000000) %}{% endfor %}", "range has more than"),
        ("{% for i in range(99**9**2) %}{% endfor %}", "range has more than"),
        (
            "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}",
            "more than 10,000 steps",
        ),
        ("{{ 'x' * 1000000000 }}", "value longer"),
        ("{{ ('x' * 200000) ~ 'x' }}", "value longer"),
        ("{{ [1] * 1000000000 }}", "value longer"),
        ("{{ 9 ** (9 ** 9) }}", "number that is too large"),
        ("{{ '%999999999d' % 1 }}", "does not fill in texts"),
        ("{{ '%999999999d'|format(1) }}", "widths of at most 99"),
        ("{{ '%*d'|format(999999999, 1) }}", "widths of at most 99"),
        ("{{ ('x' * 9999)|replace('', 'y' * 9999) }}", "value longer"),
        ("{{ ('x' * 9999)|list|join('y' * 9999) }}", "value longer"),
        ("{{ 'x'.ljust(1000000000) }}", "`ljust` cannot be used here"),
        ("{{ '{:>1000000000}'.format(1) }}", "`format` cannot be used here"),
        ("{{ (5).to_bytes(1000000000) }}", "`to_bytes` cannot be used here"),
        ("{{ ''.__class__.__mro__ }}", "`__class__` cannot be used here"),
        ("{{ points|attr('__class__') }}", "No filter named 'attr'"),
        ("{% set x = 'xy' * 50000 %}" + "{% set x = x ~ x %}" * 40, "value longer"),
        ("{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}", "`macro` cannot be used"),
        ("{% block a %}{{ self.a() }}{% endblock %}", "`block` cannot be used"),
        ("{% set x %}a{% endset %}", "`set … endset` cannot be used"),
        ("{% include 'x' %}", "`include` cannot be used"),
        ("{% for x in 'ab' recursive %}{{ loop('ab') }}{% endfor %}", "recursive loop cannot be used"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ namespace(x=1) }}", "'namespace' is undefined"),
        ("{{ points.nothing }}", "has no attribute 'nothing'"),
    ],
)
def test_what_could_run_away_is_refused(text: str, said: str) -> None:
    with pytest.raises(TemplateTrouble) as told:
        RowTemplate(text, html=True).write({"points": "3"})
    assert said in told.value.words


def test_a_name_of_two_words_is_told_as_one() -> None:
    with pytest.raises(TemplateTrouble) as trouble:
        RowTemplate("Hi {{ First name }}", html=False)
    assert "{{ first_name }}" in trouble.value.words
    with pytest.raises(TemplateTrouble, match="`self` cannot be used"):
        RowTemplate("Hi {{ self }}", html=False)


def test_a_text_has_a_bounded_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_template, "TEXT_LIMIT_BYTES", 10)
    with pytest.raises(TemplateTrouble, match="longer than 10 characters"):
        RowTemplate("{{ x }}{{ x }}", html=False).write({"x": "123456"})
    monkeypatch.setattr(row_template, "LONGEST_S", -1.0)
    with pytest.raises(TemplateTrouble, match="longer than -1 seconds") as told:
        RowTemplate("\n{% for x in 'ab' %}{% endfor %}", html=False).write({})
    assert told.value.line == 2


def test_what_letters_are_made_of_works() -> None:
    values = {"items": "tea, mugs,jam", "price": "3.5", "name": "anna"}
    text = (
        "{% for it in items.split(',') %}{{ loop.index }}/{{ loop.length }} {{ it|trim|title }}"
        "{{ ', ' if not loop.last }}{% else %}-{% endfor %}|"
        "{{ '%.2f'|format(price|float) }}|{{ (price|float * 3)|round(1) }}|{{ ['a', 'b']|join('-') }}|"
        "{{ name[0]|upper ~ name[1:] }}|{{ {'anna': 'Ms'}.get(name, '') }}|{{ x is defined }}|"
        "{% set y = 2 %}{{ y + 1 }}|{{ 'a-b'|replace('-', '+') }}|{% raw %}{{ unsubscribe }}{% endraw %}"
    )
    assert RowTemplate(text, html=False).write(values) == (
        "1/3 Tea, 2/3 Mugs, 3/3 Jam|3.50|10.5|a-b|Anna|Ms|False|3|a+b|{{ unsubscribe }}"
    )
    assert RowTemplate("{{ x }}{{ x|safe }}", html=True).write({"x": "<"}) == "&lt;<"
    steps = RowTemplate("{% for i in range(n|int) %}{% endfor %}", html=False)
    assert steps.write({"n": str(MOST_STEPS)}) == ""
    assert RowTemplate("{{ a }}{{ range(3)|list }}", html=False).names == {"a"}


def test_jinja_is_not_loaded_before_there_is_something_to_merge() -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom turbodesk.services import merge, recipient_file\n"
        "from turbodesk.services.compose import Draft\n"
        "file = recipient_file.RecipientFile(Path('a'), 'UTF-8', '', ('email',), (('a@b.de',),), '', 1)\n"
        "merge.Merge(Draft(text='plain'), file, merge.guessed(file)).message_for(1)\n"
        "print('jinja2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_variables_are_those_of_the_mapping() -> None:
    merge = Merge(draft(), PEOPLE, Mapping("Email", None, {"who": "First name"}))
    assert merge.values(1) == {"who": "Anna <b>"} and len(merge) == 2
    assert merge.message_for(1).to == "anna@example.com"
    assert set(merged(PEOPLE).values(1)) == set(variables_of(HEAD))
