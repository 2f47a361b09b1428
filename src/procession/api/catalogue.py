"""Every endpoint there is, resource by resource."""

from types import ModuleType

from procession.api.operations import Operation, operations_of
from procession.api.routes import (
    attaching,
    auth,
    explanations,
    exports,
    folders,
    groups,
    guest_tasks,
    guests,
    me,
    members,
    one_off_tasks,
    organizations,
    process_threads,
    process_writes,
    processes,
    rules,
    service,
    simulations,
    stages,
    step_fields,
    steps,
    tags,
    task_lists,
    tasks,
    template_parts,
    template_threads,
    templates,
    threads,
    tokens,
)

RESOURCES: tuple[ModuleType, ...] = (
    service,
    auth,
    tokens,
    me,
    organizations,
    members,
    guests,
    groups,
    templates,
    template_parts,
    template_threads,
    steps,
    step_fields,
    stages,
    rules,
    simulations,
    processes,
    process_writes,
    exports,
    task_lists,
    tasks,
    explanations,
    one_off_tasks,
    guest_tasks,
    attaching,
    tags,
    folders,
    process_threads,
    threads,
)


def all_operations() -> list[Operation]:
    return [operation for module in RESOURCES for operation in operations_of(module)]
