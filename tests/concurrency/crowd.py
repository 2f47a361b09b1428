"""Clients that work in one organization at the same time, each doing one thing after another at random."""

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx

from tests.builders import Organization, Person, text_field

T = TypeVar("T")

# What a client may be told: somebody else was faster, or it is not theirs to do.
REFUSALS = frozenset({403, 404, 422, 423})
REMEMBERED = 12


class Ground:
    """What there is to work on: ids the clients share, many of them no longer (or not yet) what they were."""

    def __init__(self, org: Organization, seed: int) -> None:
        self.org = org
        self.people = [org.admin, org.person("admin"), org.person("admin"), org.person(), org.person("light")]
        self.templates: list[dict[str, Any]] = [self._template(number) for number in range(3)]
        for template in self.templates:
            named = [each.id for each in self.people if each.role == "light"]
            org.allow(template, "LAUNCH", *named, everyone=True)
        org.allow(self.templates[0], "PROCESS_READ", everyone=True)
        org.allow(self.templates[1], "PROCESS_READ", self.people[-1].id, self.people[2].id)
        self.runs: list[str] = []
        self.tasks: list[tuple[str, str]] = []
        self.alone: list[str] = []
        self.problems: list[tuple[str, str]] = []
        self.issues: list[tuple[str, str]] = []
        self.links: list[int] = []
        self.filings: list[int] = []
        self.tags: list[str] = [org.tag()["id"] for _ in range(3)]
        self.folders: list[str] = [org.folder(kind="run")["id"] for _ in range(3)]
        self.groups: list[str] = [org.group(members=self.people[2:4])["id"] for _ in range(2)]
        self.guests: list[str] = [org.guest()["email"] for _ in range(2)]
        self._random = random.Random(seed)
        self._seeds = iter(range(seed, seed + 1000))

    def _template(self, number: int) -> dict[str, Any]:
        question = {"label": "Answer"}
        steps = [{"title": f"Step {step}", "captures": [question] if step == 0 else []} for step in range(3)]
        return self.org.template(f"Procedure {number}", steps=steps, kickoff=[{"label": "Reason"}])

    def client(self) -> "Client":
        seed = next(self._seeds)
        return Client(self, self.people[seed % len(self.people)], seed)

    @staticmethod
    def forget(things: list[T], thing: T) -> None:
        """Whoever was given it just before finds it gone."""
        with contextlib.suppress(ValueError):
            things.remove(thing)


