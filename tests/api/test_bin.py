"""The bin: what is deleted rests there and comes back as it was. Spec: behaviour-work 11.1, api-content 16."""

from collections.abc import Iterator
from typing import Any

import pytest

from procession.storage.schema import metadata
from tests.api.task_runs import Run
from tests.api.test_sync import Copy
from tests.builders import Organization, Person
from tests.contents import contents
from tests.harness import Api

# What tells of the past, and what hands out numbers.
HISTORY = {"event", "event_topic", "change", "departure", "sequence", "organization_state", "undoable", "viewer"}
KINDS = ("run", "checklist", "task", "oneoff", "tag", "folder", "snippet", "list")


@pytest.fixture(autouse=True)
def _counts_stay_true(org: Organization) -> Iterator[None]:
    yield
    org.rebuild_stale()
    assert org.differences() == []


def rows_of(org: Organization) -> dict[str, list[Any]]:
    """Everything there is, but for its history; a counter of nothing counts as none."""
    org.rebuild_stale()
    found = contents(org.server, org.number)
    counters = {name for name in found if name.endswith("_counter") or name == "process_block"}
    return {
        name: [row for row in rows if name not in counters or row[-1] != 0]
        for name, rows in found.items()
        if name not in HISTORY
    }


def delete(api: Api, path: str) -> None:
    assert api.request("DELETE", path).status_code in (200, 204)


def binned(api: Api, query: str = "") -> list[dict[str, Any]]:
    return api.data("GET", f"/bin{query}")


def restore(api: Api, item: dict[str, Any], status: int = 200) -> Any:
    answer = api.post(f"/bin/{item['id']}/restore")
    assert answer.status_code == status, answer.text
    return answer.json()["data"] if status == 200 else answer.json()


def named(left: Any) -> list[tuple[str, str]]:
    return [(each["type"], each["id"]) for each in left["left_out"]]


class Office:
    """One of everything that can be deleted, each connected with the others."""

    def __init__(self, org: Organization) -> None:
        self.org, api = org, org.api
        self.iris = org.person()
        self.group = org.group(members=[self.iris])["id"]
        self.guest = org.guest()["email"]
        self.snippet = api.data("POST", "/text-templates", {"title": "Safety", "content": "Wear a helmet"})["id"]
        cities = {"name": "Cities", "columns": ["City"], "rows": [["Kiel"], ["Turin"]]}
        self.list = api.data("POST", "/lists", cities)["id"]
        self.tag = org.tag()["id"]
        self.folder = org.folder(kind="run")["id"]
        self.subfolder = org.folder(kind="run", parent=self.folder)["id"]
        self.shelf = org.folder()["id"]
        city = {"label": "City", "field_type": "dropdown", "list": self.list}
        helmet = f'<p>First: <span class="insert-snippet-tag" data-snippet-id="{self.snippet}"></span></p>'
        self.template = org.template(
            "Lab", steps=[{"title": "Look", "summary": helmet, "captures": [city]}, "File"], kickoff=[{"label": "Farm"}],
            folder_id=self.shelf,
        )  # fmt: skip
        api.data(
            "PUT", f"/checklists/{self.template['id']}", {"title": "Lab", "starred": True, "is_public_kickoff": True}
        )
        attach = {
            "tag_id": self.tag,
            "tag_type": "public",
            "subject_type": "checklist",
            "subject_id": self.template["id"],
        }
        api.data("POST", "/checklists/tags", attach)
        api.data("POST", f"/checklists/{self.template['id']}/comment", {"content": "mind the gap"})
        self.run = self.launch(self.template, tags=[self.tag], folders=[self.folder])
        self.plain = self.launch(self.template)
        owners = {"users": [self.iris.id], "groups": [self.group], "guests": [self.guest]}
        field = {"label": "Phone", "field_type": "text", "required": False}
        self.oneoff = org.one_off(owners=owners, run_id=self.run.id, tags=[self.tag], form_fields=[field])["id"]
        self.task = org.one_off(owners=owners, tags=[self.tag], form_fields=[field])["id"]
        for task in (self.oneoff, self.task):
            api.data("POST", f"/tasks/{task}/comment", {"content": "hello"})
            filed = {"folder_id": self.folder, "subject_id": task, "subject_type": "task"}
            api.data("POST", "/folders/add-object", filed)

    def launch(self, template: dict[str, Any], **more: Any) -> Run:
        prerun = {template["prerun"][0]["id"]: "Alto"}
        run = Run(self.org, template, prerun=prerun, **more)
        run.assign("Look", self.iris)
        run.complete("Look").raise_for_status()
        self.org.api.data("PUT", f"/runs/{run.id}", {"starred": True})
        for label in ("comment", "improvement"):
            comment = {"content": "hello", "label": label}
            said = self.org.api.data("POST", f"/tasks/{run.task_id('File')}/comment", comment)
        self.org.api.post(f"/tasks/{run.task_id('File')}/comment/{said['id']}/reactions", {"emoji": "👍"})
        return run

    def delete(self, kind: str) -> tuple[str, str]:
        """Its path for reading, and its id."""
        api, lab = self.org.api, self.template["id"]
        place, thing = {
            "run": ("/runs/{}", self.run.id),
            "checklist": ("/checklists/{}", lab),
            "task": ("/tasks/{}", self.task),
            "oneoff": ("/tasks/{}", self.oneoff),
            "tag": ("/tags/{}", self.tag),
            "folder": ("/folders/{}", self.folder),
            "snippet": ("/text-templates/{}", self.snippet),
            "list": ("/lists/{}", self.list),
        }[kind]
        path = place.format(thing)
        delete(api, f"{path}/delete" if kind in ("run", "checklist", "task", "oneoff") else path)
        return path, str(thing)

    def unarchive(self, kind: str) -> None:
        path = {"run": f"/runs/{self.run.id}/activate", "checklist": f"/checklists/{self.template['id']}/restore"}
        if kind in path:
            self.org.api.put(path[kind]).raise_for_status()

    def archive(self, kind: str) -> None:
        """What is deleted in two steps."""
        if kind in ("run", "checklist"):
            delete(self.org.api, f"/runs/{self.run.id}" if kind == "run" else f"/checklists/{self.template['id']}")


