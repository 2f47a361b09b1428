"""What a move to a newer version makes of forms and answers. Spec: behaviour-templates 10.1."""

import pytest
from msgspec.structs import replace

from procession.domain.calculating.process import recalculated
from procession.domain.fields import Column, Field
from procession.domain.moving.telling import report
from procession.domain.tasks import fields_of, with_own_fields
from procession.domain.wording import NAMELESS
from tests.domain.template_parts import field
from tests.domain.test_version_moves import SURROUNDINGS, WEEK, A, B, C, Ran, template


def test_answers_go_with_their_fields() -> None:
    """T-10.12: to another step; those of fields that are gone or of another type go from what is open."""
    f, g, h, k = (field(each) for each in "fghk")
    ran = Ran(template(replace(A, fields=(f, g)), replace(B, fields=(h,)), C, kickoff=(k, field("l"))))
    ran.change("a", taskdata={"f": "1", "g": "2"}, status="in-progress")
    ran.change("b", taskdata={"h": "3"}, status="in-progress")
    ran.complete("b")
    ran.process = replace(ran.process, prerun={"k": "4", "l": "5"}, prerun_status="complete", prerun_length=2)

    ran.move(template(A, B, replace(C, fields=(f, field("n"))), kickoff=(replace(k, label="Kick"), field("m"))))

    assert (ran["a"].taskdata, ran["b"].taskdata, ran["c"].taskdata) == ({}, {"h": "3"}, {"f": "1"})
    assert (ran["c"].status, ran.process.prerun, ran.process.prerun_length) == ("in-progress", {"k": "4"}, 2)
    assert [each for each in ran.told() if "field" in each[1]] == [
        ("changed", "field", "f", "step_id"),
        ("added", "field", "n", None),
        ("lost", "field", "g", None),
        ("changed", "kickoff_field", "Kick", "label"),
        ("lost", "kickoff_field", "l", None),
        ("added", "kickoff_field", "m", None),
    ]
    typed = Ran(template(replace(A, fields=(f,))))
    typed.change("a", taskdata={"f": "x"}, status="in-progress")
    assert typed.move(template(replace(A, fields=(field("f", None, "Yes"),)))).process.tasks[0].taskdata == {}


def test_a_form_of_the_process_own_is_followed_where_nobody_changed_it() -> None:
    """T-10.12, behaviour-work Z4"""
    same, changed, gone, ours = (field(each, position=place) for place, each in enumerate("scgo", 1))
    before = template(replace(A, fields=(same, changed, gone)), B)
    ran = Ran(before)
    own = with_own_fields(ran["a"], (same, replace(changed, label="Here"), gone, ours))
    ran.become(replace(own, taskdata={"s": "1", "g": "2", "o": "3"}))
    new, renamed = field("n"), replace(same, label="Named")

    ran.move(template(replace(A, fields=(renamed, replace(changed, label="There"), new)), B))

    assert [each.label for each in fields_of(ran["a"], ran.before)] == ["Named", "Here", "o", "n"]
    assert ran["a"].taskdata == {"s": "1", "o": "3"}
    assert [each for each in ran.told() if each[1] == "field"] == [
        ("added", "field", "n", None),
        ("changed", "field", "Named", "label"),
        ("kept", "field", "Here", "label"),
        ("lost", "field", "g", None),
    ]


