"""One task for each of several people at once. Spec: api-tasks 9."""

from tests.api.test_one_off_tasks import PLAIN, attached, owners
from tests.api.thread_places import at_once
from tests.builders import Organization, text_field


def test_tk19_one_task_for_each_person_in_a_process_of_its_own(org: Organization) -> None:
    """LT-16, L-14.1, L-14.2, L-14.4. Spec: behaviour-work Q4."""
    otto, iris, hugo, vera = (org.person() for _ in range(4))
    group = org.group(members=[otto, hugo, vera])

    first = org.one_off(
        owners=owners(otto, iris, groups=(group["id"],)), separate_task_for_each_assignee=True,
        title="Acknowledge", form_fields=[text_field(label="Note")],
    )  # fmt: skip

    run = first["run"]
    listed = org.api.data("GET", f"/runs/{first['run_id']}/tasks?with=form_fields")
    assert (run["id"], run["name"], run["data"]["id"], run["started_at"]) == (
        first["run_id"], "Acknowledge", first["run_id"], run["data"]["started_at"],
    )  # fmt: skip
    assert [each["owners"]["users"] for each in listed] == [[each.id] for each in (otto, iris, hugo, vera)]
    assert all(each["is_oneoff_task"] and each["checklist_id"] is None for each in listed)
    assert len({each["form_fields"]["data"][0]["id"] for each in listed}) == 4
    assert org.api.data("GET", f"/runs/{first['run_id']}")["owner_id"] == org.admin.id
    assert org.api.data("GET", "/checklists") == []
    more = org.one_off(run_id=first["run_id"])
    for task in (*listed, more):
        assert org.api.data("GET", f"/runs/{first['run_id']}")["status"] == "active"
        org.api.post(f"/runs/{first['run_id']}/completed-tasks", {"task_id": task["id"]}).raise_for_status()
    assert org.api.data("GET", f"/runs/{first['run_id']}")["status"] == "complete"


def test_a_fanned_out_guest_is_joined_by_the_creator(org: Organization) -> None:
    """L-14.1"""
    otto = org.person()
    first = org.one_off(owners=owners(otto, guests=("a@b.example",)), separate_task_for_each_assignee=True)

    people = [each["owners"] for each in org.api.data("GET", f"/runs/{first['run_id']}/tasks")]

    assert [(each["users"], each["guests"]) for each in people] == [([otto.id], []), ([org.admin.id], ["a@b.example"])]


def test_a_fan_out_into_a_named_process(org: Organization) -> None:
    run, _ = attached(org)
    otto, iris = org.person(), org.person()

    first = org.one_off(owners=owners(otto, iris), separate_task_for_each_assignee=True, run_id=run["id"])

    assert first["run"]["id"] == run["id"]
    assert [each["position"] for each in org.api.data("GET", f"/runs/{run['id']}/tasks")] == [1, 2, 3, 4]


def test_the_first_fan_outs_at_once_share_one_hidden_template(org: Organization) -> None:
    """L-14.1"""
    body = {**PLAIN, "owners": owners(org.admin), "separate_task_for_each_assignee": True}

    made = at_once([lambda: org.api.post("/tasks", body)] * 4)

    assert [each.status_code for each in made] == [201] * 4
    assert len({each.json()["data"]["run"]["data"]["checklist_id"] for each in made}) == 1
