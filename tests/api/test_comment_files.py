"""Files that comments carry, pictures in descriptions, photos. Spec: behaviour-work F2; api-tasks 14.3, 15.3, 15.4."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from procession.domain.actors import BOT
from procession.storage import files as stored
from procession.storage.query import Query
from procession.storage.tables.bin_items import bin_items
from procession.storage.tx import WriteTx, reading, writing
from tests.api.refusals import unchanged
from tests.api.test_files import Files, upload
from tests.builders import Organization

pytestmark = pytest.mark.does_what_is_due
MISSING = "e" * 32


class Comments(Files):
    """Things to comment on, and files for it."""

    def __init__(self, org: Organization) -> None:
        super().__init__(org)
        self.guest = org.guest_api(org.guest()["email"])
        owners = {"users": [self.member.id], "guests": [self.guest.email]}
        self.api.put(self.task_path, {"owners": owners}).raise_for_status()
        self.on_task = {"subject_type": "Task", "subject_id": self.task["id"]}
        self.path = f"/tasks/{self.task['id']}/comment"

    def file(self, name: str = "a.png", *, api: Any = None, **form: str) -> dict[str, Any]:
        """Uploaded for a comment, on the task unless the form says otherwise."""
        return self.asset(api=api, name=name, uploaded_from="comment", **(form or self.on_task))

    def say(self, *assets: Any, path: str = "", api: Any = None, **body: Any) -> dict[str, Any]:
        answer = (api or self.api).post(path or self.path, {"content": "See this.", "assets": list(assets), **body})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]

    def shown(self, api: Any = None) -> dict[str, list[str]]:
        """The files of each comment on the task, by the comment's id."""
        path = f"/tasks/{self.task['id']}?with=threads"
        task = (api or self.api).get(path).json()["data"]
        return {each["id"]: names(each) for each in task["threads"]["data"]}


def names(comment: dict[str, Any]) -> list[str]:
    return [each["filename"] for each in comment["assets"]]


@pytest.fixture
def files(org: Organization) -> Iterator[Comments]:
    found = Comments(org)
    yield found
    org.server.run(org.server.edge.settle())
    assert org.differences() == []


def test_f2_comments_carry_files_wherever_they_are(files: Comments) -> None:
    """F2, F4: on a task, one-off task, process, template and step, in problems and what resolves them; newest first."""
    run, template = files.run["id"], files.template["id"]
    [step] = files.template["steps"]
    one_off = files.org.one_off()["id"]
    of_run = {"subject_type": "Run", "subject_id": run}
    of_template = {"subject_type": "Checklist", "subject_id": template}
    places: list[tuple[dict[str, str], str]] = [
        (files.on_task, f"/tasks/{files.task['id']}"),
        ({**of_run, "step_id": step["id"]}, f"/tasks/{files.task['id']}"),
        (of_run, f"/tasks/{files.task['id']}"),
        ({"subject_type": "Task", "subject_id": one_off}, f"/tasks/{one_off}"),
        (of_run, f"/runs/{run}"),
        (of_template, f"/checklists/{template}"),
        (of_template, f"/checklists/{template}/steps/{step['id']}"),
    ]
    for form, path in places:
        one, two = (files.file(f"{name}.png", **form) for name in "ab")
        said = files.say(one["id"], {**two, "note": "as answered"}, path=f"{path}/comment")
        assert names(said) == ["b.png", "a.png"], path
        assert said["assets"][1] == one
        if "/steps/" not in path:
            problem = files.say(one["id"], path=f"{path}/problem")
            solved = files.say(two["id"], path=f"{path}/resolved-threads", thread_id=problem["id"])
            assert (names(problem), names(solved)) == (["a.png"], ["b.png"])

    run_shown = files.api.data("GET", f"/runs/{run}?with=threads,assets")
    assert names(run_shown["threads"]["data"][0]) == ["b.png", "a.png"]
    assert run_shown["assets"]["data"] == []
    listed = files.api.data("GET", f"/checklists/{template}/comments")
    assert names(listed[0]) == ["b.png", "a.png"]
    assert files.api.data("GET", f"{files.task_path}?with=assets")["assets"]["data"] == []


