"""Whose processes these are. Spec: behaviour-work N-3."""

from tests.api.task_runs import Run
from tests.builders import Organization, Person


def test_n_3_whoever_had_to_do_with_a_process_finds_it(org: Organization) -> None:
    template = org.template(steps=["Call", {"title": "Agree", "step_type": "approval"}])
    assigned, former, mentioned, decided, owner, reader = (org.person() for _ in range(6))
    run = Run(org, template, owner_id=owner.id, users=[decided.id, reader.id])
    other = Run(org, template, users=[reader.id])
    run.assign("Call", former)
    run.assign("Call", assigned)
    org.api.data("POST", f"/tasks/{run.task_id('Call')}/comment", {"content": f"@[{mentioned.id}]"})
    run.complete("Agree", by=decided, is_approved=True).raise_for_status()

    def mine(person: Person, query: str = "involved=me") -> list[str]:
        answer = person.api.get(f"/runs?{query}")
        assert "X-Ignored-Params" not in answer.headers
        assert answer.json()["meta"]["pagination"]["total"] == len(answer.json()["data"])
        return [each["id"] for each in answer.json()["data"]]

    for person in (assigned, former, mentioned, decided, owner):
        assert mine(person) == [run.id]
        assert mine(org.admin, f"involved={person.id}") == [run.id]
    assert mine(reader) == [], "to see a process is not to be involved in it"
    assert sorted(mine(org.admin, f"involved={former.id},{org.admin.id}")) == sorted([run.id, other.id])
    assert mine(former, f"owners={former.id}") == [], "assigned now is another matter"
    run.complete("Call", by=assigned).raise_for_status()
    assert mine(mentioned, "involved=me&status=complete&sort=name") == [run.id]
    assert org.api.get("/runs?involved=you").headers["X-Ignored-Params"] == "involved:you"
    assert org.differences() == []
