"""What `with=` adds to rows. Spec: api-processes 4, api-conventions 9."""

from typing import Any

import pytest

from tests.builders import Organization, text_field
from tests.lists.making import assign, complete, hide, ids, launch, launch_due, listed, one, tasks_of

D = 1_900_000_000_000
HOUR = 3_600_000
NAMES = [
    "checklist", "tasks", "tags", "assets", "next_task", "permissions", "tasks_meta", "ko_form_fields", "form_fields",
    "stages", "folders",
]  # fmt: skip
TO_ONE = {"checklist", "permissions", "tasks_meta"}


@pytest.mark.parametrize("name", NAMES)
def test_an_include_is_there_when_asked_for_and_only_then(org: Organization, name: str) -> None:
    run = launch(org, org.template())

    included = one(org.api, run, f"with={name}")

    kind = dict if name in TO_ONE else list
    assert set(included) - set(one(org.api, run)) == {name}
    assert set(included[name]) == {"data"} and isinstance(included[name]["data"], kind)


def test_includes_never_change_the_rows_or_their_order(org: Organization) -> None:
    template = org.template(steps=["One", "Two"])
    for _ in range(5):
        launch(org, template)
    plain = listed(org.api, "sort=-created_at")

    everything = listed(org.api, "sort=-created_at&with=" + ",".join(NAMES))

    stripped = [{key: value for key, value in row.items() if key not in NAMES} for row in everything["data"]]
    assert stripped == plain["data"]
    assert everything["meta"]["pagination"]["total"] == 5


def test_a_streamed_row_is_the_same_with_every_include(org: Organization) -> None:
    template = org.template(
        steps=["One", {"title": "Two", "captures": [{"label": "Weight"}]}], kickoff=[{"label": "Farm"}]
    )
    for _ in range(3):
        launch(org, template, tags=[org.tag()["id"]])
    query = "form_fields_values=1&with=" + ",".join([*NAMES, "checklist.steps", "tasks.form_fields"])

    assert listed(org.api, query + "&without_pagination=1")["data"] == listed(org.api, query)["data"]


@pytest.mark.parametrize(
    ("with_", "present"),
    [
        pytest.param("checklist.steps", "checklist", id="the parent of a nested one comes too"),
        pytest.param("tags,tags,%20tags%20", "tags", id="repeats and blanks"),
        pytest.param("with[]", "", id="nothing known"),
    ],
)
def test_names_are_read_leniently(org: Organization, with_: str, present: str) -> None:
    row = one(org.api, launch(org, org.template()), f"with={with_}")

    assert {name for name in NAMES if name in row} == ({present} if present else set())


class TestChecklist:
    def test_pr17_it_is_the_version_that_was_launched(self, org: Organization) -> None:
        """Spec: behaviour-work X4."""
        template = org.template("Before", steps=["One", "Two"], kickoff=[{"label": "Farm"}])
        run = launch(org, template)
        path = f"/checklists/{template['id']}"
        assert org.api.put(path, {"title": "After", "summary": "new"}).is_success
        assert org.api.post(f"{path}/steps", {"title": "Three"}).is_success
        later = launch(org, template)

        [new, old] = listed(org.api, "with=checklist.steps")["data"]

        assert (old["id"], new["id"]) == (run["id"], later["id"])
        for row, title, steps in ((old, "Before", ["One", "Two"]), (new, "After", ["One", "Two", "Three"])):
            checklist = row["checklist"]["data"]
            assert checklist["id"] == row["checklist_id"] and checklist["title"] == title == row["checklist_title"]
            assert [step["title"] for step in checklist["steps"]["data"]] == steps
            assert checklist["steps_count"] == len(steps)
            assert [field["label"] for field in checklist["prerun"]] == ["Farm"]
            assert checklist["automated_actions"] == []

    def test_it_outlives_its_template(self, org: Organization) -> None:
        """Spec: behaviour-work Y11."""
        template = org.template("Short-lived", steps=["One"])
        run = launch(org, template)
        assert org.api.delete(f"/checklists/{template['id']}").is_success
        archived = one(org.api, run, "with=checklist.steps")["checklist"]["data"]
        assert org.api.delete(f"/checklists/{template['id']}/delete").is_success

        erased = one(org.api, run, "with=checklist.steps")["checklist"]["data"]

        for each in (archived, erased):
            assert each["title"] == "Short-lived" and [step["title"] for step in each["steps"]["data"]] == ["One"]

    def test_t_8_11_secret_steps_are_told_to_those_on_their_tasks(self, org: Organization) -> None:
        assigned, other = org.person(), org.person()
        secret = {"title": "Salary", "top_secret": True, "assignees": [assigned.id], "assign_run_starter": False}
        template = org.template(steps=["Call", secret])
        org.allow(template, "PROCESS_READ", assigned.id, other.id)
        run = launch(org, template)

        def steps(shown: Any) -> list[str]:
            return [step["title"] for step in shown["checklist"]["data"]["steps"]["data"]]

        for person, expected in ((org.admin, ["Call", "Salary"]), (assigned, ["Call", "Salary"]), (other, ["Call"])):
            [row] = listed(person.api, "with=checklist.steps")["data"]
            assert steps(row) == steps(one(person.api, run, "with=checklist.steps")) == expected
            [task] = person.api.data("GET", f"/runs/{run['id']}/tasks?with=run.checklist.steps")[:1]
            assert steps(task["run"]["data"]) == expected


