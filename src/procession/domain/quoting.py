"""What the variables of a text stand for in one process. Spec: T-12.1 to T-12.3, T-11.71."""

from collections.abc import Iterator, Mapping, Sequence

from procession.domain.calculating.sheet import hidden_in
from procession.domain.calendar import local_day
from procession.domain.fields import Field
from procession.domain.names import Variable, system_variables
from procession.domain.processes import Process
from procession.domain.templates import Template
from procession.domain.variables import ANYBODY, Reader, variable_of


class Quoted(Mapping[str, Variable]):
    """Each field by its alias, and what every process has, worked out when a text asks for it.

    `answers` may grow meanwhile. An answer to a hidden field is blank.
    """

    def __init__(
        self,
        forms: Sequence[Sequence[Field]],
        answers: Mapping[str, object],
        reader: Reader = ANYBODY,
        system: Mapping[str, Variable] | None = None,
    ) -> None:
        self.answers = dict(answers)
        self._known = {field.alias: (field, form) for form in forms for field in form}
        self._reader = reader
        self._system = system or {}

    def __getitem__(self, alias: str) -> Variable:
        if alias in self._system:
            return self._system[alias]
        field, form = self._known[alias]
        if field.id in hidden_in(form, self.answers, self._reader.zone):
            return Variable()
        return variable_of(field, self.answers.get(field.id), self._reader)

    def instant(self, alias: str) -> str | None:
        """The stored answer of a date field that has a time; None of anything else."""
        field, form = self._known.get(alias, (None, ()))
        if field is None or field.answer_type != "date" or not field.collect_time:
            return None
        answer = None if field.id in hidden_in(form, self.answers, self._reader.zone) else self.answers.get(field.id)
        return answer if isinstance(answer, str) else None

    def also(self, system: Mapping[str, Variable]) -> "Quoted":
        """The same with these names besides."""
        both = Quoted((), self.answers, self._reader, {**self._system, **system})
        both._known = self._known  # its own class
        return both

    def __iter__(self) -> Iterator[str]:
        yield from self._system
        yield from (alias for alias in self._known if alias not in self._system)

    def __len__(self) -> int:
        return len(self._known.keys() | self._system.keys())


def quoted_in_process(process: Process, document: Template, own: Sequence[Field], reader: Reader) -> Quoted:
    """What texts of this process may quote; `own` are fields of a one-off task besides those of the template.

    With a document that was injected, what its tasks may quote.
    """
    answers = dict(process.prerun)
    for task in process.tasks:
        answers |= task.taskdata
    forms = [document.kickoff, *(step.fields for step in document.steps), own]
    system = system_variables(
        template_name=process.template_title,
        launched_on=local_day(process.created_at, reader.zone),
        process_id=process.id,
        day_form=reader.day_form,
    )
    return Quoted(forms, answers, reader, system)