def test_everything_comes_back_to_the_letter(org: Organization) -> None:
    """BI1, BI4: every row that was there before is there again, with its ids, links, answers, comments and counts."""
    office = Office(org)
    for kind in KINDS:
        office.archive(kind)
        before = rows_of(org)

        path, thing = office.delete(kind)

        assert org.api.get(path).status_code == 404
        assert org.differences() == []
        [item] = binned(org.api)
        shown = {"type": "task" if kind == "oneoff" else kind, "subject_id": thing, "deleted_by": org.admin.id}
        assert item | shown == item and item["name"] and item["expires_at"] > item["deleted_at"]

        answer = restore(org.api, item)

        assert (answer["type"], answer["subject_id"], answer["left_out"]) == (shown["type"], thing, [])
        after = rows_of(org)
        for name, rows in before.items():
            assert comparable(name, after[name]) == comparable(name, rows), f"{kind}: {name}"
        assert binned(org.api) == []
        office.unarchive(kind)
        assert org.api.get(path).status_code == 200


def comparable(name: str, rows: list[Any]) -> list[dict[str, Any]]:
    """Without what says that a thing, or one beside it, was changed: by the deletion, and by what undid it."""
    changed = {"updated_at", "version"} | ({"document"} if name == "process" else set())
    columns = metadata.tables[name].columns.keys() if name != "token" else []
    named = [dict(zip(columns, row, strict=True)) for row in rows] if columns else []
    return [{column: value for column, value in row.items() if column not in changed} for row in named]


def test_what_is_shown_of_a_process_and_its_tasks_is_the_same_again(org: Organization) -> None:
    """BI4: answers, assignees, comments, tags, folder, stars, rights, in lists and alone."""
    office = Office(org)
    run = office.run
    delete(org.api, f"/runs/{run.id}")
    everything = (
        "with=tags,folders,tasks_meta,tasks,ko_form_fields,assets,checklist,starred,permissions,member_watchers"
    )
    paths = [
        f"/runs/{run.id}?{everything}",
        f"/runs?status=archived&{everything}",
        f"/runs/{run.id}/tasks?with=form_fields,threads,tags,folders,summary",
        f"/runs?archived=true&tag={office.tag}",
        "/search?on=process&search=lab",
    ]
    before = [org.api.get(path).json() for path in paths]
    seen_by_iris = [office.iris.api.get(path).json() for path in paths]
    delete(org.api, f"/runs/{run.id}/delete")
    assert [each["id"] for each in org.api.data("GET", "/runs?archived=true")] == [office.plain.id]

    restore(org.api, binned(org.api)[0])

    assert [org.api.get(path).json() for path in paths] == before
    assert [office.iris.api.get(path).json() for path in paths] == seen_by_iris
    org.api.request("PUT", f"/runs/{run.id}/activate").raise_for_status()
    run.complete("File").raise_for_status()