class TestTasks:
    def test_they_come_by_position_without_hidden_ones(self, org: Organization) -> None:
        run = launch(org, org.template(steps=["One", "Two", "Three", "Four"]))
        tasks = tasks_of(org, run)
        hide(org, run, tasks[1])

        shown = one(org.api, run, "with=tasks")["tasks"]["data"]

        assert [task["title"] for task in shown] == ["One", "Three", "Four"]
        assert [task["position"] for task in shown] == sorted(task["position"] for task in shown)
        assert [task["title"] for task in tasks_of(org, run)] == ["One", "Two", "Three", "Four"]

    def test_secret_ones_are_left_out_for_outsiders(self, org: Organization) -> None:
        owner, assignee, member = org.person(), org.person(), org.person("light")
        group = org.group(members=[member])
        template = org.template(
            steps=["Open", {"title": "Secret", "top_secret": True, "captures": [{"label": "Code"}]}]
        )
        run = launch(org, template, owner_id=owner.id)
        assign(org, run, tasks_of(org, run)[1], assignee, groups=[group["id"]])

        for api, titles in (
            (org.api, ["Open", "Secret"]),
            (assignee.api, ["Open", "Secret"]),
            (member.api, ["Open", "Secret"]),
            (owner.api, ["Open"]),
        ):
            row = one(api, run, "with=tasks,form_fields,stages,next_task,tasks_meta")
            assert [task["title"] for task in row["tasks"]["data"]] == titles
            assert [field["label"] for field in row["form_fields"]["data"]] == ["Code"][: len(titles) - 1]
            assert row["tasks_meta"]["data"]["total"] == len(titles)


class TestNextTask:
    def test_its_shape(self, org: Organization) -> None:
        """4.1."""
        run = launch(org, org.template(steps=["Check bank details"]))
        [task] = tasks_of(org, run)

        [following] = one(org.api, run, "with=next_task")["next_task"]["data"]

        assert following == {
            "id": task["id"],
            "increment_id": task["increment_id"],
            "title": "Check bank details",
            "alias": task["alias"],
            "owners": {"users": [org.admin.id], "guests": [], "groups": []},
            "deadline": task["deadline"],
        }

    def test_variables_in_its_title_are_replaced(self, org: Organization) -> None:
        """L-7.10: resolved when read."""
        template = org.template(
            steps=["Call {{farm-1}} of {{current-process-id}}", "Plain"], kickoff=[{"label": "Farm"}]
        )
        runs = [launch(org, template, prerun={template["prerun"][0]["id"]: name}) for name in ("Alto", "Baixo")]

        rows = listed(org.api, "with=next_task,tasks&sort=created_at")["data"]

        for row, run, name in zip(rows, runs, ("Alto", "Baixo"), strict=True):
            assert (
                row["next_task"]["data"][0]["title"]
                == f"Call {name} of {run['id']}"
                == row["tasks"]["data"][0]["title"]
            )

    @pytest.mark.parametrize(
        ("deadlines", "gone", "expected"),
        [
            pytest.param([2, 1, 3], {}, "1", id="PR16 the earliest deadline"),
            pytest.param([2, 1, 3], {1: hide}, "0", id="PR16 hidden ones are ignored"),
            pytest.param([2, 1, 3], {1: complete, 0: complete}, "2", id="completed ones are done"),
            pytest.param([1, 1, 1], {}, "0", id="equal deadlines by position"),
            pytest.param([3, 3, 3], {0: hide}, "1", id="equal deadlines by position, hidden ones ignored"),
            pytest.param([1, 2, 3], {0: complete, 1: complete, 2: complete}, None, id="PR16 empty when all is done"),
        ],
    )
    def test_which_one_it_is(self, org: Organization, deadlines: list[int], gone: Any, expected: str | None) -> None:
        """Spec: behaviour-work N-1."""
        run = launch_due(org, org.template(steps=["0", "1", "2"]), *[D + n * HOUR for n in deadlines])
        tasks = tasks_of(org, run)
        for place, act in gone.items():
            act(org, run, tasks[place])

        titles = [task["title"] for task in one(org.api, run, "with=next_task")["next_task"]["data"]]

        assert titles == ([] if expected is None else [expected])

    def test_work_in_progress_counts_as_open(self, org: Organization) -> None:
        run = launch_due(org, org.template(steps=["0", "1"]), D, D + HOUR)
        task = tasks_of(org, run)[0]
        complete(org, run, task)
        assert org.api.delete(f"/runs/{run['id']}/completed-tasks/{task['id']}").is_success

        assert one(org.api, run, "with=next_task")["next_task"]["data"][0]["title"] == "0"

    def test_a_task_without_a_deadline_comes_last(self, org: Organization) -> None:
        run = launch_due(org, org.template(steps=["0", "1"]), D, D + HOUR)
        first = tasks_of(org, run)[0]
        assert org.api.put(f"/runs/{run['id']}/tasks/{first['id']}", {"deadline": None}).is_success

        assert one(org.api, run, "with=next_task")["next_task"]["data"][0]["title"] == "1"


