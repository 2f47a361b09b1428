"""What is stored of a process for lists, and what is added when it is shown, make up the documented object."""

import pytest
from msgspec.structs import fields

from procession.api.contract.process_answers import RunView, RunWithTasks
from procession.domain.run_document import RunDocument
from tests.builders import Organization
from tests.lists.making import launch


def test_the_two_parts_are_the_whole() -> None:
    stored, added, whole = (
        {each.name: each.type for each in fields(shape)} for shape in (RunDocument, RunView, RunWithTasks)
    )

    assert not stored.keys() & added.keys()
    assert {**stored, **added} == whole


@pytest.mark.parametrize("include", ["tags", "tasks", "permissions,checklist,ko_form_fields"])
def test_an_include_adds_to_a_process_and_changes_nothing(org: Organization, include: str) -> None:
    launch(org, org.template(steps=["One"], kickoff=[{"label": "Farm"}]), name='Ärger "quoted" </script> 😀')

    [plain] = org.api.data("GET", "/runs")
    [more] = org.api.data("GET", f"/runs?with={include}")

    assert {name: more[name] for name in plain} == plain
    assert more.keys() - plain.keys() == set(include.split(","))
