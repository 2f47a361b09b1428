"""Uploading, reading and erasing files, and answers that refer to them. Spec: behaviour-work 8; the wire: TK22, TK23."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from procession.worker.timers import fire_due
from tests.builders import Organization
from tests.harness import Api

pytestmark = pytest.mark.does_what_is_due
CONTENT = bytes(range(256)) * 40


class Files:
    """An organization whose template asks for files at the launch and on its step."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.api = org.api
        field = {"field_type": "file"}
        self.template = org.template(
            steps=[{"title": "Sign", "captures": [{"label": "Contract", **field, "required": True}]}],
            kickoff=[{"label": "Application", **field}],
        )
        self.kickoff: str = self.api.data("GET", f"/checklists/{self.template['id']}")["prerun"][0]["id"]
        self.member = org.person()
        org.allow(self.template, "PROCESS_READ", self.member.id)
        self.run = org.process(self.template)
        [self.task] = self.api.data("GET", f"/runs/{self.run['id']}/tasks?with=form_fields")
        self.field: str = self.task["form_fields"]["data"][0]["id"]
        self.task_path = f"/runs/{self.run['id']}/tasks/{self.task['id']}"

    def form(self, **changes: str) -> dict[str, str]:
        return {"subject_type": "Run", "subject_id": self.run["id"], "uploaded_from": self.field, **changes}

    def send(
        self, api: Any = None, *, name: str = "contract.pdf", content: bytes = CONTENT, path: str = "/file", **form: str
    ) -> httpx.Response:
        return upload(api or self.api, path, self.form(**form), name, content)

    def asset(self, **options: Any) -> dict[str, Any]:
        answer = self.send(**options)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def answer(self, *entries: dict[str, Any], api: Api | None = None) -> httpx.Response:
        return (api or self.api).put(self.task_path, {"taskdata": {self.field: list(entries)}})

    def answered(self) -> list[dict[str, Any]]:
        return self.api.data("GET", f"{self.task_path}?with=taskdata")["taskdata"].get(self.field, [])

    def read(self, asset: dict[str, Any], api: Any = None) -> httpx.Response:
        return (api or self.api).get(f"/file/{asset['id']}/dl")

    def on_disk(self) -> list[Path]:
        return [each for each in (self.org.server.settings.files_folder / self.org.id).rglob("*") if each.is_file()]

    def work(self, *, days: float = 0) -> None:
        """What is due so many days from now happens."""
        server, edge = self.org.server, self.org.server.edge
        server.clock.advance(days=days, seconds=1)
        server.run(fire_due(edge.database, edge.clock, edge.means, edge.files))
        server.clock.release()


def upload(api: Any, path: str, form: dict[str, str], name: str, content: bytes) -> httpx.Response:
    request = api.request if isinstance(api, Api) else api.send
    return request("POST", path, data=form, files={"name": (name, content)})


@pytest.fixture
def files(org: Organization) -> Iterator[Files]:
    found = Files(org)
    yield found
    org.server.run(org.server.edge.settle())
    assert org.differences() == []


def test_an_uploaded_file_comes_back_byte_for_byte(files: Files) -> None:
    """TK22, F1, F6: its metadata, inline, as a download with its name, in parts; erased, it is gone."""
    asset = files.asset(name="../Vertrag für Ana.pdf", system="drive")

    assert asset["filename"] == "Vertrag für Ana.pdf"
    assert asset["subject"] == {"id": files.run["id"], "type": "Run"}
    assert (asset["size"], asset["mime_type"], asset["version"]) == (len(CONTENT), "application/pdf", 1)
    assert files.api.data("GET", f"/assets/{asset['id']}") == asset
    inline = files.api.get(f"/file/{asset['id']}")
    assert (inline.content, inline.headers["content-type"]) == (CONTENT, "application/pdf")
    assert inline.headers["content-disposition"].startswith("inline")
    for path in (f"/file/{asset['id']}/dl", f"/download-files/{asset['id']}"):
        whole = files.api.get(path)
        assert (whole.content, whole.headers["content-type"]) == (CONTENT, "application/octet-stream")
        name = "attachment; filename=\"Vertrag f_r Ana.pdf\"; filename*=UTF-8''Vertrag%20f%C3%BCr%20Ana.pdf"
        assert whole.headers["content-disposition"] == name
        assert whole.headers["x-content-type-options"] == "nosniff"
        assert whole.headers["content-length"] == str(len(CONTENT))
    part = files.api.get(f"/file/{asset['id']}/dl", headers={"Range": "bytes=250-259"})
    assert (part.status_code, part.content) == (206, CONTENT[250:260])
    assert part.headers["content-range"] == f"bytes 250-259/{len(CONTENT)}"
    assert files.api.get(f"/file/{asset['id']}", headers={"Range": "bytes=99999-"}).status_code == 416

    erased = files.api.delete(f"/file/{asset['id']}")

    assert (erased.status_code, erased.content) == (200, b"")
    assert files.read(asset).status_code == 404
    assert files.api.delete(f"/file/{asset['id']}").status_code == 404
    assert len(files.on_disk()) == 1
    files.work()
    assert files.on_disk() == []