class Client:
    """One person at a time doing random things; `completed` are the tasks whose completion was answered with 200."""

    def __init__(self, ground: Ground, person: Person, seed: int) -> None:
        self.ground = ground
        self.person = person
        self.api = person.api
        self.random = random.Random(seed)
        self.completed: Counter[str] = Counter()
        self.launched: list[str] = []
        self.answers: Counter[tuple[str, int]] = Counter()
        self.surprises: list[str] = []
        self._numbers = iter(range(10_000_000))

    def work(self, steps: int) -> None:
        for _ in range(steps):
            action = self.random.choices(ACTIONS, WEIGHTS)[0]
            try:
                action(self)
            except Exception as error:  # noqa: BLE001  # told by the test, with the thread's seed
                self.surprises.append(f"{action.__name__}: {error!r}")

    # One request, its answer expected to be good or one of the refusals.

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response | None:
        """The answer when it is good, None when the request was refused."""
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = self.api.request(method, path, **options)
        self.answers[
            method + " " + "/".join(part for part in path.split("/") if len(part) < 20), answer.status_code
        ] += 1
        if answer.is_success:
            return answer
        if answer.status_code not in REFUSALS:
            self.surprises.append(f"{method} {path} {answer.status_code}: {answer.text}")
        return None

    def made(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        answer = self.ask(method, path, body)
        return None if answer is None else answer.json()["data"]

    def one(self, things: Sequence[T]) -> T | None:
        """One of the newest."""
        newest = things[-REMEMBERED:]
        return self.random.choice(newest) if newest else None

    def some(self, things: Sequence[T]) -> list[T]:
        newest = things[-REMEMBERED:]
        return self.random.sample(newest, self.random.randint(0, min(2, len(newest))))

    def name(self) -> str:
        return f"{self.person.id}-{next(self._numbers)}-{self.random.random()}"[:28]

    def owners(self) -> dict[str, Any]:
        return {
            "users": [each.id for each in self.some(self.ground.people)],
            "groups": self.some(self.ground.groups),
            "guests": self.some(self.ground.guests),
        }

    # What people do with processes.

    def launch(self) -> None:
        template = self.one(self.ground.templates)
        assert template is not None
        steps = self.some(template["steps"])
        field = template["prerun"][0]["id"] if template["prerun"] else "0" * 32
        body = {
            "checklist_id": template["id"],
            "name": self.name(),
            "prerun": {field: "because"},
            "tasks": {each["id"]: {"owners": self.owners()} for each in steps},
            "tags": self.some(self.ground.tags),
            "folders": self.some(self.ground.folders)[:1],
            "users": [each.id for each in self.some(self.ground.people)],
            "groups": self.some(self.ground.groups),
            "starred": self.random.random() < 0.3,
        }
        run = self.made("POST", "/runs?with=tasks", body)
        if run is None:
            self.ask("PUT", f"/checklists/{template['id']}/restore")
        else:
            self.launched.append(run["id"])
            self.ground.runs.append(run["id"])
            self.ground.tasks.extend((run["id"], each["id"]) for each in run["tasks"]["data"])

    def rename(self) -> None:
        self.on_run("PUT", "", {"name": self.name(), "users": [each.id for each in self.some(self.ground.people)]})

    def relate(self) -> None:
        body = {"tags": self.some(self.ground.tags), "folders": self.some(self.ground.folders)[:1]}
        self.on_run("PUT", "", {**body, "groups": self.some(self.ground.groups)})

    def star(self) -> None:
        self.on_run("PUT", "", {"starred": self.random.random() < 0.6})

    def hand_over(self) -> None:
        self.on_run("PUT", "", {"owner_id": self.random.choice(self.ground.people).id})

    def archive(self) -> None:
        self.on_run("DELETE", "")

    def activate(self) -> None:
        self.on_run("PUT", "/activate")

    def erase(self) -> None:
        run = self.one(self.ground.runs)
        if run and self.ask("DELETE", f"/runs/{run}/delete"):
            self.ground.forget(self.ground.runs, run)

    def submit_form(self) -> None:
        self.on_run("POST", "/complete-prerun")

    def reopen_form(self) -> None:
        self.on_run("DELETE", "/complete-prerun")

    def on_run(self, method: str, rest: str, body: Any = None) -> dict[str, Any] | None:
        run = self.one(self.ground.runs)
        if run is None:
            return None
        answer = self.ask(method, f"/runs/{run}{rest}", body)
        return answer.json()["data"] if answer is not None and answer.content else None

    def report_issue(self) -> None:
        run = self.one(self.ground.runs)
        issue = run and self.made("POST", f"/runs/{run}/problem", {"content": "stop"})
        if run and issue:
            self.ground.issues.append((run, issue["id"]))

    def resolve_issue(self) -> None:
        issue = self.one(self.ground.issues)
        if issue:
            self.ask("POST", f"/runs/{issue[0]}/resolved-threads", {"content": "go", "thread_id": issue[1]})

    # What people do with tasks.

    def complete(self) -> None:
        place = self.one(self.ground.tasks)
        if place and self.ask("POST", f"/runs/{place[0]}/completed-tasks", {"task_id": place[1]}):
            self.completed[place[1]] += 1

    def reopen(self) -> None:
        place = self.one(self.ground.tasks)
        if place:
            self.ask("DELETE", f"/runs/{place[0]}/completed-tasks/{place[1]}")

    def assign(self) -> None:
        self.on_task("PUT", "", {"owners": self.owners()})

    def postpone(self) -> None:
        day = self.random.randint(1, 28)
        self.on_task("PUT", "", {"deadline": f"20{self.random.randint(20, 40)}-02-{day:02}", "title": self.name()})

    def answer(self) -> None:
        template = self.one(self.ground.templates)
        captures = [field["id"] for step in (template or {"steps": []})["steps"] for field in step["captures"]]
        self.on_task("PUT", "", {"taskdata": {each: self.name() for each in captures}})

    def hide(self) -> None:
        self.on_task("PUT", self.random.choice(["/hide", "/show"]))

    def comment(self) -> None:
        place = self.one(self.ground.tasks)
        if place:
            mention = f"[~{self.random.choice(self.ground.people).id}]" if self.random.random() < 0.3 else ""
            label = self.random.choice(["comment", "improvement"])
            self.ask("POST", f"/tasks/{place[1]}/comment", {"content": "well" + mention, "label": label})

    def report_problem(self) -> None:
        place = self.one(self.ground.tasks)
        problem = place and self.made("POST", f"/tasks/{place[1]}/problem", {"content": "late"})
        if place and problem:
            self.ground.problems.append((place[1], problem["id"]))

    def resolve_problem(self) -> None:
        problem = self.one(self.ground.problems)
        if problem:
            body = {"content": "done", "thread_id": problem[1]}
            self.ask("POST", f"/tasks/{problem[0]}/resolved-threads", body)

    def on_task(self, method: str, rest: str, body: Any = None) -> None:
        place = self.one(self.ground.tasks)
        if place:
            self.ask(method, f"/runs/{place[0]}/tasks/{place[1]}{rest}", body)

    def add_task(self) -> None:
        task = {"title": self.name(), "task_type": "task", "deadline": "2031-02-06", "owners": self.owners()}
        run = self.one(self.ground.runs) if self.random.random() < 0.5 else None
        body = {**task, "run_id": run, "tags": self.some(self.ground.tags)} if run else task
        made = self.made("POST", "/tasks", body)
        if made and run:
            self.ground.tasks.append((run, made["id"]))
        elif made:
            self.ground.alone.append(made["id"])

    def work_alone(self) -> None:
        task = self.one(self.ground.alone)
        if task is None:
            return
        match self.random.choice(["complete", "reopen", "archive", "restore", "delete", "clone"]):
            case "complete":
                if self.ask("POST", "/completed-tasks", {"task_id": task}):
                    self.completed[task] += 1
            case "reopen":
                self.ask("DELETE", f"/completed-tasks/{task}")
            case "archive":
                self.ask("DELETE", f"/tasks/{task}")
            case "restore":
                self.ask("PUT", f"/tasks/{task}/restore")
            case "delete":
                self.ask("DELETE", f"/tasks/{task}/delete")
            case _:
                self.ask("POST", f"/tasks/{task}/clone", {"title": self.name()})

    # What people do with everything around them.

    def edit_template(self) -> None:
        template = self.one(self.ground.templates)
        assert template is not None
        path = f"/checklists/{template['id']}"
        match self.random.choice(["step", "field", "title", "owner", "archive", "restore", "readers"]):
            case "step":
                body = {
                    "title": self.name(),
                    "tags": self.some(self.ground.tags),
                    "groups": self.some(self.ground.groups),
                }
                self.ask("POST", f"{path}/steps", body)
            case "field":
                step = self.random.choice(template["steps"])["id"]
                self.ask("POST", f"{path}/steps/{step}/captures", text_field(label=self.name()))
            case "title":
                self.ask(
                    "PUT", path, {"title": self.name(), "users": [each.id for each in self.some(self.ground.people)]}
                )
            case "owner":
                owner = self.random.choice(self.ground.people).id
                self.ask("PUT", path, {"title": template["title"], "owner_id": owner})
            case "archive":
                self.ask("DELETE", path)
            case "readers":
                users = [each.id for each in self.some(self.ground.people)]
                entry = {"permission": "PROCESS_READ", "all": self.random.random() < 0.5, "users": users}
                self.ask("PUT", f"{path}/permissions", [{**entry, "groups": self.some(self.ground.groups)}])
            case _:
                self.ask("PUT", f"{path}/restore")

    def add_group(self) -> None:
        people = [each.id for each in self.some(self.ground.people)]
        made = self.made("POST", "/groups", {"name": self.name(), "description": "", "members": people, "guests": []})
        if made:
            self.ground.groups.append(made["id"])

    def change_group(self) -> None:
        group = self.one(self.ground.groups)
        if group:
            body = {
                "members": [each.id for each in self.some(self.ground.people)],
                "guests": self.some(self.ground.guests),
            }
            self.ask("PUT", f"/groups/{group}", body)

    def delete_group(self) -> None:
        group = self.one(self.ground.groups)
        if group and self.ask("DELETE", f"/groups/{group}"):
            self.ground.forget(self.ground.groups, group)

    def add_tag(self) -> None:
        made = self.made("POST", "/tags", {"title": self.name()})
        if made:
            self.ground.tags.append(made["id"])

    def tag(self) -> None:
        run, tag = self.one(self.ground.runs), self.one(self.ground.tags)
        if run and tag:
            body = {"subject_id": run, "subject_type": "run", "tag_id": tag, "tag_type": "public"}
            made = self.made("POST", "/checklists/tags", body)
            if made:
                self.ground.links.append(made["id"])

    def untag(self) -> None:
        link = self.one(self.ground.links)
        if link and self.ask("DELETE", f"/checklists/tags/{link}"):
            self.ground.forget(self.ground.links, link)

    def delete_tag(self) -> None:
        tag = self.one(self.ground.tags)
        if tag and self.ask("DELETE", f"/tags/{tag}"):
            self.ground.forget(self.ground.tags, tag)

    def add_folder(self) -> None:
        parent = self.one(self.ground.folders) if self.random.random() < 0.3 else None
        made = self.made("POST", "/folders", {"name": self.name(), "folder_type": "run", "parent_id": parent})
        if made:
            self.ground.folders.append(made["id"])

    def file(self) -> None:
        run, folder = self.one(self.ground.runs), self.one(self.ground.folders)
        if run and folder:
            body = {"folder_id": folder, "subject_id": run, "subject_type": "run"}
            made = self.made("POST", "/folders/add-object", body)
            if made:
                self.ground.filings.append(made["id"])

    def unfile(self) -> None:
        filing = self.one(self.ground.filings)
        if filing and self.ask("DELETE", f"/folders-objects/{filing}"):
            self.ground.forget(self.ground.filings, filing)

    def bring_back(self) -> None:
        """Something that this person finds in the bin; now and then they erase it."""
        found = self.api.get("/bin?per_page=5").json()["data"]
        if not found:
            return
        item = self.random.choice(found)
        if self.random.random() < 0.9:
            self.ask("POST", f"/bin/{item['id']}/restore")
        else:
            self.ask("DELETE", f"/bin/{item['id']}")

    def delete_folder(self) -> None:
        folder = self.one(self.ground.folders)
        if folder and self.ask("DELETE", f"/folders/{folder}"):
            self.ground.forget(self.ground.folders, folder)

    def add_guest(self) -> None:
        made = self.made("POST", "/guests", {"email": f"{self.name()}@partner.test".replace(" ", "")})
        if made:
            self.ground.guests.append(made["email"])

    def remove_guest(self) -> None:
        guest = self.one(self.ground.guests)
        if guest and self.ask("DELETE", f"/guests/{guest}"):
            self.ground.forget(self.ground.guests, guest)

    def change_role(self) -> None:
        person = self.ground.people[-2]
        self.ask("PUT", f"/users/{person.id}/role", {"role": self.random.choice(["light", "standard"])})

    # Reading while others write.

    def list_processes(self) -> None:
        """A page and its total are of the same moment: with everything on one page, they agree."""
        status = self.random.choice(["", "&status=active", "&archived=only", "&starred=true", "&status=problem"])
        answer = self.ask("GET", f"/runs?per_page=100&with=tags,next_task{status}")
        if answer is None:
            return
        listed = answer.json()
        total = listed["meta"]["pagination"]["total"]
        if len(listed["data"]) != min(total, 100):
            self.surprises.append(f"{status}: {len(listed['data'])} listed as {self.person.role}, of {total}")


Action = Callable[[Client], None]
_WEIGHTS: dict[Action, int] = {
    Client.launch: 20,
    Client.rename: 3,
    Client.relate: 5,
    Client.star: 4,
    Client.hand_over: 2,
    Client.archive: 4,
    Client.activate: 4,
    Client.erase: 2,
    Client.submit_form: 1,
    Client.reopen_form: 2,
    Client.report_issue: 2,
    Client.resolve_issue: 4,
    Client.complete: 18,
    Client.reopen: 5,
    Client.assign: 6,
    Client.postpone: 3,
    Client.answer: 2,
    Client.hide: 3,
    Client.comment: 5,
    Client.report_problem: 3,
    Client.resolve_problem: 5,
    Client.add_task: 4,
    Client.work_alone: 4,
    Client.edit_template: 8,
    Client.add_group: 3,
    Client.change_group: 4,
    Client.delete_group: 2,
    Client.add_tag: 3,
    Client.tag: 5,
    Client.untag: 2,
    Client.delete_tag: 3,
    Client.add_folder: 3,
    Client.file: 5,
    Client.unfile: 2,
    Client.delete_folder: 3,
    Client.bring_back: 8,
    Client.add_guest: 2,
    Client.remove_guest: 2,
    Client.change_role: 1,
    Client.list_processes: 8,
}
ACTIONS, WEIGHTS = list(_WEIGHTS), list(_WEIGHTS.values())


def together(clients: Sequence[Client], steps: int, beside: Callable[[threading.Event], None]) -> None:
    """Let all of them work at once, and `beside` until they are done."""
    done = threading.Event()
    helper = threading.Thread(target=beside, args=(done,))
    threads = [threading.Thread(target=client.work, args=(steps,)) for client in clients]
    for thread in (helper, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    helper.join()
