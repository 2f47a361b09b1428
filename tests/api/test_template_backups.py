"""Backups of templates. Spec: T-10.9, api-templates 2.7."""

from typing import Any

from procession.storage import template_backups
from tests.builders import Organization


def backups(org: Organization, path: str) -> list[dict[str, Any]]:
    return org.api.data("GET", f"{path}/backups")


def test_t_10_9_each_change_leaves_what_was_before(org: Organization, other_org: Organization) -> None:
    template = org.template("Bake", steps=["Knead", "Rest"])
    path, knead = f"/checklists/{template['id']}", template["steps"][0]
    made = len(backups(org, path))
    ada = org.person()
    org.allow(template, "EDIT", ada.id)
    org.api.delete(f"{path}/steps/{knead['id']}").raise_for_status()
    ada.api.data("PUT", path, {"title": "Bread", "summary": "<p>Slowly</p>"})
    org.api.data("PUT", path, {"title": "Bread", "starred": True})

    [last, before, *others] = backups(org, path)

    assert len(others) == made
    assert (before["title"], before["replaced_by"], last["replaced_by"]) == ("Bake", org.admin.id, ada.id)
    whole = org.api.data("GET", f"{path}/backups/{before['id']}")["checklist"]
    assert [step["title"] for step in whole["steps"]["data"]] == ["Knead", "Rest"]
    assert org.api.data("GET", f"{path}/backups/{last['id']}")["checklist"]["summary"] is None
    copy = org.api.data("POST", "/checklists?import=1", whole)
    assert (copy["title"], copy["steps_count"]) == ("Bake", 2)

    restored = org.api.data("POST", f"{path}/backups/{before['id']}/restore", status=200)
    assert (restored["title"], restored["steps_count"], restored["summary"]) == ("Bread", 2, None)
    assert org.api.data("GET", f"{path}/steps/{knead['id']}")["title"] == "Knead"
    assert len(backups(org, path)) == made + 3, "what was replaced can be brought back, too"
    feed = org.api.data("GET", f"/activity-feeds?entity_type=checklist&entity_id={template['id']}")
    assert "brought back" in str(feed[0])
    reader = org.person()
    org.allow(template, "READ", reader.id)
    assert reader.api.get(f"{path}/backups").status_code == 403
    assert other_org.api.get(f"{path}/backups").status_code == 404
    assert org.api.get(f"{path}/backups/999").status_code == 404


def test_the_last_ones_are_kept_and_come_back_from_the_bin(org: Organization) -> None:
    template = org.template("Bake")
    path = f"/checklists/{template['id']}"
    for number in range(template_backups.MOST + 2):
        org.api.data("PUT", path, {"title": "Bake", "guidance": str(number)})
    kept = org.api.data("GET", f"{path}/backups?without_pagination=1")
    assert [each["id"] for each in kept] == list(range(template_backups.MOST + 2, 2, -1))

    org.api.delete(path).raise_for_status()
    org.api.delete(f"{path}/delete").raise_for_status()
    [item] = org.api.data("GET", "/bin")
    org.api.post(f"/bin/{item['id']}/restore").raise_for_status()
    org.api.put(f"{path}/restore").raise_for_status()
    assert org.api.data("GET", f"{path}/backups?without_pagination=1") == kept
