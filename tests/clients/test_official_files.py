"""Files through the official Python client: kick-off fields, tasks of a process, one-off tasks."""

import pytest
from tallyfy import TallyfyError

from .official import Office, assert_refused

PAPERS = bytes(range(256)) * 40
FILE = {"field_type": "file", "label": "Papers"}


def test_a_file_of_a_process_goes_up_into_its_task_and_comes_down(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = sdk.create_template(org, "Vendor intake").id
    step = sdk.add_step_to_template(org, template, {"title": "Check papers"})["id"]
    field = sdk.add_form_field_to_step(org, template, step, FILE).id
    run = sdk.launch_process(org, template, "Brightwater")
    [task] = sdk.get_tasks_for_process(org, process_id=run.id).data

    sent = sdk.upload_file(
        org, PAPERS, "papers.pdf", uploaded_from=field, subject_type="Run", subject_id=run.id, step_id=step,
        checklist_id=template,
    )  # fmt: skip
    assert (sent.filename, sent.uploaded_from, sent.step_id) == ("papers.pdf", field, step)
    assert sent.subject == {"id": run.id, "type": "Run"}
    assert (sent.version, sent.source, sent.extra["size"]) == (1, "local", len(PAPERS)) and sent.uploaded_at

    answer = [{"id": sent.id, "filename": sent.filename, "version": sent.version, "step_id": sent.step_id}]
    sdk.update_task(org, run.id, task.id, taskdata={field: answer})
    [kept] = sdk.get_task(org, run.id, task.id).taskdata[field]
    assert (kept["id"], kept["filename"]) == (sent.id, "papers.pdf")
    assert sdk.download_file(org, sent.id) == PAPERS
    assert sdk.download_file_from_url(kept["url"]) == PAPERS
    assert sdk.download_file_from_url(kept["full_url"]) == PAPERS
    with pytest.raises(TallyfyError, match="over the 100-byte limit"):
        sdk.download_file(org, sent.id, max_bytes=100)


def test_a_kick_off_file_is_launched_with_the_process(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = sdk.create_template(org, "Vendor intake").id
    sdk.add_step_to_template(org, template, {"title": "Check papers"})
    sdk.update_template_metadata(
        org, template, title="Vendor intake", prerun=[{**FILE, "required": True, "position": 1}]
    )
    [field] = sdk.get_kickoff_form_fields(org, template)

    sent = sdk.upload_file(org, PAPERS, "a b.csv", "ko_field", "Checklist", template)
    run = sdk.launch_process(
        org, template, "Brightwater", prerun={field["id"]: [{"id": sent.id, "filename": "a b.csv"}]}
    )

    [kept] = office.organization.api.get(f"/runs/{run.id}?form_fields_values=true").json()["data"]["prerun"][
        field["id"]
    ]
    assert kept["id"] == sent.id
    assert sdk.files.download_file(org, sent.id) == PAPERS


def test_a_file_of_a_one_off_task(office: Office) -> None:
    sdk, org = office.sdk, office.id
    made = office.organization.api.post(
        "/tasks",
        {
            "title": "Call the vendor",
            "task_type": "task",
            "deadline": "2030-01-01T09:00:00Z",
            "owners": {"users": [office.admin]},
            "form_fields": [{**FILE, "required": False, "position": 1}],
        },
    )
    task = sdk.get_standalone_task(org, made.json()["data"]["id"])
    field = office.organization.api.data("GET", f"/tasks/{task.id}?with=form_fields")["form_fields"]["data"][0]["id"]

    sent = sdk.files.upload_file(org, b"x", "x.txt", field, "Task", task.id)

    assert sent.subject == {"id": task.id, "type": "Task"}
    assert sdk.files.download_file_from_url(f"organizations/{org}/file/{sent.id}/dl") == b"x"


def test_what_cannot_be_stored_or_read_is_refused(office: Office) -> None:
    sdk, org = office.sdk, office.id
    template = sdk.create_template(org, "Vendor intake").id

    assert_refused(422, lambda: sdk.upload_file(org, b"x", "run.exe", "ko_field", "Checklist", template))
    assert_refused(422, lambda: sdk.upload_file(org, b"x", "x.txt", "ko_field", "Checklist", "f" * 32))
    assert_refused(404, lambda: sdk.download_file(org, "f" * 32))
