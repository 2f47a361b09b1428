"""`with=permissions`: what the caller may do with a process. Spec: api-processes 4, behaviour-people 3."""

import itertools
from typing import Any

from tests.builders import Organization
from tests.lists.making import launch, one


class TestPermissions:
    KEYS = ("can_edit", "can_archive", "can_delete", "can_reassign", "can_complete", "can_add_oot")

    def of(self, api: Any, run: dict[str, Any]) -> str:
        """The permissions that are granted, by their initials after `can_`."""
        data = one(api, run, "with=permissions&archived=true")["permissions"]["data"]
        assert set(data) == set(self.KEYS)
        return " ".join(name.removeprefix("can_") for name in self.KEYS if data[name])

    def test_they_are_the_callers(self, org: Organization) -> None:
        owner, light, seen = org.person(), org.person("light"), org.person()
        template = org.template(steps=["One"])
        run = launch(org, template, owner_id=owner.id, users=[light.id, seen.id])

        assert self.of(org.api, run) == "edit archive reassign complete add_oot"
        assert self.of(owner.api, run) == "edit archive reassign complete add_oot"
        assert self.of(seen.api, run) == "archive reassign complete add_oot"
        assert "edit" not in self.of(light.api, run) and "archive" not in self.of(light.api, run)

    def test_who_may_edit_the_template_may_edit_the_process(self, org: Organization) -> None:
        editor = org.person()
        template = org.template(steps=["One"])
        run = launch(org, template, users=[editor.id])
        assert "edit" not in self.of(editor.api, run).split()

        org.allow(template, "EDIT", editor.id)

        assert "edit" in self.of(editor.api, run).split()
        assert editor.api.put(f"/runs/{run['id']}", {"name": "theirs"}).status_code == 200

    def test_an_issue_locks_and_an_archive_leaves_little(self, org: Organization) -> None:
        run = launch(org, org.template(steps=["One"]))
        assert org.api.post(f"/runs/{run['id']}/problem", {"content": "stop"}).is_success
        assert self.of(org.api, run) == ""
        archived = launch(org, org.template(steps=["One"]))
        assert org.api.delete(f"/runs/{archived['id']}").is_success
        assert self.of(org.api, archived) == "archive delete"

    def test_a_template_may_refuse_more_tasks(self, org: Organization) -> None:
        run = launch(org, org.template(steps=["One"], can_add_oot=False))

        assert "add_oot" not in self.of(org.api, run)

    def test_what_they_promise_is_so(self, org: Organization) -> None:
        """Renaming works exactly where `can_edit` says so, archiving where `can_archive` does."""
        people = [org.person(role) for role in ("admin", "standard", "light")]
        template = org.template(steps=["One"])
        for person, owned in itertools.product(people, (True, False)):
            place: dict[str, Any] = {"owner_id": person.id} if owned else {"users": [person.id]}
            run = launch(org, template, **place)
            may = self.of(person.api, run).split()
            renamed = person.api.put(f"/runs/{run['id']}", {"name": "new"}).status_code
            archived = person.api.delete(f"/runs/{run['id']}").status_code
            assert renamed == (200 if "edit" in may else 403), (person.role, owned)
            assert archived == (200 if "archive" in may else 403), (person.role, owned)
