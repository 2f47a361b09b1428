"""A template whose rules are written, and what clients send for them."""

from typing import Any

from tests.builders import Organization


class Rules:
    """A template with one of everything that rules name, and a rule as clients send it."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        choice = {"field_type": "dropdown", "options": [{"id": 1, "text": "River"}, {"id": 2, "text": "Sea"}]}
        self.template = org.template(
            steps=[
                {"title": "Brief", "captures": [{"label": "Note"}, {"label": "Day", "field_type": "date"}]},
                {"title": "Permit"},
            ],
            kickoff=[
                {"label": "Trip", **choice},
                {"label": "Lead", "field_type": "assignees_form"},
                {"label": "Contact", "field_validation": ["email"]},
            ],
        )
        self.id: str = self.template["id"]
        self.brief, self.permit = (step["id"] for step in self.template["steps"])
        self.note, self.day = (field["id"] for field in self.template["steps"][0]["captures"])
        self.trip, self.lead, self.contact = (field["id"] for field in self.template["prerun"])
        self.path = f"/checklists/{self.id}/automated-actions"
        self.shipping: dict[str, Any] = {}

    def other(self) -> dict[str, Any]:
        """A template that rules can launch, with a required kick-off field and a date."""
        fields = [{"label": "Who", "required": True}, {"label": "When", "field_type": "date"}]
        return self.org.template("Shipping", kickoff=fields)

    def expiring(self) -> str:
        return self.api.data("POST", f"/checklists/{self.id}/steps", {"title": "Alarm", "step_type": "expiring"})["id"]

    def launch(self, other: dict[str, Any], *answers: tuple[int, str, str], **changes: Any) -> dict[str, Any]:
        """`answers`: place of the field there, kind and id of the field here."""
        handed = [
            {"prerun_id": other["prerun"][place]["id"], "actionable_type": kind, "actionable_id": source}
            for place, kind, source in answers
        ]
        wanted = {"checklist_id": other["id"], "name_format": None, "prerun": handed, **changes}
        return self.action(action_type="launch", action_verb="launch_process", launch=wanted)

    def on_time(self, operation: str, statement: Any = None, **changes: Any) -> dict[str, Any]:
        step = {"conditionable_id": self.brief, "conditionable_type": "Step"}
        return self.condition(operation=operation, statement=statement, **{**step, **changes})

    def condition(self, **changes: Any) -> dict[str, Any]:
        asked = {"conditionable_id": self.trip, "conditionable_type": "Prerun", "operation": "equals"}
        return {**asked, "statement": "Sea", "logic": "and", "position": 1, **changes}

    def action(self, **changes: Any) -> dict[str, Any]:
        target = {"action_type": "visibility", "action_verb": "show", "target_step_id": self.permit, "position": 1}
        return {**target, **changes}

    def assignment(self, **changes: Any) -> dict[str, Any]:
        return self.action(**{"action_type": "assignment", "action_verb": "assign", **changes})

    def deadline(self, **changes: Any) -> dict[str, Any]:
        shift = {"value": 3, "unit": "days", "option": "from"}
        return self.action(**{"action_type": "deadline", "action_verb": "deadline", "deadline": shift, **changes})

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "automated_alias": "R1",
            "conditions": [self.condition()],
            "then_actions": [self.action()],
            **changes,
        }

    def add(self, **changes: Any) -> dict[str, Any]:
        return self.api.data("POST", self.path, self.body(**changes))

    def all(self) -> list[dict[str, Any]]:
        return self.api.data("GET", f"/checklists/{self.id}")["automated_actions"]

    def names(self) -> list[str]:
        return [rule["automated_alias"] for rule in self.all()]