@pytest.mark.parametrize("path", ["/file", "/assets", "/upload", "/files"])
def test_every_name_of_the_upload_takes_either_name_of_the_part(files: Files, path: str) -> None:
    assert files.asset(path=path)["uploaded_from"] == files.field
    sent = files.api.request("POST", path, data=files.form(), files={"file": ("a.txt", b"")})
    assert sent.json()["data"]["size"] == 0
    assert files.read(sent.json()["data"]).content == b""


def test_what_is_refused_leaves_nothing_behind(files: Files) -> None:
    """F6, DEC-23: programs by name or content, kinds that are not listed, too much, forms that say too little."""
    other = files.org.template(kickoff=[{"label": "Reason"}])
    refused: list[tuple[str, httpx.Response, int]] = [
        ("name", files.send(name="setup.exe"), 422),
        ("name", files.send(name="page.html", content=b"<script>"), 422),
        ("name", files.send(name="no extension"), 422),
        ("name", files.send(name="renamed.pdf", content=b"\x7fELF" + CONTENT), 422),
        ("name", files.send(name="renamed.doc", content=b"MZ\x90\x00" + bytes(200)), 422),
        ("name", files.api.request("POST", "/file", files={"picture": ("a.png", b"")}, data=files.form()), 422),
        ("name", files.api.request("POST", "/file", files={"x": (None, "y")}, data=files.form()), 422),
        ("uploaded_from", files.send(uploaded_from="f" * 32), 422),
        ("subject_id", files.send(subject_id="0" * 32), 422),
        ("subject_type", files.send(subject_type="Folder"), 422),
        ("checklist_id", files.send(checklist_id=files.run["id"]), 422),
        ("uploaded_from", files.send(subject_type="Checklist", subject_id=other["id"]), 422),
        ("", files.api.post("/file", {"name": "x"}), 415),
        ("", files.api.request("POST", "/file", content=b"--x\r\n", headers={"Content-Type": MULTIPART}), 400),
    ]

    for field, answer, status in refused:
        assert answer.status_code == status, answer.text
        assert not field or list(answer.json()["errors"]) == [field], answer.text
    files.org.server.run(files.org.server.edge.settle())
    files.work()
    assert files.on_disk() == []


MULTIPART = "multipart/form-data; boundary=x"


def test_a_file_field_takes_files_in_every_encoding(files: Files) -> None:
    """F3, TK23: by reference alone, as the whole object, by its own address, elsewhere, without a scheme; none twice."""
    one, two, three = (files.asset(name=f"{name}.pdf") for name in "abc")
    sent = [
        {"id": one["id"]},
        two,
        {"url": f"https://flow.example/api/{three['url']}", "source": "url", "filename": "x"},
        {"url": "files.example/d.pdf", "filename": "d.pdf", "source": "url"},
        {"full_url": "http://files.example/e.pdf"},
    ]

    files.answer(*sent).raise_for_status()

    stored = files.answered()
    assert [each.get("filename") for each in stored] == ["a.pdf", "b.pdf", "c.pdf", "d.pdf", None]
    assert [each["full_url"] for each in stored[:3]] == [each["url"] for each in (one, two, three)]
    assert stored[3]["url"] == "https://files.example/d.pdf"
    shown = files.api.data("GET", f"{files.task_path}?with=form_fields")["form_fields"]["data"][0]
    assert shown["field_value"] == stored
    unknown = files.answer({"id": "e" * 32})
    assert unknown.json()["errors"] == {"taskdata": [{files.field: [f"Contract: there is no file {'e' * 32}"]}]}
    assert files.answered() == stored


