"""Every endpoint there is, resource by resource."""

from types import ModuleType

from procession.api.operations import Operation, operations_of
from procession.api.routes import attaching, process_threads, process_writes, processes, tags, threads

RESOURCES: tuple[ModuleType, ...] = (processes, process_writes, attaching, tags)


def all_operations() -> list[Operation]:
    return [operation for module in RESOURCES for operation in operations_of(module)]