def test_f2_a_comment_takes_only_files_of_its_subject(files: Comments, other_org: Organization) -> None:
    """422 with a sentence on `assets`, nothing stored; uploads by whoever may not comment are refused, too."""
    other, theirs = files.org.one_off()["id"], other_org.one_off()["id"]
    elsewhere = files.file("b.png", subject_type="Task", subject_id=other)
    foreign = upload(other_org.api, "/file", {"subject_type": "Task", "subject_id": theirs, "uploaded_from": "comment"},
        "c.png", b"").json()["data"]  # fmt: skip
    archived, own = files.file("d.png"), files.file("e.png")
    files.api.delete(f"/assets/{archived['id']}").raise_for_status()
    hidden = files.file("f.png")
    files.say(hidden["id"])
    written = files.say(own["id"])
    sentence = "b.png was uploaded to something else. Upload it to the task that the comment is on first."
    refused: list[tuple[list[Any], Any, list[str]]] = [
        ([elsewhere["id"], own["id"]], files.api, [sentence]),
        ([foreign["id"]], files.api, [f"There is no file {foreign['id']}."]),
        ([archived["id"], MISSING], files.api, [f"There is no file {each}." for each in (archived["id"], MISSING)]),
        ([hidden["id"]], files.guest, [f"There is no file {hidden['id']}."]),
    ]
    with unchanged(files.org, other_org):
        for assets, api, sentences in refused:
            path = f"/tasks/{files.task['id']}/comment"
            answer = api.post(path, {"content": "x", "assets": assets})
            assert (answer.status_code, answer.json().get("errors")) == (422, {"assets": sentences})
        unreadable: list[tuple[Any, dict[str, list[str]]]] = [
            ([MISSING], {"assets": [f"There is no file {MISSING}."]}),
            (["a" * 70_000], {"assets": [f"There is no file {'a' * 100}."]}),
            ("no list", {"assets": ["The assets must be a list."]}),
            ([7], {"assets.0": ["The assets 0 must be a string."]}),
            ([{"name": "x"}], {"assets.0": ["The id field is required."]}),
            ([own["id"]] * 51, {"assets": ["The assets may not have more than 50 items."]}),
        ]
        for assets, errors in unreadable:
            answer = files.api.put(f"{files.path}/{written['id']}", {"assets": assets})
            assert (answer.status_code, answer.json().get("errors")) == (422, errors)
    stranger, light = files.org.guest_api(files.org.guest()["email"]), files.org.person("light")
    files.api.put(files.task_path, {"prevent_guest_comment": True}).raise_for_status()
    for api, statuses in ((files.guest, {403}), (stranger, {404, 422}), (light.api, {422})):
        sent = files.send(api, name="x.png", uploaded_from="comment", **files.on_task)
        assert sent.status_code in statuses, sent.text


def test_f5_whoever_reads_the_comment_reads_its_files(files: Comments, other_org: Organization) -> None:
    """Members who see the task; guests what is open or their own; before a comment names it, who sees the task."""
    org, light = files.org, files.org.person("light")
    stranger = org.guest_api(org.guest()["email"])
    early, ours, theirs = files.file(), files.file(), files.file(api=files.guest)
    hidden = files.say(ours["id"])
    own = files.say(theirs["id"], path=f"/tasks/{files.task['id']}/comment", api=files.guest)
    assert names(own) == ["a.png"]
    readers = (files.member.api, files.guest, stranger, light.api, other_org.api)

    def seen(asset: dict[str, Any]) -> list[bool]:
        return [files.read(asset, each).status_code == 200 for each in readers]

    assert seen(early) == [True, True, False, False, False]
    assert seen(ours) == [True, False, False, False, False]
    assert seen(theirs) == [True, True, False, False, False]
    assert files.shown(files.guest) == {own["id"]: ["a.png"]}
    files.api.put(f"{files.path}/{hidden['id']}", {"state": "open"}).raise_for_status()
    assert seen(ours) == [True, True, False, False, False]
    assert files.shown(files.guest) == files.shown() == {hidden["id"]: ["a.png"], own["id"]: ["a.png"]}
    # Of a template's comment that is hidden, editors.
    form = {"subject_type": "Checklist", "subject_id": files.template["id"]}
    org.allow(files.template, "READ", files.member.id)
    noted = files.file(**form)
    note = files.say(noted["id"], path=f"/checklists/{files.template['id']}/comment")
    assert seen(noted) == [True, False, False, False, False]
    files.api.put(f"/checklists/{files.template['id']}/comments/{note['id']}", {"is_hidden": True}).raise_for_status()
    assert seen(noted) == [False] * 5
    assert files.read(noted).status_code == 200
    # Guests are shut out of all comments.
    files.api.put(files.task_path, {"prevent_guest_comment": True}).raise_for_status()
    assert [seen(each)[1] for each in (ours, theirs)] == [False, False]
    assert files.guest.delete(f"/file/{theirs['id']}").status_code == 404


