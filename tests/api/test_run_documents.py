"""What is stored of a process for lists, and what is added when it is shown, make up the documented object."""

import msgspec
import pytest
from msgspec.structs import fields

from procession.api.contract.process_answers import RunIncludes, RunWithTasks
from procession.domain.run_document import RunDocument
from tests.builders import Organization
from tests.lists.making import launch

# What the clock and the caller decide.
CONDITION = {"progress", "starred", "due_date", "due_date_passed", "due_soon", "late_tasks"}


def test_the_parts_are_the_whole(org: Organization) -> None:
    stored, added, whole = (
        {each.name: each.type for each in fields(shape)} for shape in (RunDocument, RunIncludes, RunWithTasks)
    )
    run = org.api.data("GET", f"/runs/{org.process(org.template(steps=['One']))['id']}")

    assert not stored.keys() & added.keys()
    assert {name: whole[name] for name in whole.keys() - CONDITION} == {**stored, **added}
    assert run.keys() == stored.keys() - {"on_hold"} | CONDITION, "the key is there only while it is on hold"
    msgspec.convert(run, RunWithTasks)


@pytest.mark.parametrize("include", ["tags", "tasks", "permissions,checklist,ko_form_fields"])
def test_an_include_adds_to_a_process_and_changes_nothing(org: Organization, include: str) -> None:
    launch(org, org.template(steps=["One"], kickoff=[{"label": "Farm"}]), name='Ärger "quoted" </script> 😀')

    [plain] = org.api.data("GET", "/runs")
    [more] = org.api.data("GET", f"/runs?with={include}")

    assert {name: more[name] for name in plain} == plain
    assert more.keys() - plain.keys() == set(include.split(","))
