"""What launches of a template use: versions, frozen by a launch or published. Spec: behaviour-templates 10."""

import pytest

from procession.domain.actors import Actor
from procession.domain.errors import Invalid, WrongState
from procession.domain.templates import Template
from procession.storage import template_grants, template_versions, templates
from procession.storage.template_versions import LaunchableTemplate
from procession.storage.tx import WriteTx, reading, writing
from tests.builders import Organization


class Versions:
    """What launches would run, without launching."""

    def __init__(self, org: Organization, template_id: str) -> None:
        self.org, self.template_id = org, template_id
        self.actor = Actor(kind="member", id=org.admin.id, role="admin")

    def launchable(self, *, refused: bool = False) -> LaunchableTemplate:
        """What a launch gets; with `refused` the launch is refused afterwards, so nothing stays."""

        async def work(tx: WriteTx) -> LaunchableTemplate:
            row = await templates.find(tx, self.template_id)
            assert row is not None
            found = await template_versions.for_launch(tx, row)
            if refused:
                raise Invalid({"prerun": ["no"]})
            return found

        server = self.org.server
        return server.run(writing(server.database, self.org.number, self.org.id, self.actor, server.clock(), work))

    def document(self, version: int) -> Template:
        async def read() -> Template:
            server = self.org.server
            async with reading(server.database, self.org.number, self.org.id, self.actor, server.clock()) as tx:
                return await template_versions.version_document(tx, self.template_id, version)

        return self.org.server.run(read())


def test_t_10_2_a_launch_freezes_and_the_next_edit_begins_a_version(org: Organization) -> None:
    template = org.template(steps=["One"])
    versions, steps = Versions(org, template["id"]), f"/checklists/{template['id']}/steps"

    first = versions.launchable()
    assert versions.launchable().version == first.version
    org.api.data("PUT", f"/checklists/{template['id']}", {"title": "New title", "starred": True})
    assert versions.launchable().version == first.version, "the document did not change"
    org.api.data("POST", steps, {"title": "Two"})
    org.api.data("POST", steps, {"title": "Three"})
    second = versions.launchable()

    assert second.version == first.version + 1
    assert [step.title for step in versions.document(first.version).steps] == ["One"]
    assert [step.title for step in versions.document(second.version).steps] == ["One", "Two", "Three"]
    assert second.document.steps[0].id == first.document.steps[0].id


def test_a_version_frozen_by_a_refused_launch_is_forgotten(org: Organization) -> None:
    """Its number may be given to other contents: nothing may remember the old ones."""
    template = org.template(steps=["One"])
    versions = Versions(org, template["id"])

    with pytest.raises(Invalid):
        versions.launchable(refused=True)
    org.api.data("POST", f"/checklists/{template['id']}/steps", {"title": "Two"})
    launched = versions.launchable()
    org.server.clock.freeze()
    org.server.clock.advance(hours=1)

    for _ in range(2):
        assert len(versions.document(launched.version).steps) == 2


def test_launches_are_counted(org: Organization) -> None:
    template = org.template()

    async def work(tx: WriteTx) -> None:
        await templates.count_launch(tx, template["id"])

    server = org.server
    actor = Actor(kind="member", id=org.admin.id, role="admin")
    for _ in range(2):
        server.run(writing(server.database, org.number, org.id, actor, server.clock(), work))

    assert org.api.data("GET", f"/checklists/{template['id']}")["started_processes"] == 2


def test_the_readers_of_a_launched_process_come_from_process_read(org: Organization) -> None:
    ines, template, group = org.person(), org.template(), org.group()
    org.allow(template, "PROCESS_READ", ines.id, groups=[group["id"]], everyone=True)
    org.allow(template, "READ", org.admin.id)

    async def read() -> list[str]:
        actor = Actor(kind="member", id=org.admin.id, role="admin")
        async with reading(org.server.database, org.number, org.id, actor, 0) as tx:
            return await template_grants.process_readers(tx, template["id"])

    assert org.server.run(read()) == sorted(["everyone", f"g:{group['id']}", f"m:{ines.id}"])


