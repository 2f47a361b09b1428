"""Every endpoint there is, resource by resource."""

from types import ModuleType

from procession.api.operations import Operation, operations_of
from procession.api.routes import tags

RESOURCES: tuple[ModuleType, ...] = (tags,)


def all_operations() -> list[Operation]:
    return [operation for module in RESOURCES for operation in operations_of(module)]
