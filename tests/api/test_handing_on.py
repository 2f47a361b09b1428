"""Tasks taken over, given to others together, moved into processes and out, shared by guests.

Spec: behaviour-work C14, N9, X1, X3, U3; api-tasks 13.
"""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.api.task_runs import Run, run_of
from tests.api.test_holds import hold
from tests.api.test_undo import shown, undo
from tests.builders import Organization, text_field


def owners(org: Organization, task: str) -> dict[str, Any]:
    found = org.api.data("GET", f"/tasks/{task}")["owners"]
    return {key: found[key] for key in ("users", "guests", "groups")}


def nobody_but(*users: int, guests: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"users": list(users), "guests": list(guests), "groups": []}


def test_c14_taking_over_makes_the_only_assignee_and_is_undone(org: Organization) -> None:
    mira, light = org.person(), org.person("light")
    group = org.group(members=[mira])
    run, alone = run_of(org, "Call", "Sign"), org.one_off(mira)
    everybody = {"users": [org.admin.id, light.id], "guests": ["ana@partner.test"], "groups": [group["id"]]}
    run.change("Call", owners=everybody).raise_for_status()
    before, task = shown(run), run.task_id("Call")

    taken = mira.api.post(f"/tasks/{task}/take-over")

    assert taken.status_code == 200, taken.text
    assert taken.json()["data"]["owners"]["users"] == [mira.id]
    assert owners(org, task) == nobody_but(mira.id)
    assert mira.api.post(f"/tasks/{task}/undo").status_code == 200
    assert shown(run) == before
    org.api.data("POST", f"/tasks/{alone['id']}/take-over", status=200)
    assert owners(org, alone["id"]) == nobody_but(org.admin.id)

    with unchanged(org):
        assert_refused(light.api.post(f"/tasks/{task}/take-over"), 403)
        assert_refused(org.api.post(f"/tasks/{'0' * 32}/take-over"), 404)
    run.complete("Sign").raise_for_status()
    assert_refused(org.api.post(f"/tasks/{run.task_id('Sign')}/take-over"), 422)
    hold(run)
    assert_refused(org.api.post(f"/tasks/{task}/take-over"), 423, "PROCESS_ON_HOLD")
    assert org.differences() == []


def test_n9_tasks_of_a_process_are_given_to_others_together_or_not_at_all(org: Organization) -> None:
    """Z5: people and dates of many in one request, their order by each one's position."""
    mira, light = org.person(), org.person("light")
    run, other = run_of(org, "Call", "Weigh", "Sign"), run_of(org, "Call")
    call, weigh, sign = (run.task_id(each) for each in ("Call", "Weigh", "Sign"))
    run.assign("Sign", light)
    path = f"/runs/{run.id}/tasks"
    to_mira = {"owners": {"users": [mira.id]}}
    due = {"deadline": "2031-05-05T09:00:00Z"}

    answer = org.api.put(path, {"tasks": [{"id": call, **to_mira}, {"id": weigh, **to_mira, **due}], "notify": False})

    assert answer.status_code == 200, answer.text
    assert [each["id"] for each in answer.json()["data"]] == [call, weigh]
    assert (owners(org, call), owners(org, weigh)) == (nobody_but(mira.id), nobody_but(mira.id))
    assert run.tasks()["Weigh"]["deadline"] == "2031-05-05T09:00:00.000Z"
    assert_refused(undo(run, "Weigh"), 422, "CANNOT_UNDO")
    org.api.data("PUT", f"{path}/{call}", {"position": 4})
    assert [each["id"] for each in org.api.data("GET", path)] == [weigh, sign, call]

    run.complete("Sign").raise_for_status()
    stranger = other.task_id("Call")
    wrong = [{"id": call, **due}, {"id": weigh, "owners": {"users": [99_999_999]}}, {"id": sign, **due}]
    wrong += [{"id": stranger, **due}, {"id": run.id, **due}]
    with unchanged(org):
        refused = org.api.put(path, {"tasks": wrong})
        assert_refused(refused, 422)
        assert [list(each) for each in refused.json()["errors"]["tasks"]] == [[weigh], [sign], [stranger], [run.id]]
        for body in ({}, {"tasks": []}, {"tasks": "x"}, {"tasks": [1]}, {"tasks": [{"id": call}]}, []):
            assert_refused(org.api.put(path, body), 422, because=body)
        twice = {"tasks": [{"id": call, **due}, {"id": call, **due}], "notify": "perhaps"}
        assert set(org.api.put(path, twice).json()["errors"]) == {"tasks.1.id", "notify"}
        assert_refused(light.api.put(path, {"tasks": [{"id": call, **due}]}), 403)
        assert_refused(org.api.put(f"/runs/{'0' * 32}/tasks", {"tasks": [{"id": call, **due}]}), 404)
    hold(run)
    assert_refused(org.api.put(path, {"tasks": [{"id": call, **due}]}), 423, "PROCESS_ON_HOLD")
    assert org.differences() == []


