"""Template documents: steps, fields, milestones, copies, references, permissions. Spec: behaviour-templates."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from procession.domain.actors import Actor
from procession.domain.deadlines import StepDeadline
from procession.domain.errors import Invalid, NotAllowed, WrongState
from procession.domain.fields import Field
from procession.domain.template_copying import copied_title, copy_step, copy_template, without_people
from procession.domain.template_permissions import (
    PERMISSIONS,
    Standing,
    default_grants,
    is_listed,
    may_duplicate,
    may_edit,
    may_launch,
    may_read,
)
from procession.domain.template_references import embeddings, mentions, without_embedded
from procession.domain.template_steps import (
    with_field,
    with_kickoff,
    with_stage,
    with_step,
    with_step_at,
    without_step,
)
from procession.domain.templates import (
    FollowUp,
    Stage,
    Step,
    Template,
    TemplateHead,
    is_draft,
    is_published,
)


def hex_id(number: int) -> str:
    return f"{number:032x}"


def step(number: int, *, after: int | None = None, **attributes: Any) -> Step:
    anchor = "start_run" if after is None else hex_id(after)
    deadline = StepDeadline(1, "days", "from", anchor)
    title = attributes.pop("title", f"S{number}")
    return Step(
        id=hex_id(number), alias=f"s{number}", title=title, deadline=deadline, created_by=1, created_at=0, updated_at=0,
        **attributes,
    )  # fmt: skip


def field(number: int, label: str = "Answer", position: int = 1, **attributes: Any) -> Field:
    return Field(
        id=hex_id(number), alias=f"a{number}", field_type="text", label=label, required=False, position=position,
        created_at=0, last_updated=0, **attributes,
    )  # fmt: skip


def titles(template: Template) -> list[str]:
    return [each.title for each in template.steps]


def template(*steps: Step, **more: Any) -> Template:
    return Template(steps=steps, **more)


@pytest.mark.parametrize(
    ("position", "expected"),
    [(1, "S3 S1 S2"), (2, "S1 S3 S2"), (3, "S1 S2 S3"), (700, "S1 S2 S3")],
)
def test_t_5_1_a_moved_step_shifts_the_others(position: int, expected: str) -> None:
    moved = with_step_at(template(step(1), step(2), step(3)), hex_id(3), position)
    assert titles(moved) == expected.split()


@pytest.mark.parametrize(
    ("steps", "changed", "allowed"),
    [
        pytest.param([step(1), step(2)], step(2, after=1), True, id="T-7.3 counted from an earlier step"),
        pytest.param([step(1), step(2)], step(1, after=2), True, id="counted from a later step"),
        pytest.param([step(1)], step(1, after=1), False, id="T-7.7 itself"),
        pytest.param([step(1), step(2, after=1)], step(1, after=2), False, id="T-7.7 A on B, B on A"),
        pytest.param([step(1), step(2, after=1), step(3, after=2)], step(1, after=3), False, id="T-7.7 longer cycle"),
        pytest.param([step(1)], step(2, after=9), False, id="a step of no template"),
        pytest.param([step(1)], step(2, after=1), True, id="a new step"),
    ],
)
def test_deadlines_count_from_other_steps_without_circles(steps: list[Step], changed: Step, allowed: bool) -> None:
    if allowed:
        assert changed in with_step(template(*steps), changed).steps
    else:
        with pytest.raises(Invalid) as refused:
            with_step(template(*steps), changed)
        assert list(refused.value.errors) == ["deadline.step"]


def test_a_template_has_at_most_500_steps() -> None:
    full = template(*(step(n) for n in range(1, 501)))
    assert with_step(full, step(7, summary="changed")).steps[6].summary == "changed"
    with pytest.raises(WrongState):
        with_step(full, step(501))


def test_tt_4_the_steps_in_the_way_are_named() -> None:
    whole = template(step(1), step(2, after=1, title="Label"), step(3, after=1, title="Ship"))
    with pytest.raises(NotAllowed) as refused:
        without_step(whole, hex_id(1))
    assert '"Label", "Ship"' in refused.value.message
    assert titles(without_step(whole, hex_id(3))) == ["S1", "Label"]


def test_fields_are_numbered_from_1_without_gaps() -> None:
    one = with_field(with_field(step(1), field(11, "A", 7)), field(12, "B", 1))
    assert [(each.label, each.position) for each in one.fields] == [("B", 1), ("A", 2)]


@pytest.mark.parametrize(
    ("kept", "sent", "expected"),
    [
        pytest.param("ABC", {"A": 3, "B": 1, "C": 2}, "BCA", id="all sent"),
        pytest.param("ABC", {"A": 3}, "BCA", id="one sent, moved to the end"),
        pytest.param("ABC", {"C": 1}, "CAB", id="one sent, moved to the front"),
        pytest.param("AB", {"X": 3}, "ABX", id="a new one at the end"),
        pytest.param("", {"X": 1, "Y": 1}, "XY", id="ties in the order sent"),
        pytest.param("", {"X": 9, "Y": 5}, "YX", id="gaps close"),
        pytest.param("ABC", {}, "ABC", id="nothing sent"),
    ],
)
def test_the_kickoff_form_after_an_update(kept: str, sent: dict[str, int], expected: str) -> None:
    old = [field(ord(label), label, position) for position, label in enumerate(kept, 1)]
    new = [field(ord(label), label, position) for label, position in sent.items()]

    form = with_kickoff(old, new)

    assert "".join(each.label for each in form) == expected
    assert [each.position for each in form] == list(range(1, len(expected) + 1))


@pytest.mark.parametrize(("position", "expected"), [(None, "BAC"), (1, "ABC"), (3, "BCA")])
def test_a_changed_milestone_keeps_its_place_unless_it_names_one(position: int | None, expected: str) -> None:
    whole = Template(stages=(Stage("2", "B"), Stage("1", "a"), Stage("3", "C")))
    assert "".join(each.name for each in with_stage(whole, Stage("1", "A"), position).stages) == expected


def ids() -> Callable[[], str]:
    numbers = itertools.count(1000)
    return lambda: hex_id(next(numbers))


def test_a_copy_refers_to_itself_only() -> None:
    """T-15.3."""
    whole = Template(
        kickoff=(field(1, "New label"),),
        steps=(step(2, stage_id=hex_id(4)), step(3, after=2, summary=f"{{{{a1}}}} {hex_id(1)} {{{{other}}}}")),
        stages=(Stage(hex_id(4), "First"),),
        default_process_name_format="{{a1}} {{DATE}}",
        is_public=True,
    )

    copy = copy_template(whole, new_id=ids(), now=7)

    [boat], [stage], [first, second] = copy.document.kickoff, copy.document.stages, copy.document.steps
    assert boat.alias == "new-label-1"
    assert second.summary == f"{{{{new-label-1}}}} {boat.id} {{{{other}}}}"
    assert copy.document.default_process_name_format == "{{new-label-1}} {{DATE}}"
    assert second.deadline.step == first.id and first.stage_id == stage.id
    assert copy.ids == {hex_id(1): boat.id, hex_id(2): first.id, hex_id(3): second.id, hex_id(4): stage.id}
    assert first.created_at == boat.created_at == 7 and not copy.document.is_public


def test_aliases_that_swap_are_swapped_in_texts_too() -> None:
    whole = Template(
        kickoff=(replace(field(1, "B"), alias="a-1"), replace(field(2, "A"), alias="b-1")), summary="{{a-1}} {{b-1}}"
    )
    assert copy_template(whole, new_id=ids(), now=0).document.summary == "{{b-1}} {{a-1}}"


def test_people_stay_behind() -> None:
    one = step(1, assignees=(5,), guests=("a@b.test",), groups=("g",), follow_up=FollowUp(hex_id(9)))
    bare = without_people(Template(steps=(one,), users=(5,), groups=("g",), default_folder="f"))
    assert {kind for kind, _ in mentions(bare)} == {"step"} and bare.default_folder is None


@pytest.mark.parametrize(
    ("title", "expected"),
    [pytest.param(None, "S1 - Copy", id="T-5.5 suffix"), pytest.param("Mine", "Mine", id="title given")],
)
def test_a_copied_step_has_fields_of_its_own(title: str | None, expected: str) -> None:
    original = with_field(step(1), field(11, "Kilos"))
    copy = copy_step(template(original), original, title=title, new_id=ids(), now=0)
    assert copy.title == expected and copy.id != original.id and copy.alias != original.alias
    assert copy.fields[0].id != original.fields[0].id and copy.fields[0].alias != original.fields[0].alias


def test_titles_of_copies_are_cut() -> None:
    assert copied_title("x" * 250) == ("COPY OF - " + "x" * 250)[:250]
    long = step(1, title="x" * 600)
    assert len(copy_step(template(long), long, title=None, new_id=ids(), now=0).title) == 600


BLOCK = f'<span class="insert-blueprint-tag" data-blueprint-id="{hex_id(9)}">Part</span>'


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(f"<p>a {BLOCK} b</p>", "<p>a  b</p>", id="T-1.7 the block goes"),
        pytest.param(BLOCK + BLOCK, "", id="every one"),
        pytest.param(BLOCK.replace(hex_id(9), hex_id(8)), None, id="another template's stays"),
        pytest.param(BLOCK.upper().replace(hex_id(9).upper(), hex_id(9).upper()), "", id="whatever the case"),
        pytest.param(BLOCK.removesuffix("</span>"), "Part", id="never closed: only the opening goes"),
        pytest.param(f"see {hex_id(9)}", None, id="an id alone is no block"),
    ],
)
def test_embedded_templates_are_found_and_cut_out(text: str, left: str | None) -> None:
    whole = Template(summary=text, steps=(step(1, summary=text),))
    found = embeddings("t", "Holder", whole, hex_id(9))

    cut = without_embedded(whole, hex_id(9))

    assert cut.summary == cut.steps[0].summary == (text if left is None else left)
    assert [each.type for each in found] == ([] if left is None else ["Blueprint", "Step"])
    assert (("template", hex_id(9)) in mentions(whole)) is (left is not None)


@pytest.mark.timeout(30)
def test_many_unclosed_blocks_take_no_time() -> None:
    text = BLOCK.removesuffix("</span>") * 100_000
    assert without_embedded(Template(summary=text), hex_id(9)).summary == "Part" * 100_000


def test_what_a_document_mentions() -> None:
    one = step(1, assignees=(5,), guests=("a@b.test",), groups=("g",), follow_up=FollowUp("t"))
    whole = Template(steps=(one,), users=(6,), groups=("h",), kickoff_sharing_user_id=7)
    assert mentions(whole) == {
        ("member", "5"), ("member", "6"), ("member", "7"), ("guest", "a@b.test"), ("group", "g"), ("group", "h"),
        ("template", "t"), ("step", hex_id(1)),
    }  # fmt: skip


def standing(role: Any, *lists: Any, owner: bool = False) -> Standing:
    return Standing(actor=Actor(kind="member", id=1, role=role), is_owner=owner, granted=frozenset(lists))


@pytest.mark.parametrize(
    ("who", "rights"),
    [
        pytest.param(standing("standard"), "", id="TT-6 none"),
        pytest.param(standing("standard", "READ"), "listed read", id="TT-6 READ"),
        pytest.param(standing("standard", "LAUNCH"), "listed read launch", id="TT-6 LAUNCH implies READ"),
        pytest.param(standing("standard", "EDIT"), "listed read edit", id="TT-6 EDIT implies READ, not LAUNCH"),
        pytest.param(standing("standard", "PROCESS_READ"), "listed", id="TT-6 PROCESS READ"),
        pytest.param(standing("standard", "DUPLICATE"), "listed", id="T-2.2 DUPLICATE alone"),
        pytest.param(standing("standard", "DUPLICATE", "LAUNCH"), "listed read launch duplicate", id="T-2.2 with READ"),
        pytest.param(standing("standard", owner=True), "listed read edit launch duplicate", id="TT-6 owner"),
        pytest.param(standing("admin"), "listed read edit launch duplicate", id="T-2.1 administrator"),
        pytest.param(standing("light", *PERMISSIONS), "listed read launch", id="T8 light in every list"),
        pytest.param(standing("light", "PROCESS_READ"), "", id="T-2.4 light in PROCESS READ"),
        pytest.param(standing("light", owner=True), "listed read launch", id="2.1 light owner never edits"),
    ],
)
def test_rights_follow_role_ownership_and_lists(who: Standing, rights: str) -> None:
    asked = {
        "listed": is_listed, "read": may_read, "edit": may_edit, "launch": may_launch, "duplicate": may_duplicate,
    }  # fmt: skip
    assert {name for name, holds in asked.items() if holds(who)} == set(rights.split())


def test_default_lists_of_a_new_template() -> None:
    """T-2.5"""
    assert default_grants(restricted=True) == frozenset()
    assert default_grants(restricted=False) == {("READ", "everyone")}


@pytest.mark.parametrize(
    ("dual", "version", "published", "is_out", "draft"),
    [
        pytest.param(False, 3, None, False, False, id="never published, launches use it as it is"),
        pytest.param(False, 3, 2, True, False, id="published once, drafts off"),
        pytest.param(True, 3, None, False, True, id="T-10.7 never published"),
        pytest.param(True, 3, 3, True, False, id="published as it is"),
        pytest.param(True, 4, 3, False, True, id="changed since"),
    ],
)
def test_t_10_7_published_and_draft(dual: bool, version: int, published: int | None, is_out: bool, draft: bool) -> None:
    head = TemplateHead(
        id="t", no=1, title="T", folded_title="t", alias="t", type="form", owner=1, created_by=1, version=version,
        published_version=published, created_at=0, updated_at=0,
    )  # fmt: skip
    document = Template(dual_version_enabled=dual)
    assert (is_published(head, document), is_draft(head, document)) == (is_out, draft)