def test_tasks_meta_counts_visible_tasks(org: Organization) -> None:
    run = launch_due(org, org.template(steps=list("abcde")), *[D + n * HOUR for n in range(5)])
    tasks = tasks_of(org, run)
    complete(org, run, tasks[0])
    complete(org, run, tasks[1])
    assert org.api.delete(f"/runs/{run['id']}/completed-tasks/{tasks[1]['id']}").is_success
    hide(org, run, tasks[2])
    assert org.api.post(f"/tasks/{tasks[3]['id']}/problem", {"content": "stuck"}).is_success

    assert one(org.api, run, "with=tasks_meta")["tasks_meta"]["data"] == {
        "total": 4, "completed": 1, "in_progress": 1, "not_started": 2, "overdue": 0, "due_soon": 0, "problems": 1,
    }  # fmt: skip


class TestTagsAndFolders:
    def test_tags_carry_their_association(self, org: Organization) -> None:
        tags = [org.tag(title, "#3366ff") for title in ("Zürich", "alpha", "EMEA")]
        run = launch(org, org.template(), tags=[tag["id"] for tag in tags])

        shown = one(org.api, run, "with=tags")["tags"]["data"]

        assert [tag["title"] for tag in shown] == ["alpha", "EMEA", "Zürich"]
        assert {tag["tag_id"] for tag in shown} == {tag["id"] for tag in tags}
        assert all(type(tag["id"]) is int and tag["color"] == "#3366ff" for tag in shown)
        assert org.api.delete(f"/checklists/tags/{shown[0]['id']}").status_code == 204
        assert [tag["title"] for tag in one(org.api, run, "with=tags")["tags"]["data"]] == ["EMEA", "Zürich"]

    def test_folders_carry_their_relation(self, org: Organization) -> None:
        parent = org.folder("Clients", kind="run")
        folder = org.folder("ACME", kind="run", parent=parent["id"])
        run = launch(org, org.template(), folders=[folder["id"]])

        [shown] = one(org.api, run, "with=folders")["folders"]["data"]

        relation = shown.pop("folder_object_id")
        assert shown == {"id": folder["id"], "name": "ACME", "parent_id": parent["id"]}
        assert org.api.delete(f"/folders-objects/{relation}").status_code == 204
        assert one(org.api, run, "with=folders")["folders"]["data"] == []


