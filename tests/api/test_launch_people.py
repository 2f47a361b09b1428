"""Who may launch, and who gets the tasks. Spec: behaviour-launching 1, 8, 17."""

from typing import Any

from tests.api.refusals import assert_refused, unchanged
from tests.builders import Organization, Person
from tests.harness import Api


def owners(org: Organization, template: dict[str, Any], **body: Any) -> dict[str, tuple[list[int], list[str]]]:
    """Members and guests of each task of a new process, by its title."""
    made = org.api.data("POST", "/runs?with=tasks", {"checklist_id": template["id"], **body})
    return {each["title"]: (each["owners"]["users"], each["owners"]["guests"]) for each in made["tasks"]["data"]}


def test_lt_4_who_launches_what(org: Organization) -> None:
    """L-1.1 to L-1.3, T-1.21, T-2.9: by a list, by a group, as owner; guests never; no label hinders."""
    ana, ben, cy = (org.person("standard") for _ in range(3))
    dee, eve = org.person("light"), org.person("light")
    template = org.template("Visit", steps=["Call"], owner_id=cy.id)
    org.allow(template, "LAUNCH", ana.id, groups=[org.group(members=[dee])["id"]])
    org.allow(template, "READ", ben.id, eve.id)
    guest = org.guest_api(org.guest()["email"])

    for who, label in ((ana, "Started"), (org.admin, "In progress"), (cy, "Finishing"), (dee, "Published")):
        org.api.data("PUT", f"/checklists/{template['id']}", {"title": "Visit", "status": label})
        assert who.api.data("POST", "/runs", {"checklist_id": template["id"]})["started_by"] == who.id
    with unchanged(org):
        for who in (ben, eve):
            refused = who.api.post("/runs", {"checklist_id": template["id"]})
            assert_refused(refused, 403)
            assert refused.json()["message"] == "Permission denied: cannot launch process from this template."
        assert guest.post("/runs", {"checklist_id": template["id"]}).status_code == 404
        link_as_token = Api(org.server, guest.code, org.id)
        assert link_as_token.post("/runs", {"checklist_id": template["id"]}).status_code == 401


class FitOut:
    """LT-17: step A is Tim's, B and C are nobody's, no guests on C; the administrator is Lena."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.tim, self.uma = org.person(), org.person()
        steps = [{"title": "A", "assignees": [self.tim.id]}, "B", {"title": "C", "allow_guest_owners": False}]
        self.template = org.template("Fit-out", steps=steps)
        self.steps = {step["title"]: step["id"] for step in self.template["steps"]}

    def given(
        self, step: str, *people: Person, guests: tuple[str, ...] = (), groups: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        named = {"users": [each.id for each in people], "guests": list(guests), "groups": list(groups)}
        return {self.steps[step]: {"owners": named}}

    def users(self, **body: Any) -> list[list[int]]:
        return [users for users, _ in owners(self.org, self.template, **body).values()]


def test_lt_17_who_gets_what_by_the_tasks_map(org: Organization) -> None:
    """All rows but the last: nobody calls with a bot's token yet."""
    fit = FitOut(org)
    lena, tim, uma = [org.admin.id], [fit.tim.id], [fit.uma.id]

    assert fit.users() == [tim, lena, lena]
    assert fit.users(tasks=fit.given("B", fit.uma)) == [tim, uma, lena]
    assert fit.users(tasks=fit.given("A")) == [tim, lena, lena]
    guests = owners(org, fit.template, tasks=fit.given("A", guests=("g@x.test",)))
    assert guests == {"A": (lena, ["g@x.test"]), "B": (lena, []), "C": (lena, [])}
    assert fit.users(guests=["g@x.test"]) == [tim, lena, lena]
    group = org.group(members=[fit.tim])["id"]
    mixed = org.group(members=[fit.tim], guests=["g@x.test"])["id"]
    assert fit.users(tasks={**fit.given("B", groups=(mixed,)), **fit.given("C", groups=(group,))}) == [tim, [], []]
    with unchanged(org):
        for tasks in (fit.given("C", guests=("g@x.test",)), fit.given("C", groups=(mixed,)), {"ab" * 16: {}}):
            assert_refused(org.api.post("/runs", {"checklist_id": fit.template["id"], "tasks": tasks}), 422)


