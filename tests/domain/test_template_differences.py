"""What is different between two versions of a template, in sentences. Spec: api-templates 2.5."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from procession.domain.automations.rules import HandedOn, Launch, Shift
from procession.domain.deadlines import StepDeadline
from procession.domain.processes import Owners
from procession.domain.stages import Stage
from procession.domain.template_differences import differences
from procession.domain.templates import FollowUp, Template
from procession.domain.told_changes import named_in, read_out, told_differences, told_in
from procession.domain.wording import Names
from tests.domain.template_parts import LAUNCH, act, asks, done, field, rule, step

NAMES = Names(members={1: "Ada Lind", 2: "Otto Roth"}, groups={"g": "Drivers"}, templates={"t": "Lease"})
FROM_NOTHING_TO_TASKS = (
    'The template launched on completion of step "Sail" changed from nothing to the tasks of "Lease", in the process.'
)
SHOW = rule("R1", [asks("Prerun", "trip", "equals", "Sea")], [act("show", "permit")])
BASE = Template(
    kickoff=(field("trip", "Trip", "River", "Sea"),),
    steps=(step("brief", field("note", "Note"), field("day", "Day")), step("permit"), step("sail")),
    stages=(Stage("s", "First"),),
    rules=(SHOW,),
)


def with_step(place: int, **changes: Any) -> Template:
    steps = list(BASE.steps)
    steps[place] = replace(steps[place], **changes)
    return replace(BASE, steps=tuple(steps))


def with_rule(**changes: Any) -> Template:
    return replace(BASE, rules=(replace(SHOW, **changes),))


BRIEF, PERMIT, SAIL = BASE.steps
NOTE, DAY = BRIEF.fields


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        pytest.param(BASE, [], id="nothing"),
        pytest.param(
            replace(BASE, summary="<p>Go <b>slow</b></p>"),
            ['The description of the template changed from nothing to "Go slow".'],
            id="a setting",
        ),
        pytest.param(
            replace(BASE, two_way_visibility=True),
            ['The switch "two-way visibility" of the template changed from off to on.'],
            id="A-5.33 two-way visibility",
        ),
        pytest.param(
            with_rule(conditions=(
                done("brief", "overdue_by", {"value": 1, "unit": "days"}),
                asks("Run", "", "due_in", {"value": 2, "unit": "weeks"}, "or"),
            )),
            [("The conditions of rule \"R1\" changed from \"field 'Trip' is 'Sea'\" to \"step 'Brief' is overdue by 1 "
              "day or the process is due in 2 weeks\".")],
            id="A-2.40 on time",
        ),
        pytest.param(
            with_rule(actions=(act("launch_process", "sail", launch=Launch("t", None, (HandedOn("x", "Capture", "note"),))),)),
            [("The actions of rule \"R1\" changed from \"show step 'Permit'\" to \"launch template 'Lease', handing on "
              "field 'Note', for step 'Sail'\".")],
            id="A-4.70 launch",
        ),
        pytest.param(
            replace(BASE, users=(1,)), ["The default members of the template changed from nobody to Ada Lind."],
            id="participants",
        ),
        pytest.param(
            replace(BASE, steps=(*BASE.steps, step("land"))), ['Step "Land" was added at position 4.'], id="step added",
        ),
        pytest.param(
            replace(BASE, steps=(BRIEF, SAIL)), ['Step "Permit" was removed from position 2.'], id="step removed"
        ),
        pytest.param(
            replace(BASE, steps=(SAIL, BRIEF, PERMIT)), ['Step "Sail" was moved from position 3 to 1.'],
            id="one moved, not two",
        ),
        pytest.param(
            replace(BASE, steps=(SAIL, PERMIT)),
            ['Step "Brief" was removed from position 1.',
             'Step "Permit" was moved among the others, at position 2 as before.'],
            id="moved without another number",
        ),
        pytest.param(
            with_step(0, title="Talk"), ['The title of step "Talk" changed from "Brief" to "Talk".'], id="title"
        ),
        pytest.param(
            with_step(1, deadline=StepDeadline(1, "days", "from", "brief")),
            [('The deadline of step "Permit" changed from 5 days after the launch to '
             '1 day after step "Brief" is completed.')],
            id="deadline after a step",
        ),
        pytest.param(
            with_step(1, deadline=StepDeadline(2, "hours", "prior_to", "sail")),
            [('The deadline of step "Permit" changed from 5 days after the launch to '
             '2 hours before step "Sail" is due.')],
            id="deadline before a step",
        ),
        pytest.param(
            with_step(1, assignees=(1, 7), groups=("g", "h")),
            ['The assignees of step "Permit" changed from nobody to Ada Lind, member 7.',
             'The groups of step "Permit" changed from nobody to "Drivers", a group that is gone.'],
            id="assignees",
        ),
        pytest.param(
            with_step(2, everyone_must_complete=True, stage_id="s", follow_up=FollowUp("t")),
            ['The switch "everyone must complete" of step "Sail" changed from off to on.',
             'The template launched on completion of step "Sail" changed from nothing to "Lease".',
             'The milestone of step "Sail" changed from none to "First".'],
            id="switch, follow-up, milestone",
        ),
        pytest.param(
            with_step(2, follow_up=FollowUp("t", tasks_within_process=True)),
            [FROM_NOTHING_TO_TASKS], id="L-10.8 injection",
        ),
        pytest.param(
            with_step(0, fields=(NOTE,)), ['Field "Day" of step "Brief" was removed.'], id="field removed"
        ),
        pytest.param(
            with_step(0, fields=(*BRIEF.fields, field("who", "Who"))), ['Field "Who" of step "Brief" was added.'],
            id="field added",
        ),
        pytest.param(
            replace(BASE, steps=(replace(BRIEF, fields=(NOTE,)), replace(PERMIT, fields=(DAY,)), SAIL)),
            ['Field "Day" was moved from step "Brief" to step "Permit".'],
            id="field in another step",
        ),
        pytest.param(
            replace(BASE, kickoff=(field("trip", "Trip", "River", "Sea", "Lake", required=True),)),
            ['The switch "required" of kick-off field "Trip" changed from off to on.',
             'The options of kick-off field "Trip" changed from "River", "Sea" to "River", "Sea", "Lake".'],
            id="options",
        ),
        pytest.param(
            replace(BASE, rules=()),
            ['Rule "R1" was removed: if field "Trip" is "Sea", then show step "Permit".'],
            id="rule removed",
        ),
        pytest.param(
            replace(BASE, rules=(SHOW, rule(
                "R2", [done("brief", "completed", "late_24"), asks("Capture", "note", "is_empty", logic="or")],
                [act("assign", "sail", assignees=Owners((1,), ("g@x.test",), ("g",))),
                 act("deadline", "sail", shift=Shift(1, "days", "before"))],
            ))),
            [('Rule "R2" was added: if step "Brief" is completed at least 24 hours late or field "Note" is empty, '
             'then assign Ada Lind, g@x.test, group "Drivers" to step "Sail", '
             'set the deadline of step "Sail" to 1 day before its present one.')],
            id="rule added",
        ),
        pytest.param(
            with_rule(conditions=(asks("Prerun", "trip", "not_equals", "Sea"),)),
            ["""The conditions of rule "R1" changed from "field 'Trip' is 'Sea'" to "field 'Trip' is not 'Sea'"."""],
            id="rule changed",
        ),
        pytest.param(
            with_rule(conditions=(replace(SHOW.conditions[0], id="other"),)), [], id="a condition under another id"
        ),
        pytest.param(replace(BASE, stages=()), ['Milestone "First" was removed.'], id="milestone"),
    ],
)  # fmt: skip
def test_a_difference_is_said_in_a_sentence(after: Template, sentences: list[str]) -> None:
    assert [each.sentence for each in differences(BASE, after, NAMES)] == sentences


def test_a_difference_names_place_and_values() -> None:
    later = StepDeadline(9, "days", "from", "start_run")

    [found] = differences(BASE, with_step(1, deadline=later), NAMES)

    assert (found.part, found.change, found.part_id, found.name) == ("step", "changed", "permit", "Permit")
    assert (found.attribute, found.before, found.after) == ("deadline", LAUNCH, later)


def test_comparing_both_ways_finds_the_same_places() -> None:
    after = replace(with_step(0, title="Talk", fields=()), rules=(), kickoff=())
    forth, back = differences(BASE, after, NAMES), differences(after, BASE, NAMES)

    assert sorted((each.part, each.part_id or "") for each in forth) == sorted(
        (each.part, each.part_id or "") for each in back
    )


@pytest.mark.parametrize(
    ("known", "named"),
    [
        pytest.param({}, "another template", id="somebody without sight of it"),
        pytest.param({"t": 'Lease "new"'}, "template \"Lease 'new'\"", id="as it is called now"),
    ],
)
def test_t_2_3_kept_sentences_name_other_templates_when_they_are_read(known: dict[str, str], named: str) -> None:
    """In quotation marks inside others, too, beside characters of private use. Spec: behaviour-templates 14."""
    launch = act("launch_process", "permit", launch=Launch("t", None, (HandedOn("x", "Capture", "note"),)))
    before = replace(BASE, rules=(rule("\ue000", [asks("Prerun", "trip", "equals", "Sea")], [act("show", "permit")]),))
    after = replace(before, rules=(replace(before.rules[0], actions=(launch,)),))

    kept = told_in(msgspec.json.decode(msgspec.json.encode({"changes": told_differences(before, after, NAMES)})))

    assert named_in(kept) == {"t"}
    inside = named.replace('"', "'")
    launched = f"launch {inside}, handing on field 'Note', for step 'Permit'"
    [said] = [read_out(each, known) for each in kept]
    assert said == f'The actions of rule "\ue000" changed from "show step \'Permit\'" to "{launched}".'
