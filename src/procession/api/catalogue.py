"""Every endpoint there is, resource by resource."""

from types import ModuleType

from procession.api.operations import Operation, operations_of
from procession.api.routes import process_writes, processes, tags

RESOURCES: tuple[ModuleType, ...] = (processes, process_writes, tags)


def all_operations() -> list[Operation]:
    return [operation for module in RESOURCES for operation in operations_of(module)]
