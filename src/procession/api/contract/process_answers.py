"""A process together with its tasks, which may themselves show their process."""

from msgspec import UNSET, UnsetType

from procession.api.contract.envelope import Many
from procession.api.contract.processes import Run
from procession.api.contract.tasks import TaskOut


class RunWithTasks(Run, kw_only=True):
    """A process; `tasks` when asked for: visible ones, by position. Spec: api-processes 4."""

    tasks: Many[TaskOut] | UnsetType = UNSET