def test_an_archived_template_is_not_launched(org: Organization) -> None:
    template = org.template()
    org.api.delete(f"/checklists/{template['id']}")
    with pytest.raises(WrongState):
        Versions(org, template["id"]).launchable()


def test_t_10_7_a_draft_is_for_editors_and_launches_use_what_is_published(org: Organization) -> None:
    template = org.template("Dual", steps=["One"], dual_version_enabled=True)
    ines, path = org.person(), f"/checklists/{template['id']}"
    org.allow(template, "READ", ines.id)
    versions = Versions(org, template["id"])
    assert template["is_published_state"] is False
    with pytest.raises(WrongState):
        versions.launchable()
    assert ines.api.get(path).status_code == 403
    assert ines.api.data("GET", "/checklists?with=steps")[0]["steps"] == {"data": []}

    assert org.api.data("PUT", f"{path}/publish")["is_published_state"] is True
    published = versions.launchable().version
    org.api.data("POST", f"{path}/steps", {"title": "Two"})

    assert org.api.data("GET", path)["is_published_state"] is False
    assert org.api.data("GET", path)["steps_count"] == 2
    assert ines.api.data("GET", path)["steps_count"] == 1
    assert ines.api.data("GET", "/checklists")[0]["steps_count"] == 1
    assert len(ines.api.data("GET", f"{path}/steps")) == 1
    assert versions.launchable().version == published

    assert org.api.data("PUT", f"{path}/publish")["is_published_state"] is True
    assert len(versions.launchable().document.steps) == 2
    assert org.api.data("PUT", f"{path}/publish")["is_published_state"] is True


def test_switching_drafts_on_keeps_what_launches_used(org: Organization) -> None:
    template = org.template("Dual", steps=["One"])
    versions = Versions(org, template["id"])

    org.api.data("PUT", f"/checklists/{template['id']}", {"title": "Dual", "dual_version_enabled": True})
    org.api.data("POST", f"/checklists/{template['id']}/steps", {"title": "Two"})

    assert [step.title for step in versions.launchable().document.steps] == ["One"]


def test_the_system_template_is_made_once_and_never_shown(org: Organization) -> None:
    async def work(tx: WriteTx) -> str:
        return (await templates.system_template(tx)).id

    server = org.server
    actor = Actor(kind="member", id=org.admin.id, role="admin")
    made = [server.run(writing(server.database, org.number, org.id, actor, server.clock(), work)) for _ in range(2)]

    assert made[0] == made[1]
    assert org.api.data("GET", "/checklists?archived=true") == []
    assert org.api.get(f"/checklists/{made[0]}").status_code == 404
    assert org.api.delete(f"/checklists/{made[0]}").status_code == 404


def test_deleting_a_template_keeps_the_versions_its_processes_run(org: Organization) -> None:
    """T7: launched processes survive. BI6: what nothing needs any more is erased with the item of the bin."""
    template = org.template(steps=["One"])
    run = org.api.data("POST", "/runs", {"checklist_id": template["id"], "name": "Alive"})
    used = Versions(org, template["id"]).launchable().version
    org.api.data("POST", f"/checklists/{template['id']}/steps", {"title": "Two"})
    unused = Versions(org, template["id"]).launchable().version
    org.api.delete(f"/checklists/{template['id']}")
    org.api.delete(f"/checklists/{template['id']}/delete")
    assert len(Versions(org, template["id"]).document(unused).steps) == 2
    [item] = org.api.data("GET", "/bin")
    org.api.delete(f"/bin/{item['id']}").raise_for_status()

    assert len(Versions(org, template["id"]).document(used).steps) == 1
    with pytest.raises(LookupError):
        Versions(org, template["id"]).document(unused)
    assert org.api.data("GET", f"/runs/{run['id']}")["name"] == "Alive"
