"""Who watches what. Spec: api-content 5, behaviour-templates 4.1, behaviour-people 10.7."""

from typing import Any

import pytest

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, Person
from tests.harness import Api

HOOK = {"object_type": "organization", "notification_type": "webhook", "webhook": "https://hooks.example.test/in"}


def watch(api: Api, who: Person, kind: str, object_id: Any, *, status: int = 201, **how: Any) -> dict[str, Any]:
    body = {"object_type": kind, "object_id": object_id, **how}
    return api.data("POST", f"/users/{who.id}/add-watcher", body, status=status)


def watching(api: Api, path: str) -> list[tuple[int, str]]:
    """Who watches the thing at this path, and how often they are told."""
    found = api.data("GET", f"{path}?with=member_watchers.watcher,guest_watchers")
    assert found["guest_watchers"] == {"data": []}
    return [(each["watcher"]["data"]["id"], each["frequency"]) for each in found["member_watchers"]["data"]]


def test_9_the_organization_is_watched_by_hooks_of_its_administrators(org: Organization) -> None:
    """Spec: api-content 14.9, DEC-04, DEC-19."""
    standard = org.person()
    with unchanged(org):
        assert_refused(standard.api.post(f"/users/{standard.id}/add-watcher", HOOK), 403)

    made = org.api.data("POST", f"/users/{org.admin.id}/add-watcher", HOOK)
    again = org.api.data("POST", f"/users/{org.admin.id}/add-watcher", HOOK, status=200)

    assert isinstance(made["id"], int) and again["id"] == made["id"]
    expected = {"object_type": "organization", "object_id": org.id, "frequency": "electric", "webhook": HOOK["webhook"]}
    assert {key: made[key] for key in expected} == expected
    assert made["watcher"]["data"]["email"] == org.admin.email
    assert org.api.data("GET", "/watchers?notification=webhook") == [made]
    assert org.api.data("GET", "/watchers?notification=email") == standard.api.data("GET", "/watchers") == []
    assert_refused(standard.api.delete(f"/remove-watcher/{made['id']}"), 404)
    assert org.api.delete(f"/remove-watcher/{made['id']}").status_code == 204
    assert_refused(org.api.delete(f"/remove-watcher/{made['id']}"), 404)
    assert org.api.data("GET", "/watchers") == []


def test_whoever_sees_a_thing_watches_it_and_changes_how_often(org: Organization) -> None:
    """Spec: DEC-36."""
    template = org.template(steps=["Call"])
    mira = org.person()
    run = org.process(template, users=[mira.id])["id"]
    [task] = [each["id"] for each in mira.api.data("GET", f"/runs/{run}/tasks")]
    org.allow(template, "CHECKLIST_READ", mira.id)
    org.allow(template, "CHECKLIST_EDIT", mira.id)

    for kind, object_id, path in (
        ("run", run, f"/runs/{run}"),
        ("task", task, f"/tasks/{task}"),
        ("checklist", template["id"], f"/checklists/{template['id']}"),
    ):
        made = watch(mira.api, mira, kind, object_id)
        assert (made["frequency"], made["notification_type"], made["webhook"]) == ("electric", "email", None)
        changed = watch(mira.api, mira, kind, object_id, status=200, frequency="daily")
        assert (changed["id"], changed["frequency"]) == (made["id"], "chilled")
        assert watching(mira.api, path) == [(mira.id, "chilled")]
    assert [each["object_type"] for each in mira.api.data("GET", "/watchers")] == ["run", "task", "checklist"]
    [listed] = mira.api.data("GET", f"/runs/{run}/tasks?with=member_watchers")
    assert listed["member_watchers"]["data"][0]["watcher"]["data"]["full_name"] == "Mira Okoye"

    watch(org.api, org.admin, "user", mira.id)
    [shown] = [each for each in org.api.data("GET", "/users?with=member_watchers") if each["id"] == mira.id]
    assert [each["watcher"]["data"]["id"] for each in shown["member_watchers"]["data"]] == [org.admin.id]


def test_others_watch_what_they_see_when_somebody_who_may_says_so(org: Organization) -> None:
    """Spec: DEC-19, behaviour-people 3.2."""
    template = org.template(steps=["Call"])
    full, light, blind = org.person(), org.person("light"), org.person()
    run = org.process(template, users=[full.id, light.id])["id"]

    watch(full.api, light, "run", run)
    assert watching(org.api, f"/runs/{run}") == [(light.id, "electric")]

    with unchanged(org):
        body = {"object_type": "run", "object_id": run}
        assert_refused(light.api.post(f"/users/{full.id}/add-watcher", body), 403)
        assert_refused(blind.api.post(f"/users/{blind.id}/add-watcher", body), 404)
        refused = full.api.post(f"/users/{blind.id}/add-watcher", body)
        assert_refused(refused, 422)
        assert list(refused.json()["errors"]) == ["user_id"]
        assert_refused(full.api.post("/users/999999/add-watcher", body), 404)
        assert_refused(full.api.post(f"/users/{full.id}/add-watcher", {"object_type": "user", "object_id": 1}), 403)
    [own] = light.api.data("GET", "/watchers")
    assert light.api.delete(f"/remove-watcher/{own['id']}").status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "object_type"),
        ({"object_type": "cat", "object_id": "x"}, "object_type"),
        ({"object_type": "run"}, "object_id"),
        ({"object_type": "organization", "notification_type": "pigeon"}, "notification_type"),
        ({"object_type": "organization", "frequency": "weekly"}, "frequency"),
        ({"object_type": "organization", "notification_type": "webhook"}, "webhook"),
        ({"object_type": "organization", "webhook_url": "ftp://x"}, "webhook"),
    ],
)
def test_what_is_wrong_about_a_watcher_is_named(org: Organization, body: dict[str, Any], field: str) -> None:
    with unchanged(org):
        refused = org.api.post(f"/users/{org.admin.id}/add-watcher", body)

    assert_refused(refused, 422)
    assert field in refused.json()["errors"]