def test_a_required_file_is_missing_until_it_is_uploaded_and_attached(files: Files) -> None:
    """T-11.16, C7: an upload alone completes nothing. F8: taking it out again is a matter of the open task."""
    body = {"task_id": files.task["id"]}
    path = f"/runs/{files.run['id']}/completed-tasks"
    asset = files.asset()
    assert files.api.post(path, body).json()["errors"] == {files.field: ["Contract is required"]}
    files.answer(asset, {"url": "https://x.example/b"}).raise_for_status()
    extra = files.asset(name="extra.pdf")
    files.answer(asset, extra).raise_for_status()
    files.api.delete(f"/file/{extra['id']}").raise_for_status()
    assert [each["id"] for each in files.answered()] == [asset["id"]]

    files.api.post(path, body).raise_for_status()

    for refused in (files.api.delete(f"/file/{asset['id']}"), files.send()):
        assert refused.status_code == 422, refused.text
    assert files.read(asset).content == CONTENT


def test_files_follow_the_sight_of_what_refers_to_them(files: Files, other_org: Organization) -> None:
    """F5: members who see the task, guests whose task it is, nobody else; one cannot get at a file by naming it."""
    org = files.org
    guest, other_guest = (org.guest_api(org.guest()["email"]) for _ in range(2))
    light = org.person("light")
    files.api.put(files.task_path, {"owners": {"users": [], "guests": [guest.email]}}).raise_for_status()
    asset = files.asset(api=guest, subject_type="Task", subject_id=files.task["id"])
    guest.put(f"/tasks/{files.task['id']}", {"taskdata": {files.field: [asset]}}).raise_for_status()
    mine = org.one_off(light, form_fields=[{"label": "F", "field_type": "file", "required": False}])
    own = files.api.data("GET", f"/tasks/{mine['id']}?with=form_fields")["form_fields"]["data"][0]["id"]

    assert asset["subject"]["type"] == "Run"
    for reader, seen in ((guest, True), (files.member.api, True), (other_guest, False), (light.api, False)):
        assert files.read(asset, reader).status_code == (200 if seen else 404)
        assert reader.get(f"/assets/{asset['id']}").status_code == (200 if seen else 404)
    assert files.read(asset, other_org.api).status_code == 404
    named = light.api.put(f"/tasks/{mine['id']}", {"title": mine["title"], "taskdata": {own: [{"id": asset["id"]}]},
        "deadline": "2031-02-06T16:00:00Z", "owners": {"users": [light.id]}})  # fmt: skip
    assert named.status_code == 422
    for refused in (light.api.delete(f"/file/{asset['id']}"), files.send(light.api), files.send(other_guest)):
        assert refused.status_code in (403, 404, 422), refused.text
    assert guest.delete(f"/file/{asset['id']}").status_code == 200
    assert files.answered() == []


def test_a_launch_takes_files_and_the_process_lists_them(files: Files) -> None:
    """F4, F7: kick-off files are shared by reference, the newest first; deleted with the last that refers to them."""
    form = {"subject_type": "template", "subject_id": files.template["id"], "uploaded_from": "ko_field"}
    assets = [files.asset(name=f"{name}.pdf", **form) for name in "ab"]
    runs = [files.org.process(files.template, prerun={files.kickoff: assets}) for _ in range(2)]
    note = files.asset(subject_id=runs[0]["id"], uploaded_from="attachment", name="note.txt")

    shown = files.api.data("GET", f"/runs/{runs[0]['id']}?with=assets")["assets"]["data"]
    assert [each["filename"] for each in shown] == ["note.txt", "b.pdf", "a.pdf"]
    row = files.api.data("POST", f"/runs/{runs[0]['id']}/export", status=200)[0]
    assert row["answer_in_form_field"] == "a.pdf, b.pdf"
    for run in runs:
        files.api.delete(f"/runs/{run['id']}").raise_for_status()
        files.api.delete(f"/runs/{run['id']}/delete").raise_for_status()
    second, first = files.api.data("GET", "/bin")
    files.work(days=29)
    assert all(files.read(each).status_code == 200 for each in (*assets, note))
    assert files.api.delete(f"/file/{note['id']}").status_code == 422
    files.api.post(f"/bin/{first['id']}/restore").raise_for_status()
    files.api.delete(f"/bin/{second['id']}").raise_for_status()
    files.work()
    assert all(files.read(each).status_code == 200 for each in (*assets, note))
    files.api.delete(f"/runs/{runs[0]['id']}/delete").raise_for_status()
    files.api.delete(f"/bin/{files.api.data('GET', '/bin')[0]['id']}").raise_for_status()
    files.work()

    assert all(files.read(each).status_code == 404 for each in (*assets, note))
    assert files.on_disk() == []