def test_x3_a_one_off_task_leaves_its_process_with_all_on_it_and_comes_back(org: Organization) -> None:
    run = run_of(org, "Call")
    tag = org.tag()
    extra = org.one_off(title="Ring", run_id=run.id, tags=[tag["id"]], form_fields=[text_field(label="Why")])
    task = extra["id"]
    org.api.data("POST", f"/tasks/{task}/comment", {"content": "hello"})
    org.api.post(f"/tasks/{task}/problem", {"content": "late"}).raise_for_status()
    run.complete("Call").raise_for_status()
    assert run.now()["status"] == "problem"
    before = org.api.get("/tasks?updated_since=now").json()["sync"]["next"]

    alone = org.api.data("DELETE", f"/tasks/{task}/link")

    assert (alone["run_id"], alone["problem"]) == (None, True)
    assert run.now()["status"] == "complete"
    assert list(run.tasks()) == ["Call"]
    listed = org.api.data("GET", f"/tasks/{task}?with=threads,tags")
    assert [each["title"] for each in listed["tags"]["data"]] == [tag["title"]]
    assert {each["content"] for each in listed["threads"]["data"]} == {"hello", "late"}
    assert task in {each["id"] for each in org.api.get(f"/tasks?updated_since={before}").json()["data"]}
    assert org.differences() == []

    linked = org.api.data("POST", f"/tasks/{task}/link", {"run_id": run.id, "position": 1}, status=200)

    assert (linked["run_id"], linked["position"]) == (run.id, 1)
    assert run.now()["status"] == "problem"
    assert list(run.tasks()) == ["Ring", "Call"]
    feed = org.api.data("GET", f"/activity-feeds?entity_type=run&entity_id={run.id}")
    assert feed[0]["description"] == ['Task "Ring" was added to a process.']
    assert org.differences() == []


def test_x3_what_does_not_move_between_processes(org: Organization) -> None:
    light, closed = org.person("light"), run_of(org, "Call")
    run = run_of(org, "Call")
    alone, extra = org.one_off()["id"], org.one_off(light, run_id=run.id)["id"]
    together = org.one_off(org.person(), org.person(), separate_task_for_each_assignee=True)["id"]
    fixed = Run(org, org.template(steps=["Call"], can_add_oot=False))
    org.api.delete(f"/runs/{closed.id}").raise_for_status()
    step = run.task_id("Call")

    with unchanged(org):
        for task, status in ((alone, 422), (step, 422), (together, 422), ("0" * 32, 404)):
            assert_refused(org.api.delete(f"/tasks/{task}/link"), status, because=task)
        assert_refused(light.api.delete(f"/tasks/{extra}/link"), 403)
        for task, body, status in (
            (alone, {}, 422),
            (alone, {"run_id": "nonsense"}, 422),
            (alone, {"run_id": "0" * 32}, 404),
            (alone, {"run_id": closed.id}, 422),
            (alone, {"run_id": fixed.id}, 422),
            (alone, {"run_id": run.id, "position": 0}, 422),
            (extra, {"run_id": fixed.id}, 422),
            (step, {"run_id": run.id}, 422),
        ):
            assert_refused(org.api.post(f"/tasks/{task}/link", body), status, because=body)
    hold(run)
    assert_refused(org.api.delete(f"/tasks/{extra}/link"), 423, "PROCESS_ON_HOLD")
    assert_refused(org.api.post(f"/tasks/{alone}/link", {"run_id": run.id}), 423, "PROCESS_ON_HOLD")


def test_u3_a_guest_shares_a_task_with_a_colleague(org: Organization) -> None:
    mine = org.guest()["email"]
    member = org.person()
    ana = org.guest_api(mine)
    run = run_of(org, "Call", "Sign", {"title": "Two", "max_assignable": 2})
    for title in ("Call", "Sign", "Two"):
        run.change(title, owners={"users": [org.admin.id], "guests": [mine]}).raise_for_status()
    call = run.task_id("Call")
    path = f"/tasks/{call}/hand-over"

    answer = ana.post(path, {"email": " Ben@Partner.test ", "comment": "Yours, I think"})

    assert answer.status_code == 200, answer.text
    assert owners(org, call) == nobody_but(org.admin.id, guests=(mine, "ben@partner.test"))
    assert org.guest_api("ben@partner.test").get(f"/tasks/{call}").status_code == 200
    [thread] = org.api.data("GET", f"/tasks/{call}?with=threads")["threads"]["data"]
    assert thread["content"] == "Yours, I think"
    assert ana.post(path, {"email": "ben@partner.test"}).status_code == 200, "again changes nothing"
    run.complete("Sign").raise_for_status()

    with unchanged(org):
        for task, body, status in (
            (call, {}, 422),
            (call, {"email": "nonsense"}, 422),
            (call, {"email": member.email}, 422),
            (run.task_id("Two"), {"email": "ben@partner.test"}, 422),
            (run.task_id("Sign"), {"email": "ben@partner.test"}, 422),
            ("0" * 32, {"email": "ben@partner.test"}, 404),
        ):
            refused = ana.post(f"/tasks/{task}/hand-over", body)
            assert_refused(refused, status, because=body)
        assert set(ana.post(path, {"email": member.email}).json()["errors"]) == {"email"}
        assert ana.post(f"/tasks/{call}/take-over", {}).status_code == 404
    assert org.differences() == []