def test_lt_15_the_default_watchers_of_a_template_watch_what_is_launched(org: Organization) -> None:
    """Spec: L-6.4; behaviour-templates T-4.10, T-4.11, T-4.12, T-4.13, T-4.14, T-4.15."""
    mo, pia, gone, late = (org.person() for _ in range(4))
    group = org.group(members=[mo, pia, gone])["id"]
    direct = {"id": mo.id, "frequency": "chilled", "notification_type": "webhook", "webhook": "https://mo.test/in"}
    template = org.template(steps=["Call"], default_watchers={"users": [direct], "groups": [group]})
    org.api.delete(f"/users/{gone.id}/disable").raise_for_status()
    kept = org.api.data("GET", f"/checklists/{template['id']}")["default_watchers"]
    assert kept["users"] == [direct]
    by_mail = {"notification_type": "email", "frequency": "mindful", "webhook": None}
    assert kept["groups"] == [{"id": group, **by_mail}]

    run = org.process(template)["id"]

    assert sorted(watching(org.api, f"/runs/{run}")) == sorted([(mo.id, "chilled"), (pia.id, "mindful")])
    assert mo.api.get(f"/runs/{run}").status_code == 404, "watching gives no access"
    [own] = pia.api.data("GET", "/watchers")
    pia.api.delete(f"/remove-watcher/{own['id']}").raise_for_status()
    org.api.request("PUT", f"/groups/{group}", json={"name": "Crew", "members": [mo.id, pia.id, late.id]})
    changed = {"title": template["title"], "default_watchers": {"users": [late.id, pia.id]}}
    org.api.data("PUT", f"/checklists/{template['id']}", changed)
    org.api.data("PUT", f"/runs/{run}", {"name": "Another", "users": [pia.id]})
    assert watching(org.api, f"/runs/{run}") == [(mo.id, "chilled")]
    second = org.process(template)["id"]
    assert watching(org.api, f"/runs/{second}") == [(late.id, "mindful"), (pia.id, "mindful")]


def test_default_watchers_are_set_by_editors_compared_copied_and_checked(org: Organization) -> None:
    """Spec: T-4.10, T-15.2."""
    mo, stranger = org.person(first_name="Mo", last_name="Ek"), 999_999_999
    template = org.template(steps=["Call"], default_watchers={"users": [mo.id]})
    path = f"/checklists/{template['id']}"
    org.process(template)
    org.allow(template, "CHECKLIST_READ", mo.id)

    with unchanged(org):
        assert_refused(mo.api.put(path, {"title": template["title"], "default_watchers": None}), 403)
        for wrong, at in (
            ({"users": [stranger]}, "default_watchers.users.0.id"),
            ({"groups": ["0" * 32]}, "default_watchers.groups.0.id"),
            ({"users": [{"id": mo.id, "frequency": "weekly"}]}, "default_watchers.users.0.frequency"),
            ({"users": "all"}, "default_watchers.users"),
            ("all", "default_watchers"),
        ):
            refused = org.api.put(path, {"title": template["title"], "default_watchers": wrong})
            assert_refused(refused, 422)
            assert list(refused.json()["errors"]) == [at]

    copy = org.api.data("POST", f"{path}/clone", {})
    assert [each["id"] for each in copy["default_watchers"]["users"]] == [mo.id]
    exported = org.api.data("GET", f"{path}?with=steps")
    imported = org.api.data("POST", "/checklists?import=true", {**exported, "title": "Again"})
    assert imported["default_watchers"] == exported["default_watchers"]
    org.api.data("PUT", path, {"title": template["title"], "default_watchers": None})
    org.process(template)
    [change] = org.api.data("GET", f"{path}/versions/1/compare?to=2")["changes"]
    assert change["attribute"] == "default_watchers"
    assert "Mo Ek (email, mindful)" in change["sentence"]
    org.api.data("POST", f"{path}/versions/1/restore", status=200)
    assert org.api.data("GET", path)["default_watchers"] == exported["default_watchers"]


def test_l5_whoever_leaves_watches_nothing_and_the_bin_keeps_watchers(org: Organization) -> None:
    """Spec: behaviour-work L5, BI2."""
    leaver, stayer = org.person(), org.person()
    run = org.process(org.template(steps=["Call"]), users=[leaver.id, stayer.id])["id"]
    for each in (leaver, stayer):
        watch(each.api, each, "run", run)
    watch(org.api, org.admin, "user", leaver.id)

    org.api.delete(f"/users/{leaver.id}/disable").raise_for_status()

    assert org.api.data("GET", "/watchers") == []
    assert watching(org.api, f"/runs/{run}") == [(stayer.id, "electric")]
    org.api.delete(f"/runs/{run}").raise_for_status()
    org.api.delete(f"/runs/{run}/delete").raise_for_status()
    assert stayer.api.data("GET", "/watchers") == []
    [item] = org.api.data("GET", "/bin")
    org.api.data("POST", f"/bin/{item['id']}/restore", status=200)
    assert watching(org.api, f"/runs/{run}") == [(stayer.id, "electric")]