def test_f8_files_leave_a_comment_and_go_with_it(files: Comments) -> None:
    """Named no more, with the comment, erased by whoever sent it or may change the comment: once nothing else has it."""
    first, second, third, copied = (files.file(f"{name}.png") for name in "abcd")
    guests = files.file("g.png", api=files.guest)
    improvement = files.say(copied["id"], label="improvement", api=files.member.api)
    comment = files.say(first["id"], second["id"])
    other = files.say(second["id"], guests["id"], state="open")
    path = f"{files.path}/{comment['id']}"
    changed = files.api.data("PUT", path, {"assets": [third["id"], second["id"]]})
    assert names(changed) == ["c.png", "b.png"]
    assert names(files.api.data("PUT", path, {"content": "Only the words."})) == ["c.png", "b.png"]
    assert names(files.api.data("PUT", path, {"assets": []})) == []
    for refused in (files.member.api.put(path, {"assets": []}), files.member.api.delete(f"/file/{second['id']}")):
        assert refused.status_code == 403, refused.text
    files.api.delete(f"{files.path}/{improvement['id']}").raise_for_status()
    files.guest.delete(f"/file/{guests['id']}").raise_for_status()
    assert files.shown() == {comment["id"]: [], other["id"]: ["b.png"]}
    files.work(days=29)
    assert [files.read(each).status_code for each in (first, third)] == [200, 200]

    files.work(days=31)

    kept = [(first, 404), (second, 200), (third, 404), (copied, 200), (guests, 404)]
    assert [(each["filename"], files.read(each).status_code) for each, _ in kept] == [
        (each["filename"], status) for each, status in kept
    ]
    [note] = files.api.data("GET", f"/checklists/{files.template['id']}/comments")
    assert names(note) == ["d.png"]
    files.api.delete(f"/file/{copied['id']}").raise_for_status()
    files.api.delete(f"/runs/{files.run['id']}").raise_for_status()
    assert files.api.delete(f"/file/{second['id']}").status_code == 422
    files.work()
    assert [each.name for each in files.on_disk()] == [second["id"]]


