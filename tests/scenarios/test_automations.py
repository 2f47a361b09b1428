"""The test tables of behaviour-automations 14: one file for each, played through the API on both databases.

Each file's `proves` names the rules of the specification that it is about. "strict" is `automation_fire_once`; where it
changes nothing, `modes` names the other one only.
Wherever a case does only what can be rehearsed, `simulate` (api-templates 8.6) has to end the same.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.builders import Organization
from tests.scenarios.stage import Stage, load, wanted_of

pytestmark = pytest.mark.does_what_is_due
FILES = sorted((Path(__file__).parent / "automations").glob("*.toml"))


def cases() -> list[Any]:
    found: list[Any] = []
    for file in FILES:
        scenario = load(file)
        for case in scenario["cases"]:
            shared = {key: value for key, value in scenario.items() if key != "cases"}
            name = f"{scenario['id']} {case['name']}"
            found += [
                pytest.param(
                    {**shared, **case.get("template", {})},
                    case,
                    mode == "strict",
                    id=f"{name} {mode}".replace(" usual", ""),
                )
                for mode in case.get("modes", scenario.get("modes", ("usual", "strict")))
            ]
    return found


@pytest.mark.parametrize(("scenario", "case", "strict"), cases())
def test_a_scenario_ends_as_the_table_says(
    org: Organization, scenario: dict[str, Any], case: dict[str, Any], strict: bool
) -> None:
    stage = Stage(org, scenario, strict=strict)

    for number, event in enumerate(case["events"], 1):
        stage.do(event)
        expected = wanted_of(event, strict=strict)
        if "people" in expected:
            expected["people"] = {step: sorted(names) for step, names in expected["people"].items()}

        assert stage.look(event, strict=strict) == expected, f"after event {number}: {event}"

    if stage.rehearsal is not None and not any("form_stays_open" in event for event in case["events"]):
        real, rehearsed = stage.tasks(), stage.rehearse()
        for title, task in rehearsed.items():
            owners = {kind: sorted(task["owners"][kind]) for kind in ("users", "guests", "groups")}
            now = real[title]
            assert owners == {kind: sorted(now["owners"][kind]) for kind in owners}, f"who is to do {title}"
            for key in ("status", "status_label", "deadline", "taskdata"):
                assert task[key] == now[key], f"{key} of {title} in the rehearsal"