def test_what_nothing_refers_to_is_erased_after_thirty_days(files: Files) -> None:
    """Unattached, taken out of its answer, deleted while another form names it: each is kept as long as it has a use."""
    unused, replaced, kept = (files.asset(name=f"{name}.pdf") for name in "abc")
    files.answer(replaced, kept).raise_for_status()
    files.answer(kept).raise_for_status()
    files.work(days=29)
    assert [files.read(each).status_code for each in (unused, replaced, kept)] == [200, 200, 200]

    files.work(days=30)

    assert [files.read(each).status_code for each in (unused, replaced, kept)] == [404, 404, 200]
    assert [each.name for each in files.on_disk()] == [kept["id"]]


def test_an_archived_file_is_of_no_use_to_new_answers(files: Files) -> None:
    """F6 of api-tasks 15.2: what names it keeps it."""
    kept, unused = files.asset(), files.asset(name="b.pdf")
    files.answer(kept).raise_for_status()
    for each in (kept, unused, kept):
        assert files.api.data("DELETE", f"/assets/{each['id']}")["archived_at"] is not None

    assert files.answer(kept).status_code == 200
    assert files.answer(kept, unused).status_code == 422
    assert files.read(kept).content == CONTENT
    assert files.api.data("GET", f"/runs/{files.run['id']}?with=assets")["assets"]["data"] == []


def test_an_upload_that_is_sent_again_is_made_once(files: Files) -> None:
    """api-conventions 16.1: with the same key, bytes and form."""
    key = {"Idempotency-Key": "upload-1"}
    first, again = (
        files.api.request("POST", "/file", data=files.form(), files={"name": ("a.pdf", CONTENT)}, headers=key)
        for _ in range(2)
    )
    other = files.api.request("POST", "/file", data=files.form(), files={"name": ("a.pdf", b"other")}, headers=key)

    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    files.org.server.run(files.org.server.edge.settle())
    files.work()
    assert len(files.on_disk()) == 1


def test_activity_tells_of_uploads_downloads_and_erasures(files: Files) -> None:
    """api-tasks F4, K-A1."""
    asset = files.asset()
    files.read(asset)
    files.api.delete(f"/file/{asset['id']}").raise_for_status()

    rows = files.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={files.run['id']}")
    told = [(each["verb"][0], each["description"][0]) for each in rows]
    for verb, sentence in (
        ("uploaded", "given a file"),
        ("downloaded", "downloaded from"),
        ("updated", "rid of a file"),
    ):
        assert any(verb == each and sentence in text and "contract.pdf" in text for each, text in told), told


def test_documents_of_templates_are_shared_with_tasks_and_copies(files: Files) -> None:
    """F7: what is put on a step is in the files of every task made from it, for guests too, and on a copy's step."""
    org, api = files.org, files.api
    step = files.template["steps"][0]["id"]
    on = {"subject_type": "Checklist", "subject_id": files.template["id"], "uploaded_from": "attachment"}
    manual, whole = files.asset(name="manual.pdf", step_id=step, **on), files.asset(name="whole.pdf", **on)
    copy = api.data("POST", f"/checklists/{files.template['id']}/clone", {"title": "Copy"})
    guest = org.guest_api(org.guest()["email"])
    later = org.process(copy)
    [task] = api.data("GET", f"/runs/{later['id']}/tasks")
    owners = {"users": [], "guests": [guest.email]}
    api.put(f"/runs/{later['id']}/tasks/{task['id']}", {"owners": owners}).raise_for_status()

    def named(path: str) -> list[str]:
        return [each["filename"] for each in api.data("GET", f"{path}?with=assets")["assets"]["data"]]

    for template in (files.template, copy):
        assert named(f"/checklists/{template['id']}") == ["whole.pdf", "manual.pdf"]
    assert named(files.task_path) == named(f"/runs/{later['id']}/tasks/{task['id']}") == ["manual.pdf"]
    assert [files.read(each, guest).status_code for each in (manual, whole)] == [200, 404]
    assert files.send(files.member.api, **on).status_code == 403
    api.delete(f"/checklists/{files.template['id']}").raise_for_status()
    api.delete(f"/checklists/{files.template['id']}/delete").raise_for_status()
    api.delete(f"/bin/{api.data('GET', '/bin')[0]['id']}").raise_for_status()
    files.work()
    assert named(f"/checklists/{copy['id']}") == ["whole.pdf", "manual.pdf"]
    assert files.read(manual, guest).content == CONTENT


