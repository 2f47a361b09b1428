"""The list worked out the slow way, to compare with."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from procession.domain.listing import principals_of
from procession.domain.names import fold
from procession.domain.processes import Process, Task
from procession.domain.tasks import fields_of
from procession.domain.templates import Template
from procession.domain.value_keys import Kind, Operator, holds, keys_of, kind_of, read_test
from tests.builders import Person

KINDS = {
    "amount": Kind.NUMBER, "word": Kind.TEXT, "mail": Kind.EMAIL, "pick": Kind.CHOICE, "when": Kind.INSTANT,
    "marks": Kind.CHOICES,
}  # fmt: skip


class Slow:
    """The list worked out process by process, straight from the words of the specification."""

    def __init__(
        self,
        everything: Sequence[Process],
        person: Person,
        named: frozenset[str],
        now: int,
        documents: Mapping[tuple[str, int], Template] | None = None,
    ) -> None:
        self.documents = documents or {}
        self.everything = everything
        self.person = person
        self.named = named
        self.now = now

    def ids(self, query: dict[str, str]) -> list[str]:
        rows = [p for p in self.everything if self._visible(p) and self._matches(p, query)]
        return [p.id for p in self._ordered(rows, query.get("sort"))]

    def _visible(self, process: Process) -> bool:
        return self.person.role == "admin" or bool(self.named & principals_of(process))

    def _matches(self, p: Process, query: dict[str, str]) -> bool:
        return all(
            self._by_answer(p, name, value)
            if name.startswith("fields[")
            else getattr(self, f"_by_{name}")(p, value, query)
            for name, value in query.items()
            if name != "sort"
        ) and (self._default_archive(p, query))

    def _default_archive(self, p: Process, query: dict[str, str]) -> bool:
        if "archived" in query or "archived" in query.get("status", "").split(","):
            return True
        return not p.is_archived

    def _by_archived(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return p.is_archived or value != "only"

    def _by_status(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return any(self._has_status(p, word, query) for word in value.split(","))

    def _has_status(self, p: Process, word: str, query: dict[str, str]) -> bool:
        if word == "archived":
            return p.is_archived
        if p.is_archived and "archived" not in query:
            return False
        live = not p.is_archived
        late = any(t.clock_deadline is not None and t.clock_deadline < self.now for t in p.tasks if self._sees(t))
        return {
            "active": live and p.status != "complete",
            "complete": live and p.status == "complete",
            "problem": live and p.status in ("problem", "issue"),
            "issue": live and p.status == "issue",
            "improvement": any(t.improvements for t in p.tasks),
            "delayed": live and p.status != "complete" and late,
            "starred": self.person.id in p.starred_by,
        }[word]

    def _sees(self, task: Task) -> bool:
        """Of a process that they see."""
        return self.person.role == "admin" or not task.top_secret or bool(self.named & {*task.owners.principals})

    def _by_owners(self, p: Process, value: str, query: dict[str, str]) -> bool:
        wanted = {int(each) for each in value.split(",")}
        return p.owner in wanted or any(
            wanted & set(t.owners.users) for t in p.tasks if self._counts(t, query.get("task_status", "all"))
        )

    def _by_me(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return value == "false" or self._by_owners(p, str(self.person.id), query)

    def _counts(self, task: Task, word: str) -> bool:
        return {"all": True, "in-progress": task.is_open, "completed": task.is_completed}[word]

    def _by_task_status(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return True

    def _by_groups(self, p: Process, value: str, query: dict[str, str]) -> bool:
        wanted = set(value.split(","))
        return any(wanted & set(t.owners.groups) for t in p.tasks if self._counts(t, query.get("task_status", "all")))

    def _by_guests(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return any(set(value.split(",")) & set(t.owners.guests) for t in p.tasks)

    def _by_checklist_id(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return p.template_id in value.split(",")

    def _by_folder(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return p.folder in value.split(",")

    def _by_tag(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return "untagged" in query or value in p.tags

    def _by_tag_ids(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return "untagged" in query or set(value.split(",")) <= p.tags

    def _by_untagged(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return not p.tags

    def _by_starred(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return (self.person.id in p.starred_by) == (value == "true")

    def _by_type(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return p.type in value.split(",")

    def _by_q(self, p: Process, value: str, query: dict[str, str]) -> bool:
        return fold(value) in fold(p.name) or value.strip() == str(p.seq)

    def _by_answer(self, p: Process, name: str, value: str) -> bool:
        alias, word = name.removeprefix("fields[").removesuffix("]").split("][")
        return holds(read_test(KINDS[alias], cast(Operator, word), value), self._keys(p, alias))

    def _keys(self, p: Process, alias: str) -> frozenset[str]:
        """Those of the first answer that is given, in the kick-off form or a task that everybody sees."""
        document = self.documents[p.template_id, p.template_version]
        shown = [task for task in p.tasks if task.is_visible and not task.top_secret]
        forms = [(document.kickoff, p.prerun)]
        forms += [(fields_of(t, document), t.taskdata) for t in sorted(shown, key=lambda each: each.position)]
        found = [
            keys_of(field, answers[field.id])
            for fields, answers in forms
            for field in fields
            if field.alias == alias and field.id in answers and kind_of(field) is KINDS[alias]
        ]
        return next(filter(None, found), frozenset())

    def _ordered(self, rows: list[Process], sort: str | None) -> list[Process]:
        """Nulls last either way; the number breaks ties in the direction of the last key."""
        keys = [(part.removeprefix("-"), part.startswith("-")) for part in (sort or "-created_at").split(",")]
        if keys[-1][0] != "created_at":
            keys.append(("created_at", keys[-1][1]))
        for name, descending in reversed(keys):
            known = [p for p in rows if self._value(p, name) is not None]
            unknown = [p for p in rows if self._value(p, name) is None]
            rows = sorted(known, key=lambda p, name=name: self._value(p, name), reverse=descending) + unknown
        return rows

    def _value(self, p: Process, name: str) -> Any:
        if name.startswith("fields."):
            return min(self._keys(p, name.removeprefix("fields.")), default=None)
        return {
            "created_at": p.seq,
            "name": fold(p.name)[:200],
            "last_updated": p.updated_at,
            "due_date": p.due_date,
            "next_deadline": self._next_deadline(p),
            "completed_at": p.completed_at,
            "started_at": p.started_at,
            "status": "archived" if p.is_archived else p.status,
            "progress": p.tasks_done * 1000 // p.tasks_visible if p.tasks_visible else 0,
        }[name]

    def _next_deadline(self, p: Process) -> int | None:
        is_over = p.is_archived or p.status == "complete"
        return None if is_over else min((d for t in p.tasks if (d := t.clock_deadline) is not None), default=None)


def encoded(query: dict[str, str]) -> str:
    from urllib.parse import quote

    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in query.items())