class TestForms:
    @pytest.fixture
    def run(self, org: Organization) -> dict[str, Any]:
        steps = [{"title": "Weigh", "captures": [{"label": "Weight"}, {"label": "Note"}]}, "Ship"]
        template = org.template(steps=steps, kickoff=[{"label": "Farm"}, {"label": "Field"}])
        run = launch(org, template, prerun={template["prerun"][0]["id"]: "Alto"})
        [weight, _] = template["steps"][0]["captures"]
        task = tasks_of(org, run)[0]
        answered = org.api.put(f"/runs/{run['id']}/tasks/{task['id']}", {"taskdata": {weight["id"]: "12"}})
        assert answered.status_code == 200
        return run

    def test_kick_off_fields_come_in_template_order_with_answers(self, org: Organization, run: dict[str, Any]) -> None:
        fields = one(org.api, run, "with=ko_form_fields")["ko_form_fields"]["data"]

        assert [(field["label"], field["field_value"], field["task_id"]) for field in fields] == [
            ("Farm", "Alto", None),
            ("Field", None, None),
        ]

    def test_task_fields_come_with_answers_when_asked_for(self, org: Organization, run: dict[str, Any]) -> None:
        task = tasks_of(org, run)[0]

        bare = one(org.api, run, "with=form_fields")["form_fields"]["data"]
        filled = one(org.api, run, "with=form_fields&form_fields_values=true")["form_fields"]["data"]

        assert [field["label"] for field in bare] == ["Weight", "Note"]
        assert all("field_value" not in field and field["task_id"] == task["id"] and field["alias"] for field in bare)
        assert [field["field_value"] for field in filled] == ["12", None]

    def test_fields_of_one_off_tasks_come_too(self, org: Organization, run: dict[str, Any]) -> None:
        org.one_off(run_id=run["id"], form_fields=[text_field(label="Extra")])

        labels = [field["label"] for field in one(org.api, run, "with=form_fields")["form_fields"]["data"]]

        assert sorted(labels) == ["Extra", "Note", "Weight"]

    def test_the_forms_of_one_process(self, org: Organization, run: dict[str, Any]) -> None:
        """P10: bare lists, with answers."""
        forms = org.api.data("GET", f"/runs/{run['id']}/form-fields")

        row = one(org.api, run, "with=form_fields,ko_form_fields&form_fields_values=1")
        assert forms == {
            "id": run["id"],
            "name": run["name"],
            "form_fields": row["form_fields"]["data"],
            "ko_form_fields": row["ko_form_fields"]["data"],
        }


def test_stages_count_their_visible_tasks(org: Organization) -> None:
    """T-5.22: a process has the milestones of its template, and so has its export. Spec: behaviour-work S1, S5."""
    template = org.template(steps=["a", "b", "c", "d"])
    path = f"/checklists/{template['id']}/stages"
    first = org.api.data("POST", path, {"name": "Prepare"})
    second = org.api.data("POST", path, {"name": "Deliver"})
    steps = [step["id"] for step in template["steps"]]
    assert org.api.put(f"{path}/{first['id']}", {"name": "Prepare", "steps": steps[:3]}).is_success
    run = launch(org, template)
    tasks = tasks_of(org, run)
    complete(org, run, tasks[0])
    hide(org, run, tasks[1])

    assert [task["stage_id"] for task in tasks] == [first["id"]] * 3 + [None]
    assert one(org.api, run, "with=stages")["stages"]["data"] == [
        {"id": first["id"], "name": "Prepare", "position": 1, "task_count": 2, "completed_count": 1},
        {"id": second["id"], "name": "Deliver", "position": 2, "task_count": 0, "completed_count": 0},
    ]
    rows = org.api.data("POST", f"/runs/{run['id']}/export", status=200)
    columns = ("process_task_name", "milestone_id", "milestone_name", "milestone_position")
    found = {tuple(row[name] for name in columns) for row in rows}
    assert {("c", first["id"], "Prepare", 1), ("d", "", "", "")} <= found


class TestOneProcess:
    """P3: further includes of a single process."""

    def test_threads(self, org: Organization) -> None:
        run = launch(org, org.template())
        assert org.api.post(f"/runs/{run['id']}/comment", {"content": "hello"}).is_success
        assert org.api.post(f"/runs/{run['id']}/problem", {"content": "stop"}).is_success

        threads = org.api.data("GET", f"/runs/{run['id']}?with=threads")["threads"]["data"]

        assert [thread["label"] for thread in threads] == ["comment", "problem"]
        assert "threads" not in one(org.api, run, "with=threads")

    @pytest.mark.parametrize("name", NAMES)
    def test_the_same_as_in_the_list(self, org: Organization, name: str) -> None:
        template = org.template(
            steps=[{"title": "One", "captures": [{"label": "Weight"}]}], kickoff=[{"label": "Farm"}]
        )
        run = launch(org, template, tags=[org.tag()["id"]])

        assert org.api.data("GET", f"/runs/{run['id']}?with={name}") == one(org.api, run, f"with={name}")

    def test_a_launch_answers_with_includes_too(self, org: Organization) -> None:
        """7.5."""
        template = org.template(steps=["One"])

        made = org.api.data("POST", "/runs?with=next_task,tags,tasks", {"checklist_id": template["id"]})

        assert [task["title"] for task in made["next_task"]["data"]] == ["One"]
        assert made["tags"] == {"data": []} and len(made["tasks"]["data"]) == 1
        assert ids(org.api) == [made["id"]]