def test_fields_that_are_defined_otherwise_are_told() -> None:
    """T-10.11, T-10.17: answered or not, in completed tasks, too; their tasks are not among those that stay."""
    f, g, k = (field(each) for each in "fgk")
    total = field("t", field_type="calculated", expression="1", result_type="number")
    ran = Ran(template(replace(A, fields=(f, g)), replace(B, fields=(field("h"), total)), C, kickoff=(k,)))
    ran.complete("a")
    ran.change("b", taskdata={"t": 1})
    ran.process = replace(ran.process, prerun={"k": "4"}, prerun_status="complete")
    retyped, required = replace(f, field_type="number"), replace(g, label="G", required=True)
    form = (replace(total, expression="2"), field("h"))

    ran.move(
        template(
            replace(A, fields=(retyped, required)),
            replace(B, fields=form),
            C,
            kickoff=(replace(k, field_type="number"),),
        )
    )
    ran.process = recalculated(ran.process, ran.before, "UTC")

    found = report(ran.former, ran.process, ran.versions, NAMELESS, lambda _: True)
    told = [(each.what, each.part, each.part_id, each.attribute) for each in found.told]
    assert [each for each in told if "field" in each[1]] == [
        ("changed", "field", "f", "field_type"),
        ("changed", "field", "g", "label"),
        ("changed", "field", "g", "required"),
        ("changed", "field", "t", "expression"),
        ("changed", "field", "h", "position"),
        ("changed", "field", "t", "value"),
        ("changed", "kickoff_field", "k", "field_type"),
        ("lost", "kickoff_field", "k", None),
    ]
    assert found.unchanged == 1
    [label] = [each for each in found.told if each.attribute == "label"]
    assert label.sentence == 'The label of field "G" changed from "g" to "G".'
    assert (label.before, label.after, label.task_id) == ("g", "G", ran["a"].id)
    hidden = report(ran.former, ran.process, ran.versions, NAMELESS, lambda _: False)
    assert {each.part for each in hidden.told} == {"kickoff_field"}


def test_dates_stay_what_they_are_when_their_fields_come_to_ask_for_a_time_or_not() -> None:
    """T-10.12: by the organization's clocks; in completed tasks, in forms of the process's own, after a step or two."""
    auckland = replace(SURROUNDINGS, week=replace(WEEK, zone="Pacific/Auckland"))
    moment, day = (field(each, field_type="date", collect_time=each == "m") for each in "md")
    at_night, new_years_eve = "2026-12-31T13:30:00.000Z", "2026-12-31T00:00:00.000Z"
    asked = {"m": at_night, "d": new_years_eve}
    for is_completed, step_after in ((True, A), (False, A), (False, B)):
        ran = Ran(template(replace(A, fields=(moment, day)), B, kickoff=(moment, day)))
        ran.surroundings = auckland
        ran.change("a", taskdata=asked, status="in-progress")
        if is_completed:
            ran.complete("a")
        ran.process = replace(ran.process, prerun=asked)
        form = (replace(moment, collect_time=False), replace(day, collect_time=True))

        ran.move(template(*(replace(step, fields=form if step == step_after else ()) for step in (A, B)), kickoff=form))

        now = {"m": "2027-01-01T00:00:00.000Z", "d": "2026-12-30T11:00:00.000Z"}
        assert ran[step_after.id].taskdata == ran.process.prerun == now


@pytest.mark.parametrize(
    ("answer", "columns", "now"),
    [
        pytest.param([["1"], ["2", "3"]], "xab", [[], ["1"], ["2", "3"]], id="one before them"),
        pytest.param([["1"], ["2", "3"]], "ba", [["2", "3"], ["1"]], id="in another order"),
        pytest.param(["1", "2"], "bx", ["2", None], id="one gone, of a single row"),
        pytest.param(["1", "2"], "ab", ["1", "2"], id="as they were"),
        pytest.param(["1", "2"], "xy", None, id="none is left"),
    ],
)
def test_the_cells_of_a_table_stay_with_their_columns(answer: object, columns: str, now: object) -> None:
    """T-10.12, behaviour-work Z4: by the ids of the columns, in the kick-off form and a form of the process's own."""

    def table(ids: str) -> Field:
        return field("t", field_type="table", columns=tuple(Column(ord(each), each.upper()) for each in ids))

    ran = Ran(template(replace(A, fields=(table("ab"),)), B, kickoff=(table("ab"),)))
    ran.change("a", taskdata={"t": answer}, status="in-progress")
    ran.process = replace(ran.process, prerun={"t": answer}, prerun_status="complete")
    ours = with_own_fields(ran["a"], (table(columns),), (table("ab"),))

    ran.move(template(replace(A, fields=(table(columns),)), B, kickoff=(table(columns),)))

    assert ran["a"].taskdata.get("t") == ran.process.prerun.get("t") == ours.taskdata.get("t") == now
    assert [each[1] for each in ran.told() if each[0] == "lost"] == ([] if now else ["field", "kickoff_field"])
    done = Ran(template(replace(A, fields=(table("ab"),)), B))
    done.change("a", taskdata={"t": answer})
    done.complete("a")
    done.move(template(replace(A, fields=(table(columns),)), B))
    assert done["a"].taskdata == {"t": now or answer}