def test_f7_files_of_comments_share_the_fate_of_what_these_are_on(files: Comments) -> None:
    """The bin keeps them, restoring brings them back, erasing the last erases them: process, one-off task, template."""
    task_id = files.org.one_off()["id"]
    run, template = files.run["id"], files.template["id"]
    forms: list[tuple[dict[str, str], str, str]] = [
        ({"subject_type": "Run", "subject_id": run}, f"/runs/{run}", f"/runs/{run}/delete"),
        ({"subject_type": "Task", "subject_id": task_id}, f"/tasks/{task_id}", f"/tasks/{task_id}/delete"),
        ({"subject_type": "Checklist", "subject_id": template}, f"/checklists/{template}", f"/checklists/{template}/delete"),
    ]  # fmt: skip
    carried = [files.file()]
    files.say(carried[0]["id"])
    for form, path, _ in forms:
        carried.append(files.file(**form))
        files.say(carried[-1]["id"], path=f"{path}/comment")

    def delete_all() -> list[dict[str, Any]]:
        for _, path, erasing in forms:
            files.api.delete(path)
            gone = files.api.delete(erasing)
            assert gone.status_code in (200, 204), (erasing, gone.text)
        return files.api.data("GET", "/bin")

    def statuses() -> list[int]:
        return [files.read(each).status_code for each in carried]

    binned = delete_all()
    assert len(binned) == 3
    assert files.api.delete(f"/file/{carried[0]['id']}").status_code == 422
    files.work(days=29)
    assert statuses() == [200] * 4
    for each in binned:
        files.api.post(f"/bin/{each['id']}/restore").raise_for_status()
    assert files.org.differences() == []
    assert list(files.shown().values()) == [["a.png"]]
    files.work(days=40)
    assert statuses() == [200] * 4

    delete_all()
    files.work(days=31)
    files.work(days=31)

    assert statuses() == [404] * 4
    assert files.on_disk() == []


def test_what_went_into_the_bin_before_a_column_was_there_comes_back(files: Comments) -> None:
    """Rows of an older schema: of an attachment, kept before comments carried files."""
    task_id = files.org.one_off()["id"]
    note = files.asset(subject_type="Task", subject_id=task_id, uploaded_from="attachment")
    for path in (f"/tasks/{task_id}", f"/tasks/{task_id}/delete"):
        files.api.delete(path)
    [item] = files.api.data("GET", "/bin")

    async def as_before(tx: WriteTx) -> None:
        [(content,)] = await tx.tuples(Query(select(bin_items.c.content).where(bin_items.c.org == bindparam("org"))))
        kept = json.loads(content)
        uses = kept["kept"]["file_use"]
        place = uses["columns"].index("thread")
        for row in (uses["columns"], *uses["rows"]):
            del row[place]
        await tx.update(bin_items, [{"no": item["id"], "content": json.dumps(kept)}])

    server = files.org.server
    server.run(writing(server.database, files.org.number, files.org.id, BOT, server.clock(), as_before))
    files.api.post(f"/bin/{item['id']}/restore").raise_for_status()
    [shown] = files.api.data("GET", f"/tasks/{task_id}?with=assets")["assets"]["data"]
    assert shown == note


def test_f2_descriptions_show_pictures_and_videos(files: Comments) -> None:
    """Of a process, task, step and template, sent by who may change the text; in no list, kept as long as its subject."""
    org, api = files.org, files.api
    [step] = files.template["steps"]
    of_step = {"subject_type": "Checklist", "subject_id": files.template["id"], "step_id": step["id"]}
    subjects = (
        {"subject_type": "Run", "subject_id": files.run["id"]},
        files.on_task,
        {"subject_type": "Checklist", "subject_id": files.template["id"]},
        of_step,
    )
    kinds = ("png", "mp4", "webm", "ogg", "mov")
    shown = [files.asset(name=f"a.{kind}", uploaded_from="description", **form) for form in subjects for kind in kinds]
    picture, video = (each["url"].removesuffix("/dl") for each in shown[-5:-3])
    summary = f'<p><img src="{picture}"></p><video controls="" src="{video}"></video>'
    api.put(f"/checklists/{files.template['id']}/steps/{step['id']}", {"title": "Sign", "summary": summary})

    run = org.process(files.template)
    [task] = api.data("GET", f"/runs/{run['id']}/tasks?with=assets,summary")
    assert (task["summary"], task["assets"]["data"]) == (summary, [])
    assert api.data("GET", f"/checklists/{files.template['id']}?with=assets")["assets"]["data"] == []
    api.put(f"/runs/{run['id']}/tasks/{task['id']}", {"owners": {"guests": [files.guest.email]}}).raise_for_status()
    assert files.guest.get(f"/file/{shown[-5]['id']}").headers["content-type"] == "image/png"
    # Copies of the text show them, too.
    api.data("POST", f"/tasks/{task['id']}/clone")
    second = api.data("POST", f"/checklists/{files.template['id']}/steps/{step['id']}/clone")
    copy = api.data("POST", f"/checklists/{files.template['id']}/clone", {"title": "Copy"})
    used = files.org.server.run(uses_of(files.org, shown[-5]["id"]))
    assert [each.partition(":")[0] for each in used] == ["task", *["template"] * 4]
    assert second["summary"] == summary
    for sent, status in (
        (files.send(name="a.pdf", uploaded_from="description", **files.on_task), 422),
        (files.send(files.guest, name="a.png", uploaded_from="description", **files.on_task), 403),
        (files.send(files.member.api, name="a.png", uploaded_from="description", **of_step), 403),
    ):
        assert sent.status_code == status, sent.text
    files.work(days=40)
    assert all(files.read(each).status_code == 200 for each in shown)
    for each in shown[:5]:
        api.delete(f"/file/{each['id']}").raise_for_status()
    for path in (f"/checklists/{files.template['id']}", f"/checklists/{files.template['id']}/delete"):
        api.delete(path).raise_for_status()
    for item in api.data("GET", "/bin"):
        api.delete(f"/bin/{item['id']}").raise_for_status()
    files.work()
    assert [files.read(each).status_code for each in shown] == [404] * 5 + [200] * 15
    assert api.data("GET", f"/checklists/{copy['id']}")["id"] == copy["id"]