def test_lt_13_so_many_may_be_assigned(org: Organization) -> None:
    """L-8.8, T-8.8: people are counted, not groups, and not before the launch."""
    group = org.group(members=[org.person() for _ in range(3)])["id"]
    template = org.template(steps=["Look", {"title": "Lift", "groups": [group], "max_assignable": 2}])
    lift = template["steps"][1]["id"]
    assert (template["steps"][1]["groups"], template["steps"][1]["max_assignable"]) == ([group], 2)
    one, two = org.person().id, org.person().id

    def launched(users: list[int], guests: list[str]) -> Any:
        named = {"users": users, "guests": guests, "groups": []}
        return org.api.post("/runs", {"checklist_id": template["id"], "tasks": {lift: {"owners": named}}})

    with unchanged(org):
        for refused in (launched([], []), launched([one, two], ["g@x.test"])):
            assert_refused(refused, 422)
            [[message]] = [messages[lift] for messages in refused.json()["errors"]["tasks"]]
            assert message == "At most 2 people may be assigned to the step Lift."
    assert launched([one, two], []).status_code == launched([one], ["g@x.test"]).status_code == 201


def test_l_8_9_who_has_left_gets_nothing(org: Organization) -> None:
    """L-8.11: the recipients of e-mails are found in the same way."""
    left, here = org.person(), org.person()
    steps = [
        {"title": "Both", "assignees": [left.id, here.id]},
        {"title": "Left", "assignees": [left.id]},
        {"title": "Nobody", "assignees": [left.id], "assign_run_starter": False},
        {"title": "Mail", "step_type": "email", "assignees": [left.id]},
        {"title": "To guest", "step_type": "email", "guests": ["g@x.test"]},
        {"title": "By itself", "step_type": "expiring_email", "assignees": [here.id]},
    ]
    template = org.template(steps=steps)
    org.api.delete(f"/users/{left.id}/disable").raise_for_status()

    lena = org.admin.id
    assert owners(org, template) == {
        "Both": ([here.id], []),
        "Left": ([lena], []),
        "Nobody": ([], []),
        "Mail": ([lena], []),
        "To guest": ([lena], ["g@x.test"]),
        "By itself": ([here.id], []),
    }
    org.api.put("", {"name": "Fernwood", "guest_only_assignment": True}).raise_for_status()
    assert owners(org, template)["To guest"] == ([], ["g@x.test"]), "L-8.6: where the organization wants it so"


def test_a_steps_guest_who_became_a_member_is_the_member(org: Organization) -> None:
    """L-8.7, L-7.5: what a template says about guests never blocks a launch."""
    template = org.template(steps=[{"title": "Call", "guests": ["ana@x.test", "bo@x.test"]}])
    owners(org, template)
    ana = org.api.data("POST", "/guests/ana@x.test/to/member", {"role": "standard"}, status=200)["id"]

    assert owners(org, template) == {"Call": ([ana], ["bo@x.test"])}
    org.api.delete(f"/users/{ana}/disable").raise_for_status()
    assert owners(org, template) == {"Call": ([org.admin.id], ["bo@x.test"])}


def test_l_8_7_who_can_be_a_guest(org: Organization) -> None:
    """Unknown guests are made; the bot's address and members' are nobody's to invite, in the template either."""
    template = org.template(steps=["Call"])
    call = template["steps"][0]["id"]
    bot = f"bot@{org.id}.invalid"
    with unchanged(org):
        for address in (bot, org.admin.email, "nobody"):
            tasks = {call: {"owners": {"guests": ["new@x.test", address]}}}
            refused = org.api.post("/runs", {"checklist_id": template["id"], "tasks": tasks})
            assert_refused(refused, 422)
            assert list(refused.json()["errors"]) == ["tasks"]
            step = {"title": "Call", "guests": [address]}
            assert list(org.api.put(f"/checklists/{template['id']}/steps/{call}", step).json()["errors"]) == [
                "guests.0"
            ]

    made = owners(org, template, tasks={call: {"owners": {"guests": [" New@X.test"]}}})

    assert made == {"Call": ([org.admin.id], ["new@x.test"])}
    assert [each["email"] for each in org.api.data("GET", "/guests")] == ["new@x.test"]
