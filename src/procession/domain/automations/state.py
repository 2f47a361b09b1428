"""What a process remembers of its rules, and the parts of it that rules look at. Spec: behaviour-automations 5, 9."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from procession.domain.absences import NONE, Absences
from procession.domain.automations.rules import Rule
from procession.domain.calculating.sheet import hidden_in
from procession.domain.calendar import WorkingWeek, local_day
from procession.domain.fields import Field
from procession.domain.injecting import is_injected
from procession.domain.opening import has_defaults, opened
from procession.domain.processes import Owners, Process, Task
from procession.domain.tasks import PeopleOfGroups
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.domain.variables import ANYBODY, Reader

DIGEST_LENGTH = 16

Attribute = Literal["visibility", "assignment", "deadline"]
Kind = Literal["launched", "kickoff_submitted", "completed", "reopened", "moved", "time_passed", "injected"]


class Effect(msgspec.Struct, frozen=True):
    """One attribute of a task as it was before a rule changed it, and as the rule left it, as JSON. Spec: A-9.5."""

    rule: str
    task: int
    attribute: Attribute
    before: Any
    after: Any


def owners_as_json(owners: Owners) -> dict[str, list[Any]]:
    """Assignees as an effect keeps them."""
    return {"users": list(owners.users), "guests": list(owners.guests), "groups": list(owners.groups)}


class RuleState(msgspec.Struct, frozen=True, kw_only=True):
    """Of one process: which rules are spent, and what re-arming and taking back depend on.

    `done` are the steps that were completed at least once. `kickoff` has a digest of each answer of the kick-off form
    as it was last submitted. `shifted` are (rule, step) pairs whose current deadline was shifted (A-4.44). `effects`
    are what the last completion of a step caused, for steps that take it back. `standing` are the rules whose
    conditions held when they were last looked at, where what they show and hide follows (A-5.30). `launched` are the
    actions and steps that have launched a process: none does so twice (A-4.73, L-10.3). `passed` has, of conditions on
    time, the deadline that they were looked at for: none is looked at twice for the same one (A-2.43).
    """

    spent: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    kickoff: Mapping[str, str] = {}
    shifted: frozenset[tuple[str, str]] = frozenset()
    effects: Mapping[str, tuple[Effect, ...]] = {}
    standing: frozenset[str] = frozenset()
    launched: frozenset[str] = frozenset()
    passed: Mapping[str, Millis] = {}


FRESH = RuleState()


class Occurrence(msgspec.Struct, frozen=True):
    """What rules react to; `step` where it happened to a step's task, `condition` whose instant it is. Spec: A-5.1.

    `injected` is what a launch is to the rules of an injected template: `step` is the one whose task brought it.
    """

    kind: Kind
    step: str | None = None
    condition: str | None = None


LAUNCHED = Occurrence("launched")
KICKOFF_SUBMITTED = Occurrence("kickoff_submitted")
MOVED = Occurrence("moved")


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Who of the people that rules may name is there to be given work."""

    members: frozenset[int] = frozenset()
    groups: frozenset[str] = frozenset()
    # Members by lower-case e-mail address.
    by_address: Mapping[str, int] = {}
    people_of_groups: PeopleOfGroups = {}
    # Of those whom re-opening would give tasks back to, or take them from: addresses of guests there are.
    guests: frozenset[str] = frozenset()


NOBODY = People()


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What reacting depends on besides the process: its template version, the organization, people."""

    document: Template
    week: WorkingWeek
    # The instant it happens at.
    now: Millis
    people: People = NOBODY
    # Of those who have tasks or may be given some. Spec: L-9.27.
    absences: Absences = NONE
    # At most once in a process, whatever happens later. Spec.
    fire_once: bool = False
    guest_only: bool = False
    # For what forms begin with.
    reader: Reader = ANYBODY


class View:
    """A process in the middle of a reaction: tasks by step, fields by id. `process` changes as rules act."""

    def __init__(self, process: Process, state: RuleState, scene: Scene) -> None:
        self.process = process
        self.state = state
        self.scene = scene
        document = scene.document
        self.kickoff: Mapping[str, Field] = {field.id: field for field in document.kickoff}
        self.fields: Mapping[str, tuple[Field, str]] = {
            field.id: (field, step.id) for step in document.steps for field in step.fields
        }
        self._by_step = _by_step(process.tasks)
        self._begins = has_defaults(document.fields())

    @property
    def zone(self) -> str:
        return self.scene.week.zone

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """Fields that are hidden in their forms: rules complete nothing and answer nothing. Spec: T-11.71."""
        document, process = self.scene.document, self.process
        found = hidden_in(document.kickoff, process.prerun, self.zone)
        for step in document.steps:
            task = self._by_step.get(step.id)
            found |= hidden_in(step.fields, task.taskdata if task is not None else {}, self.zone)
        return found

    def answer(self, field: Field, answers: Mapping[str, Any]) -> Any:
        """What the field is answered with; nothing while it is hidden."""
        return None if field.id in self._hidden else answers.get(field.id)

    @cached_property
    def is_injected(self) -> bool:
        """Whether the rules are those of an injected template, whose form does not exist. Spec: A-10.2."""
        return is_injected(self.scene.document, self.process)

    @property
    def form_is_open(self) -> bool:
        """Whether the kick-off form has still to be submitted."""
        return self.process.prerun_status == "incomplete" and not self.is_injected

    @property
    def kickoff_answers(self) -> Mapping[str, Any]:
        return {key: answer for key, answer in self.process.prerun.items() if key not in self._hidden}

    def task_of(self, step_id: str) -> Task | None:
        """The task made from this step; None when it was left out. One-off tasks are nobody's step (A-10.1)."""
        return self._by_step.get(step_id)

    def become(self, process: Process) -> None:
        """Rules that come later see what forms begin with. Spec: T-11.21."""
        if self._begins:
            today = local_day(self.scene.now, self.zone)
            process = opened(self.process, process, self.scene.document, today=today, reader=self.scene.reader)
        self.process = process
        self._by_step = _by_step(process.tasks)
        self.__dict__.pop("_hidden", None)

    def remember(self, **changes: Any) -> None:
        """Change what the process remembers."""
        self.state = replace(self.state, **changes)


def _by_step(tasks: Iterable[Task]) -> dict[str, Task]:
    return {task.step_id: task for task in tasks if task.step_id is not None and task.archived_at is None}


def kickoff_digests(answers: Mapping[str, Any], rules: Iterable[Rule]) -> dict[str, str]:
    """A digest of each answer that rules ask about: enough to see that it changed, no copy of what it says."""
    named = {each.subject_id for rule in rules for each in rule.conditions if each.subject == "Prerun"}
    return {field_id: digest(answers[field_id]) for field_id in sorted(named & answers.keys())}


def digest(answer: object) -> str:
    return hashlib.sha256(msgspec.json.encode(answer, order="deterministic")).hexdigest()[:DIGEST_LENGTH]
