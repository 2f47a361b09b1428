"""Which template version each task of a page is part of: the one its process runs, or one that was injected into it.

What was injected is asked for only where a task's step is not in the version that its process runs.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import msgspec

from procession.domain.processes import Injection, injection_among
from procession.domain.templates import Template
from procession.storage import injections
from procession.storage.template_versions import version_documents
from procession.storage.tx import ReadTx

Documents = Mapping[tuple[str, int], Template]


class Running(Protocol):
    @property
    def seq(self) -> int: ...
    @property
    def template_id(self) -> str: ...
    @property
    def template_version(self) -> int: ...


class Placed(Protocol):
    @property
    def seq(self) -> int: ...
    @property
    def process(self) -> int | None: ...
    @property
    def step_id(self) -> str | None: ...


class Part(msgspec.Struct, frozen=True):
    """A template version in a process; `injected_at` is None of the one that the process runs."""

    process: int
    template_id: str
    version: int
    injected_at: int | None = None


class Parts:
    """The parts of a page's processes, with the documents that were loaded."""

    def __init__(
        self,
        processes: Iterable[Running],
        documents: Documents | None = None,
        injected: Mapping[int, tuple[Injection, ...]] | None = None,
    ) -> None:
        self._own = {each.seq: Part(each.seq, each.template_id, each.template_version) for each in processes}
        self._documents = documents or {}
        self._injected = injected or {}

    def own(self, process: int) -> Part:
        """What the process runs."""
        return self._own[process]

    def of(self, task: Placed) -> Part | None:
        """None of a task that stands alone."""
        if task.process is None:
            return None
        injection = injection_among(self._injected.get(task.process, ()), task.seq)
        if injection is None:
            return self.own(task.process)
        return Part(task.process, injection.template_id, injection.version, injection.at)

    def document(self, part: Part | None) -> Template | None:
        return None if part is None else self._documents.get((part.template_id, part.version))


async def loaded(tx: ReadTx, processes: Collection[Running], tasks: Iterable[Placed]) -> Parts:
    """With the documents of the processes and of what was injected into them, as far as these tasks are part of it."""
    documents = await version_documents(tx, ((each.template_id, each.template_version) for each in processes))
    steps = {
        each.seq: {step.id for step in document.steps}
        for each in processes
        if (document := documents.get((each.template_id, each.template_version))) is not None
    }
    others = {
        task.process
        for task in tasks
        if task.process is not None and task.step_id is not None and task.step_id not in steps.get(task.process, ())
    }
    injected = await injections.of_processes(tx, others)
    if injected:
        versions = ((each.template_id, each.version) for found in injected.values() for each in found)
        documents |= await version_documents(tx, versions)
    return Parts(processes, documents, injected)
