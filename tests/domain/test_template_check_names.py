"""Variables in names of processes that the check of a template tells of. Spec: behaviour-launching 5, L-10.6."""

from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.automations.rules import Launch
from procession.domain.checking.check import check
from procession.domain.checking.findings import Surroundings
from procession.domain.templates import FollowUp, Template
from tests.domain.template_parts import act, asks, field, rule, step

AROUND = Surroundings(templates=frozenset({"t"}), naming_aliases={"t": frozenset({"theirs-1"})})
KICKOFF = (
    field("who", "Who", required=True),
    field("size", "Size"),
    field("sum", "Sum", field_type="calculated", expression="1 + 1", result_type="number"),
    *(
        field(name, name.capitalize(), field_type=name, required=True)
        for name in ("textarea", "file", "table", "email")
    ),
)
A = step("a", field("note", required=True))
UNKNOWN, UNFIT, OPTIONAL = ("unknown_variable", "medium"), ("unfit_variable", "medium"), ("unfit_variable", "low")


def found(**changes: Any) -> list[tuple[str, str, str]]:
    """Code, level and place of the findings about variables."""
    template = replace(Template(kickoff=KICKOFF, steps=(A,)), **changes)
    findings = check(template, AROUND).findings
    return [(each.code, each.level, each.place.name) for each in findings if each.code.endswith("_variable")]


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        pytest.param("who-1", None, id="L-5.5 a required short text"),
        pytest.param("sum-1", None, id="L-5.5 a calculated one"),
        pytest.param("DATE", None, id="L-5.5 the date"),
        pytest.param("TEMPLATE_NAME", None, id="L-5.5 the template"),
        pytest.param("size-1", OPTIONAL, id="L-5.5 an optional one"),
        *(pytest.param(f"{name}-1", UNFIT, id=f"L-5.5 {name}") for name in ("textarea", "file", "table", "email")),
        pytest.param("note-1", UNKNOWN, id="L-5.5 a field of a step"),
        pytest.param("gone-1", UNKNOWN, id="L-5.5 a field that is gone"),
        pytest.param(" gone-1 ", UNKNOWN, id="T-12.1 blanks around what is gone"),
        pytest.param("theirs-1", UNKNOWN, id="L-5.5 a field of another template"),
        pytest.param("current-process-id", UNKNOWN, id="L-5.5 an id"),
    ],
)
def test_the_pattern_of_names(variable: str, expected: Any) -> None:
    wanted = [] if expected is None else [(*expected, "the template")]

    assert found(default_process_name_format=f"X {{{{{variable}}}}}") == wanted


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        pytest.param("who-1", None, id="L-10.6 a kick-off field"),
        pytest.param("size-1", None, id="L-10.6 an optional one"),
        pytest.param("DATE", None, id="L-10.6 the date"),
        pytest.param("theirs-1", None, id="A-4.70 a kick-off field of the launched template"),
        pytest.param("table-1", UNFIT, id="L-10.6 a table"),
        pytest.param("note-1", UNKNOWN, id="L-10.6 a field of a step"),
        pytest.param("gone-1", UNKNOWN, id="A-4.70 a field that is gone"),
    ],
)
def test_names_of_what_is_launched(variable: str, expected: Any) -> None:
    name = f"X {{{{{variable}}}}}"
    launches = rule(
        "R", [asks("Prerun", "who", "equals", "Ada")], [act("launch_process", "a", launch=Launch("t", name))]
    )

    of_step = found(steps=(replace(A, follow_up=FollowUp("t", name)),))
    of_rule = found(rules=(launches,))

    assert of_step == ([] if expected is None else [(*expected, "A")])
    assert of_rule == ([] if expected is None else [(*expected, "R")])


def test_an_injected_template_is_not_named() -> None:
    assert found(steps=(replace(A, follow_up=FollowUp("t", "{{gone-1}}", tasks_within_process=True)),)) == []
