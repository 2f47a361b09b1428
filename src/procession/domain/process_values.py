"""The answers of a process that lists find it by. Pure, so that a recount is one call. Spec: api-processes 6.2."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from procession.domain import tasks
from procession.domain.answers import is_same
from procession.domain.calculating.sheet import shown_answers
from procession.domain.fields import Field
from procession.domain.processes import Process, Task
from procession.domain.templates import Template
from procession.domain.value_keys import Kind, keys_of, kind_of

Name: TypeAlias = tuple[str, Kind]
"""A field as lists know it: its alias, and what its answers are compared as."""

Values: TypeAlias = Mapping[Name, frozenset[str]]
"""The keys of each answer that was given."""


ZONE = "UTC"
"""Of form rules that ask about moments: rows stay right when an organization changes its zone (decision 10)."""


class Form(NamedTuple):
    answers: Mapping[str, Any]  # JSON, by field id
    fields: Sequence[Field]


def answers_differ(before: Process, after: Process) -> bool:
    """Whether the two may have other values."""
    former, now = _answered(before), _answered(after)
    return len(former) != len(now) or not all(map(is_same, former, now))


def _answered(process: Process) -> list[object]:
    given = [part for task in _read(process) for part in (task.step_id, task.taskdata, task.fields)]
    return [process.template_id, process.template_version, process.prerun, *given]


def _read(process: Process) -> list[Task]:
    """Answers of hidden tasks are in no list, those of secret ones in none that everybody sees; injected tasks are of
    another template.
    """
    answered = (task for task in process.tasks if task.taskdata and task.is_visible and not task.top_secret)
    return [task for task in answered if process.injection_of(task) is None]


def values_of(process: Process, template: Template) -> Values:
    """`template` is the version that the process runs."""
    return values_in(forms_of(process, template))


def forms_of(process: Process, template: Template) -> list[Form]:
    """The kick-off form, then the tasks in their order."""
    shown = sorted(_read(process), key=lambda task: (task.position, task.seq))
    return [
        Form(process.prerun, template.kickoff),
        *(Form(task.taskdata, tasks.fields_of(task, template)) for task in shown),
    ]


def values_in(forms: Iterable[Form]) -> Values:
    """Of fields with one alias, the first that is answered counts. Hidden fields are not. Spec: T-11.71."""
    found: dict[str, tuple[Kind, frozenset[str]]] = {}
    for form in forms:
        answers = shown_answers(form.fields, form.answers, ZONE)
        for field in form.fields:
            kind = kind_of(field) if field.id in answers and field.alias not in found else None
            if kind is not None and (keys := keys_of(field, answers[field.id])):
                found[field.alias] = kind, keys
    return {(alias, kind): keys for alias, (kind, keys) in found.items()}


def names_in(template: Template) -> frozenset[Name]:
    """The fields that a template has processes found by."""
    fields = (*template.kickoff, *template.fields())
    return frozenset((field.alias, kind) for field in fields if (kind := kind_of(field)) is not None)
