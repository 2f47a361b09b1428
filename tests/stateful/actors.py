"""People who do anything at all, one step at a time, and remember what they did."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.builders import Organization, Person
from tests.concurrency.crowd import ACTIONS, WEIGHTS, Client, Ground

DEADLINE = {"value": 3, "unit": "hours", "option": "from"}


class Office(Ground):
    """The crowd's ground, with templates whose tasks are secret, held, everybody's, or not there; and a colleague who
    only has things done to them.
    """

    def __init__(self, org: Organization, seed: int) -> None:
        super().__init__(org, seed)
        self.colleague = org.person()
        self.colleague_is_away = False
        self.templates.append(self._intricate())
        self.form = org.template("A form", type="form", kickoff=[{"label": "Reason"}])
        for template in (self.templates[-1], self.form):
            org.allow(template, "LAUNCH", *[each.id for each in self.people if each.role == "light"], everyone=True)
            org.allow(template, "PROCESS_READ", groups=self.groups[:1])

    def _intricate(self) -> dict[str, Any]:
        steps = [
            {"title": "Quote", "groups": [self.groups[0]]},
            {"title": "Secret", "top_secret": True, "assignees": [self.people[3].id]},
            {"title": "Everybody", "everyone_must_complete": True, "groups": [self.groups[1]]},
            {"title": "Ours", "can_complete_only_assignees": True},
            {"title": "Held"},
        ]
        template = self.org.template("Intricate", steps=steps, kickoff=[{"label": "Reason"}])
        path = f"/checklists/{template['id']}/steps/{template['steps'][-1]['id']}"
        held = {"title": "Held", "deadline": {**DEADLINE, "step": template["steps"][0]["id"]}}
        assert self.org.api.put(path, held).is_success
        return template

    @property
    def everybody(self) -> list[Person]:
        return [*self.people, self.colleague]


class Actor(Client):
    """A client that remembers what it asked, so that a failure tells the steps that led to it."""

    ground: Office

    def __init__(self, office: Office, person: Person, seed: int, steps: list[str]) -> None:
        super().__init__(office, person, seed)
        self.steps = steps

    def act(self) -> None:
        """One thing, whatever it is."""
        action = self.random.choices([*ACTIONS, *MORE], [*WEIGHTS, *MORE.values()])[0]
        action(self)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response | None:
        answer = super().ask(method, path, body)
        outcome = "refused" if answer is None else str(answer.status_code)
        self.steps.append(f"{self.person.role} {self.person.id}: {method} {path} {body} -> {outcome}")
        return answer

    def owners(self) -> dict[str, Any]:
        owners = super().owners()
        if self.random.random() < 0.2:
            owners["users"] = [self.ground.colleague.id]
        return owners

    # What the crowd does not do.

    def mention(self) -> None:
        run, place = self.one(self.ground.runs), self.one(self.ground.tasks)
        content = {"content": f"see @[{self.random.choice(self.ground.everybody).id}]"}
        if run and self.random.random() < 0.5:
            self.ask("POST", f"/runs/{run}/comment", content)
        elif place:
            self.ask("POST", f"/tasks/{place[1]}/comment", content)

    def tell_apart(self) -> None:
        """A task for each of several people, in a process of their own."""
        body = {
            "title": self.name(),
            "task_type": "task",
            "deadline": "2031-02-06",
            "owners": self.owners(),
            "separate_task_for_each_assignee": True,
            "top_secret": self.random.random() < 0.3,
        }
        made = self.made("POST", "/tasks", body)
        if made and made["run_id"]:
            self.ground.runs.append(made["run_id"])
            self.ground.tasks.append((made["run_id"], made["id"]))

    def change_rules(self) -> None:
        name = self.random.choice(["top_secret", "everyone_must_complete", "can_complete_only_assignees"])
        self.on_task("PUT", "", {name: self.random.random() < 0.6})

    def clear_deadline(self) -> None:
        self.on_task("PUT", "", {"deadline": None})

    def unassign(self) -> None:
        self.on_task("PUT", "", {"owners": {"users": [], "guests": [], "groups": []}})

    def clone(self) -> None:
        place = self.one(self.ground.tasks)
        made = place and self.made("POST", f"/tasks/{place[1]}/clone", {"title": self.name()})
        if place and made and made["run_id"]:
            self.ground.tasks.append((made["run_id"], made["id"]))

    def drop_task(self) -> None:
        place = self.one(self.ground.tasks)
        if place and self.ask("DELETE", f"/tasks/{place[1]}/delete"):
            self.ground.forget(self.ground.tasks, place)

    def answer_form(self) -> None:
        template = self.one(self.ground.templates)
        answers = {field["id"]: self.name() for field in (template or {"prerun": []})["prerun"]}
        self.on_run("PUT", "", {"prerun": answers})

    def hand_out_form(self) -> None:
        template = self.one(self.ground.templates)
        assert template is not None
        body = {"checklist_id": template["id"], "assign_someone_else": True, "user_id": self.ground.colleague.id}
        run = self.made("POST", "/runs", body)
        if run:
            self.ground.runs.append(run["id"])

    def launch_form(self) -> None:
        body = {"checklist_id": self.ground.form["id"], "assign_someone_else": self.random.random() < 0.5}
        run = self.made("POST", "/runs", {**body, "users": [each.id for each in self.some(self.ground.people)]})
        if run:
            self.ground.runs.append(run["id"])

    def move_folder(self) -> None:
        folder, parent = self.one(self.ground.folders), self.one(self.ground.folders)
        if folder:
            self.ask("PUT", f"/folders/{folder}", {"parent_id": parent if parent != folder else None})

    def rename_tag(self) -> None:
        tag = self.one(self.ground.tags)
        if tag:
            self.ask("PUT", f"/tags/{tag}", {"title": self.name()})

    def change_colleague(self) -> None:
        """Another role, away, back again."""
        path = f"/users/{self.ground.colleague.id}"
        match self.random.choice(["role", "role", "away"]):
            case "role":
                self.ask("PUT", f"{path}/role", {"role": self.random.choice(["admin", "standard", "light"])})
            case _ if not self.ground.colleague_is_away:
                self.ground.colleague_is_away = self.ask("DELETE", f"{path}/disable") is not None
            case _:
                self.ground.colleague_is_away = self.ask("PUT", f"{path}/enable") is None

    def throw_template_away(self) -> None:
        """One that was made for it, with a process launched from it, which stays."""
        made = self.made("POST", "/checklists", {"title": self.name(), "type": "procedure"})
        if made is None:
            return
        run = self.made("POST", "/runs", {"checklist_id": made["id"]})
        if run:
            self.ground.runs.append(run["id"])
        if self.random.random() < 0.5:
            self.ask("PUT", f"/checklists/{made['id']}", {"title": "x", "owner_id": self.ground.colleague.id})
        if self.ask("DELETE", f"/checklists/{made['id']}"):
            self.ask("DELETE", f"/checklists/{made['id']}/delete")

    def hold(self) -> None:
        self.on_run("POST", "/hold", {"reason": self.name()})

    def resume(self) -> None:
        self.on_run("DELETE", "/hold")


MORE: dict[Callable[[Actor], None], int] = {
    Actor.mention: 4,
    Actor.tell_apart: 3,
    Actor.change_rules: 6,
    Actor.clear_deadline: 2,
    Actor.unassign: 2,
    Actor.clone: 2,
    Actor.drop_task: 2,
    Actor.answer_form: 2,
    Actor.hand_out_form: 2,
    Actor.launch_form: 3,
    Actor.move_folder: 2,
    Actor.rename_tag: 1,
    Actor.change_colleague: 4,
    Actor.throw_template_away: 1,
    Actor.hold: 3,
    Actor.resume: 8,
}