def test_a_public_form_takes_files_of_its_visitors(files: Files, nobody: Api) -> None:
    """L-7.27: one names what was uploaded to it, not what others did; what is not submitted is erased after a day."""
    field = {"label": "Photo", "field_type": "file", "required": True}
    template = files.org.template(kickoff=[field], is_public_kickoff=True)
    code = files.api.data("GET", f"/checklists/{template['id']}/public-kickoff")["code"]
    photo: str = files.api.data("GET", f"/checklists/{template['id']}")["prerun"][0]["id"]
    path, form = f"//public/kickoff/{code}/files", {"name": ("leak.jpg", CONTENT)}
    mine, unsent = (nobody.request("POST", path, files=form).json()["data"] for _ in range(2))
    theirs = files.asset()

    def submit(*entries: dict[str, Any]) -> httpx.Response:
        return nobody.post(f"//public/kickoff/{code}", {"email": "v@partner.test", "prerun": {photo: list(entries)}})

    assert submit({"id": theirs["id"]}).status_code == 422
    launched = submit(mine).json()["data"]
    assert submit(mine).status_code == 422
    assert files.read(mine).content == CONTENT
    assert [each["id"] for each in files.api.data("GET", f"/runs/{launched['id']}?with=assets")["assets"]["data"]] == [
        mine["id"]
    ]
    assert nobody.request("POST", path, files={"name": ("a.exe", b"")}).status_code == 422
    files.work(days=1)
    assert [files.read(each).status_code for each in (mine, unsent)] == [200, 404]


def test_rules_and_planned_launches_hand_files_on(files: Files) -> None:
    """A-4.71, L-12.3: the files of a planned launch are kept as long as it may hand them on."""
    form = {"subject_type": "Checklist", "subject_id": files.template["id"], "uploaded_from": files.kickoff}
    asset = files.asset(**form)
    plan = {"checklist_id": files.template["id"], "frequency": "daily", "prerun": {files.kickoff: [asset]}}
    job = files.api.data("POST", "/recurring-jobs", plan)
    launched = files.api.data("POST", f"/recurring-jobs/{job['id']}/run")
    assert files.api.delete(f"/file/{asset['id']}").status_code == 422
    files.api.delete(f"/recurring-jobs/{job['id']}").raise_for_status()

    files.api.delete(f"/file/{asset['id']}").raise_for_status()

    shown = files.api.data("GET", f"/runs/{launched['id']}?with=ko_form_fields")
    assert shown["ko_form_fields"]["data"][0].get("field_value") in (None, [])
    files.work()
    assert files.on_disk() == []


def test_an_organization_has_one_logo(files: Files) -> None:
    """F2: a picture of at most 10 MiB that administrators upload; the next one takes its place."""
    form: dict[str, Any] = {"subject_type": "Organization", "subject_id": files.org.id, "uploaded_from": "attachment"}
    first, second = (files.asset(name=f"{name}.png", **form) for name in "ab")

    logo = files.api.data("GET", "")["org_logo"]

    assert logo == second["url"].removesuffix("/dl")
    shown = files.member.api.get(f"//{logo}")
    assert (shown.content, shown.headers["content-type"]) == (CONTENT, "image/png")
    assert files.read(first).status_code == 404
    assert files.api.delete(f"/file/{second['id']}").status_code == 422
    for refused, status in (
        (files.send(name="logo.pdf", **form), 422),
        (files.send(name="logo.png", content=bytes(10 * 1024 * 1024 + 1), **form), 422),
        (files.send(files.member.api, name="logo.png", **form), 403),
    ):
        assert refused.status_code == status, refused.text
    files.work()
    assert [each.name for each in files.on_disk()] == [second["id"]]
