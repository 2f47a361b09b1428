"""Organizations. Spec: api-people 3, 9; behaviour-people 8."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from procession.domain.actors import Role
from procession.domain.calendar import Hours
from procession.storage.organizations import settings_of
from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization
from tests.harness import Api, Server


def test_a_new_organization_has_the_defaults(api: Api) -> None:
    shown = api.data("GET", "")

    assert shown["users_count"] == 1
    assert shown["created_at"] == shown["created_on"]
    assert shown["default_deadline"] == {"type": "days", "value": 5}
    assert shown["cadence_days"] == shown["guest_cadence_days"] == ["Monday", "Wednesday", "Friday"]
    assert shown["auto_archive_processes_after"] == {"unit": "weeks", "value": 52}
    assert shown["auto_complete_task_months"] == 18
    assert shown["working_days"]["Sunday"] == {"working": True, "all_hours": True, "start": "00:00", "end": "24:00"}
    on = {name for name, value in shown.items() if value is True}
    assert on == {
        "allow_user_invite",
        "allow_manage_groups",
        "restrict_blueprint_permissions",
        "allow_template_creation",
        "allow_archive",
    }
    assert (shown["live_support_enabled"], shown["in_trial"], shown["plan_code"]) == (0, False, None)


CHANGES = {
    "welcome_title": "Hello",
    "industry": "Forestry",
    "address1": "1 Elm Street",
    "timezone": "Europe/Berlin",
    "default_deadline": {"type": "hours", "value": 8},
    "cadence_days": ["Tuesday"],
    "auto_archive": True,
    "auto_archive_processes_after": {"unit": "days", "value": 90},
    "auto_complete_task_months": 2,
    "allow_user_invite": False,
    "allow_archive": False,
    "automation_fire_once": True,
    "maximum_group_assignment_limit": 3,
    "wyiwyg": True,
    "webhook_date_field_format": "d/m/Y h:i A T",
    "global_css": "p { color: red }",
}


def test_settings_are_kept_and_the_rest_stays(api: Api) -> None:
    before = api.data("GET", "")

    changed = api.data("PUT", "", {"name": "Fernwood Ltd", **CHANGES})

    assert {name: changed[name] for name in CHANGES} == CHANGES
    assert changed["name"] == "Fernwood Ltd"
    untouched = set(before) - set(CHANGES) - {"name", "last_updated"}
    assert {name: changed[name] for name in untouched} == {name: before[name] for name in untouched}
    assert api.data("GET", "") == changed


def test_null_and_empty_texts_clear(api: Api) -> None:
    api.data("PATCH", "", {"industry": "Forestry", "city": "Bergen", "automation_fire_once": True})

    changed = api.data("PATCH", "", {"industry": "", "city": None, "automation_fire_once": None})

    assert (changed["industry"], changed["city"], changed["automation_fire_once"]) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"name": " "}, "name", id="blank name"),
        pytest.param({"name": "x" * 51}, "name", id="51 characters"),
        pytest.param({"timezone": "Mars"}, "timezone", id="no zone"),
        pytest.param({"timezone": "right/Europe/Berlin"}, "timezone", id="counts leap seconds, on some machines"),
        pytest.param({"timezone": "localtime"}, "timezone", id="another zone on every machine"),
        pytest.param({"working_days": {"Monday": {"working": "maybe"}}}, "working_days.Monday", id="no boolean"),
        pytest.param(
            {"working_days": {day: {"working": False} for day in ("Monday", "Tuesday")} | {"Monday": 3}},
            "working_days.Monday",
            id="no object",
        ),
        pytest.param({"working_days": "all"}, "working_days", id="working days no object"),
        pytest.param({"default_deadline": {"type": "moons", "value": 1}}, "default_deadline", id="unknown unit"),
        pytest.param({"default_deadline": {"type": "days", "value": -1}}, "default_deadline", id="negative deadline"),
        pytest.param({"default_deadline": {"type": "days", "value": "x"}}, "default_deadline.value", id="no number"),
        pytest.param({"cadence_days": ["Someday"]}, "cadence_days", id="no weekday"),
        pytest.param({"auto_archive_processes_after": {"unit": "months", "value": 1}}, "auto_archive_processes_after"),
        pytest.param({"auto_archive_processes_after": {"unit": "days", "value": 91}}, "auto_archive_processes_after"),
        pytest.param({"auto_complete_task_months": 1}, "auto_complete_task_months"),
        pytest.param({"auto_complete_task_months": 25}, "auto_complete_task_months"),
        pytest.param({"webhook_date_field_format": "Y"}, "webhook_date_field_format"),
        pytest.param({"allow_user_invite": "perhaps"}, "allow_user_invite"),
        pytest.param({"industry": "x" * 256}, "industry", id="256 characters"),
        pytest.param({"onboarding_template_id": "0" * 32}, "onboarding_template_id", id="unknown template"),
    ],
)
def test_a_bad_setting_is_refused_naming_the_field(org: Organization, change: dict[str, object], field: str) -> None:
    with unchanged(org):
        refused = org.api.request("PATCH", "", json=change)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]


def test_all_faults_are_told_at_once(api: Api) -> None:
    errors = api.request("PATCH", "", json={"timezone": "Mars", "auto_complete_task_months": 99}).json()["errors"]

    assert set(errors) == {"timezone", "auto_complete_task_months"}


def test_check_9_a_put_says_the_name(api: Api) -> None:
    refused = api.put("", {"industry": "Forestry"})

    assert refused.status_code == 422
    assert refused.json()["errors"] == {"name": ["The name field is required."]}


@pytest.mark.parametrize("role", ["standard", "light"])
def test_only_administrators_change_the_organization(org: Organization, role: Role) -> None:
    api = org.person(role).api

    assert api.put("", {"name": "Mine"}).status_code == 403
    assert api.request("PATCH", "", json={"name": "Mine"}).status_code == 403
    assert api.data("GET", "")["name"] == "Fernwood"
    assert api.data("GET", "")["user_role"] == role


def test_invited_disabled_and_bots_do_not_count(org: Organization) -> None:
    org.api.post(
        "/users/invite",
        {"email": "a@b.test", "first_name": "A", "last_name": "B", "role": "light", "message": "Hi"},
    )
    gone = org.person()
    org.person()
    org.api.delete(f"/users/{gone.id}/disable")

    assert org.api.data("GET", "")["users_count"] == 2


def test_settings_changed_at_the_same_time_are_all_kept(api: Api) -> None:
    changes = [{"city": "Bergen"}, {"state": "Vestland"}, {"country": "Norway"}, {"zipcode": "5003"}]

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda change: api.request("PATCH", "", json=change), changes))

    shown = api.data("GET", "")
    assert [shown[name] for change in changes for name in change] == ["Bergen", "Vestland", "Norway", "5003"]


def test_launching_reads_the_working_week(org: Organization) -> None:
    org.api.data(
        "PATCH",
        "",
        {
            "timezone": "Europe/Oslo",
            "working_days": {
                "Saturday": {"working": False},
                "Sunday": {"working": False},
                "Monday": {"working": True, "all_hours": False, "start": "9:00", "end": "17:30"},
            },
        },
    )

    week = read_settings(org).working_week()

    assert week.zone == "Europe/Oslo"
    assert week.days[0] == Hours(540, 1050)
    assert week.days[5:] == (None, None)
    monday = org.api.data("GET", "")["working_days"]["Monday"]
    assert monday == {"working": True, "all_hours": False, "start": "09:00", "end": "17:30"}


def read_settings(org: Organization):
    async def read():
        async with org.server.database.reading() as connection:
            return await settings_of(connection, org.number)

    return org.server.run(read())


def test_whoever_founds_an_organization_is_its_default_administrator(org: Organization) -> None:
    mira = org.person("light")

    made = mira.api.data("POST", "//organizations", {"name": " Second ", "timezone": "Asia/Tokyo"})

    assert (made["name"], made["timezone"], made["user_role"]) == ("Second", "Asia/Tokyo", "admin")
    there = Api(org.server, mira.api.token, made["id"])
    assert there.data("GET", "/me")["is_default_admin"]
    assert sorted(each["type"] for each in there.data("GET", "/users")) == ["bot", "standard"]
    assert there.data("PATCH", "", {"city": "Oslo"})["city"] == "Oslo"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": ""}, "name"), ({"name": "x" * 51}, "name"), ({"name": "a", "timezone": "b"}, "timezone")],
)
def test_a_bad_new_organization_is_refused(org: Organization, body: dict[str, str], field: str) -> None:
    with unchanged(org):
        refused = org.api.post("//organizations", body)

    assert_refused(refused, 422)
    assert refused.json()["errors"][field]
    assert len(org.api.data("GET", "//me/organizations")) == 1


def test_unknown_includes_are_ignored_and_named(api: Api) -> None:
    answer = api.get("?with=subscription,billing_info")

    assert answer.status_code == 200
    assert answer.headers["x-ignored-params"] == "with:subscription, with:billing_info"


def test_the_answer_is_304_until_something_changes(api: Api, server: Server) -> None:
    tag = api.get("").headers["etag"]
    assert api.get("", headers={"If-None-Match": tag}).status_code == 304
    api.request("PATCH", "", json={"city": "Oslo"})
    assert api.get("", headers={"If-None-Match": tag}).status_code == 200