def test_f2_a_member_has_one_photo(files: Comments, other_org: Organization) -> None:
    """A picture of at most 2 MiB of the member's own, or of an administrator's sending; shown wherever they are."""
    org, member = files.org, files.member
    other_org.join(member)
    form: dict[str, Any] = {"subject_type": "User", "subject_id": str(member.id), "uploaded_from": "profile"}
    first, second = (files.asset(api=api, name="a.png", **form) for api in (member.api, files.api))
    pic = second["url"].removesuffix("/dl")
    body = {"first_name": "Ana", "last_name": "Lund", "timezone": "UTC"}

    changed = member.api.data("PUT", "/me", body)

    said = files.say(api=member.api)
    everybody = {each["id"]: each["profile_pic"] for each in files.api.data("GET", "/users-list")}
    assert {changed["profile_pic"], said["author"]["profile_pic"], everybody[member.id]} == {pic}
    elsewhere = {each["id"]: each["profile_pic"] for each in other_org.api.data("GET", "/users-list")}
    assert elsewhere[member.id] is None
    light = org.person("light")
    for reader, status in ((light.api, 200), (files.guest, 200), (other_org.api, 404)):
        assert reader.get(f"/file/{second['id']}").status_code == status
    assert files.read(first).status_code == 404
    for sent, status, field in (
        (files.send(member.api, name="a.png", content=bytes(2 * 1024 * 1024 + 1), **form), 422, "name"),
        (files.send(member.api, name="a.pdf", **form), 422, "name"),
        (files.send(name="a.png", **{**form, "subject_id": "77"}), 422, "subject_id"),
        (files.send(light.api, name="a.png", **form), 403, ""),
        (files.send(files.guest, name="a.png", **form), 404, ""),
    ):
        assert sent.status_code == status, sent.text
        assert not field or list(sent.json()["errors"]) == [field]
    assert files.answer(second).status_code == 422
    assert light.api.delete(f"/file/{second['id']}").status_code == 403
    member.api.delete(f"/file/{second['id']}").raise_for_status()
    assert member.api.data("GET", "/me")["profile_pic"] is None
    files.asset(api=member.api, name="a.png", **form)
    for path in (f"/users/{member.id}/disable", f"/users/{member.id}/delete"):
        assert files.api.delete(path).status_code in (200, 204)
    files.work()
    assert files.on_disk() == []


async def uses_of(org: Organization, file_id: str) -> list[str]:
    """What refers to the file, as the storage names it."""
    async with reading(org.server.database, org.number, org.id, BOT, org.server.clock()) as tx:
        file = await stored.find(tx, file_id)
        assert file is not None
        return [use.holder for use in await stored.uses(tx, file.no)]