@pytest.mark.parametrize("path", ["/runs", "/tasks", "/checklists"])
def test_copies_follow_into_the_bin_and_out_of_it(org: Organization, path: str) -> None:
    """BI1: `updated_since` reports the deletion, and the thing again when it is back."""
    office = Office(org)
    kind = {"/runs": "run", "/tasks": "task", "/checklists": "checklist"}[path]
    office.archive(kind)
    copy = Copy(org.api, path)
    _, thing = office.delete(kind)
    assert thing in copy.ask()["sync"]["deleted"]
    copy.assert_equal()

    restore(org.api, binned(org.api)[0])

    assert thing in [each["id"] for each in copy.ask()["data"]]
    copy.assert_equal()


def test_who_sees_restores_and_erases(org: Organization) -> None:
    """BI2, BI3: members what they deleted, administrators everything; erasing is for administrators."""
    mira, otto = org.person(), org.person()
    folder, tag = org.folder()["id"], org.tag()["id"]
    task = mira.api.data("POST", "/tasks", one_off_body(mira))["id"]
    delete(mira.api, f"/folders/{folder}")
    delete(mira.api, f"/tasks/{task}/delete")
    delete(org.api, f"/tags/{tag}")

    assert [each["type"] for each in binned(org.api)] == ["tag", "task", "folder"]
    assert [each["type"] for each in binned(mira.api)] == ["task", "folder"]
    assert binned(otto.api) == []
    assert [each["type"] for each in binned(org.api, "?type=folder")] == ["folder"]
    assert org.api.get("/bin?type=run&per_page=1").json()["meta"]["pagination"]["total"] == 0
    page = org.api.get("/bin?per_page=2&page=2").json()
    assert ([each["type"] for each in page["data"]], page["meta"]["pagination"]["total"]) == (["folder"], 3)
    tagged, tasked, filed = binned(org.api)
    assert filed["deleted_by_name"] == "Mira Okoye"
    for item in (tagged, tasked, filed):
        restore(otto.api, item, 404)
        assert otto.api.delete(f"/bin/{item['id']}").status_code == 404
    assert mira.api.delete(f"/bin/{tasked['id']}").status_code == 403
    assert restore(mira.api, tasked)["subject_id"] == task
    org.api.request("PUT", f"/users/{mira.id}/role", json={"role": "light"}).raise_for_status()
    restore(mira.api, filed, 403)
    assert org.api.delete(f"/bin/{filed['id']}").status_code == 204
    assert org.api.delete(f"/bin/{filed['id']}").status_code == 404
    assert restore(org.api, tagged)["subject_id"] == tag
    restore(org.api, tagged, 404)


def one_off_body(who: Person) -> dict[str, Any]:
    deadline = "2031-02-06T16:00:00Z"
    return {"title": "Call", "task_type": "task", "deadline": deadline, "owners": {"users": [who.id]}}


def test_what_others_use_by_now_stands_in_the_way(org: Organization) -> None:
    """BI4: names that were given to others; nothing is half restored, and it stays in the bin."""
    tag = org.tag("urgent")
    cities = {"name": "Cities", "columns": ["City"], "rows": [["Kiel"]]}
    lookup = org.api.data("POST", "/lists", cities)
    template = org.template("Lab")
    delete(org.api, f"/checklists/{template['id']}")
    for path in (f"/tags/{tag['id']}", f"/lists/{lookup['id']}", f"/checklists/{template['id']}/delete"):
        delete(org.api, path)
    org.tag("Urgent")
    org.api.data("POST", "/lists", cities)
    other = org.template("Other")
    org.api.data("PUT", f"/checklists/{other['id']}", {"title": "Other", "alias": template["alias"]})
    before = rows_of(org)

    refused = [restore(org.api, item, 422)["errors"] for item in binned(org.api)]

    assert [list(each) for each in refused] == [["alias"], ["name"], ["title"]]
    assert rows_of(org) == before


def test_what_is_gone_since_is_left_out_and_told(org: Organization) -> None:
    """BI5: tags, folders, groups and guests of a process; a template without its process folder."""
    office = Office(org)
    run = office.run
    everybody = {"users": [office.iris.id], "groups": [office.group], "guests": [office.guest]}
    run.change("File", owners=everybody).raise_for_status()
    delete(org.api, f"/runs/{run.id}")
    delete(org.api, f"/runs/{run.id}/delete")
    delete(org.api, f"/groups/{office.group}")
    delete(org.api, f"/guests/{office.guest}")
    for kind in ("folder", "tag", "list", "snippet"):
        office.delete(kind)
    item = binned(org.api, "?type=run")[0]

    answer = restore(org.api, item)

    expected = {("folder", office.folder), ("group", office.group), ("guest", office.guest), ("tag", office.tag)}
    assert set(named(answer)) == expected
    owners = run.tasks()["File"]["owners"]
    assert (owners["users"], owners["groups"], owners["guests"]) == ([office.iris.id], [], [])
    shown = org.api.data("GET", f"/runs/{run.id}?with=tags,folders")
    assert shown["tags"]["data"] == []
    assert org.differences() == []
    # The tag finds what it was on when it was deleted: not the process that came back later.
    tagged = restore(org.api, binned(org.api, "?type=tag")[0])
    assert named(tagged) == []
    assert org.api.data("GET", f"/runs?archived=true&tag={office.tag}") == []


def test_edits_made_meanwhile_are_kept(org: Organization) -> None:
    """BI5: texts and options that were changed after the deletion stay as they are; the template is named."""
    office = Office(org)
    lab = office.template["id"]
    look = office.template["steps"][0]
    for kind in ("snippet", "list"):
        office.delete(kind)
    path = f"/checklists/{lab}/steps/{look['id']}"
    org.api.data("PUT", path, {"title": "Look", "summary": "<p>Look twice</p>"})
    field = org.api.data("GET", path)["captures"][0]
    options = [{"id": 1, "text": "Kiel"}, {"id": 2, "text": "Ulm"}]
    body = {"label": "City", "field_type": "dropdown", "required": False, "options": options}
    org.api.data("PUT", f"{path}/captures/{field['id']}", body)

    answers = [restore(org.api, item) for item in binned(org.api)]

    assert [named(each) for each in answers] == [[("checklist", lab)]] * 2
    now = org.api.data("GET", path)
    assert now["summary"] == "<p>Look twice</p>"
    assert [each["text"] for each in now["captures"][0]["options"]] == ["Kiel", "Ulm"]


def test_a_folder_takes_back_what_was_not_filed_elsewhere(org: Organization) -> None:
    """BI5"""
    parent = org.folder(kind="run")["id"]
    folder = org.folder(kind="run", parent=parent)["id"]
    inside, moved = (org.folder(kind="run", parent=folder)["id"] for _ in range(2))
    template = org.template(steps=["Look"])
    stays, goes = (org.process(template, folders=[folder])["id"] for _ in range(2))
    delete(org.api, f"/folders/{folder}")
    org.api.data("PUT", f"/folders/{moved}", {"parent_id": inside})
    org.api.data("PUT", f"/runs/{goes}", {"folders": [inside]})

    answer = restore(org.api, binned(org.api)[0])

    assert set(named(answer)) == {("folder", moved), ("run", goes)}
    assert org.api.data("GET", f"/folders/{folder}")["parent_id"] == parent
    assert org.api.data("GET", f"/folders/{inside}")["parent_id"] == folder
    assert [each["id"] for each in org.api.data("GET", f"/runs?folder={folder}")] == [stays]


def test_a_one_off_task_needs_its_process(org: Organization) -> None:
    """BI4: deleted, archived, locked processes take nothing back."""
    office = Office(org)
    run = office.run
    office.delete("oneoff")
    [item] = binned(org.api)
    delete(org.api, f"/runs/{run.id}")
    assert restore(org.api, item, 422)["message"].startswith("This process is archived")
    delete(org.api, f"/runs/{run.id}/delete")
    assert "is not there any more" in restore(org.api, item, 422)["message"]

    restore(org.api, binned(org.api, "?type=run")[0])
    org.api.request("PUT", f"/runs/{run.id}/activate").raise_for_status()
    assert named(restore(org.api, item)) == []

    assert office.oneoff in [each["id"] for each in run.tasks().values()]


def test_a_process_outlives_its_template_in_the_bin(org: Organization) -> None:
    """BI6: the version that it runs stays, also when the template is erased before it is brought back."""
    office = Office(org)
    run, lab = office.run, office.template["id"]
    delete(org.api, f"/runs/{office.plain.id}")
    delete(org.api, f"/runs/{office.plain.id}/delete")
    delete(org.api, f"/runs/{run.id}")
    before = run.tasks("&with=form_fields,summary")
    delete(org.api, f"/runs/{run.id}/delete")
    delete(org.api, f"/checklists/{lab}")
    delete(org.api, f"/checklists/{lab}/delete")
    assert org.api.delete(f"/bin/{binned(org.api)[0]['id']}").status_code == 204

    answer = restore(org.api, binned(org.api)[0])

    assert named(answer) == [("checklist", lab)]
    assert run.tasks("&with=form_fields,summary") == before
    assert versions(org) == 1
    assert org.api.delete(f"/bin/{binned(org.api)[0]['id']}").status_code == 204
    delete(org.api, f"/runs/{run.id}/delete")
    assert versions(org) == 1
    assert org.api.delete(f"/bin/{binned(org.api)[0]['id']}").status_code == 204
    assert versions(org) == 0


def versions(org: Organization) -> int:
    return len(rows_of(org)["template_version"])
