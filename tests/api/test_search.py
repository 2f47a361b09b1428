"""Search. Spec: api-content 3, 14 (7)."""

from typing import Any

import pytest

from tests.api.task_runs import on_one_database
from tests.builders import Organization, Person
from tests.harness import Api


def found(api: Api, query: str) -> dict[str, list[str]]:
    """Names by type."""
    answer = api.get(f"/search?{query}").json()
    return {kind: [each.get("title") or each["name"] for each in page["data"]] for kind, page in answer.items()}


class Library:
    """Something of every type that is called "harbour", and something else."""

    def __init__(self, org: Organization) -> None:
        self.org, self.api = org, org.api
        step = {"title": "Harbour call", "captures": [{"label": "Harbour name"}]}
        self.template = org.template("Harbour Fées", steps=[step, "Other"], summary="Of ships")
        org.template("Other")
        self.run = org.process(self.template, name="HARBOUR of Kiel")["id"]
        self.old = org.process(self.template, name="Harbour of Faro")["id"]
        org.api.delete(f"/runs/{self.old}").raise_for_status()
        self.alone = org.one_off(title="Ask the harbour")["id"]
        org.api.data("POST", "/text-templates", {"title": "Safety", "content": "Know your harbour"})


def test_7_a_search_is_answered_by_type(org: Organization) -> None:
    """Spec: behaviour-work Y2."""
    library = Library(org)

    answer = org.api.get("/search?search=harbour&on=task,process&per_page=50").json()

    assert set(answer) == {"task", "process"}
    pagination = answer["process"]["meta"]["pagination"]
    assert (pagination["total"], pagination["per_page"]) == (2, 50)
    old, run = answer["process"]["data"]
    assert (run["id"], run["name"], run["status"], run["due_soon"]) == (library.run, "HARBOUR of Kiel", "active", False)
    assert (old["status"], old["type"]) == ("archived", "procedure"), "DEC-35"
    alone, call = answer["task"]["data"]
    assert (alone["id"], alone["run_id"], alone["is_oneoff_task"]) == (library.alone, None, True)
    assert (call["run_id"], call["owners"]["users"]) == (library.run, [org.admin.id])


def test_everything_is_found_by_a_part_of_its_name(org: Organization) -> None:
    Library(org)

    everything = found(org.api, "search=ARBOU&on=blueprint,process,task,snippet,capture,step")

    assert everything == {
        "blueprint": ["Harbour Fées"],
        "process": ["Harbour of Faro", "HARBOUR of Kiel"],
        "task": ["Ask the harbour", "Harbour call"],
        "snippet": ["Safety"],
        "capture": ["Harbour name"],
        "step": ["Harbour call"],
    }
    assert set(found(org.api, "search=fees")) == {"blueprint", "process", "task", "snippet"}
    assert found(org.api, "search=fees")["blueprint"] == ["Harbour Fées"]
    assert found(org.api, "search=ha&on=process")["process"] == ["Harbour of Faro", "HARBOUR of Kiel"]
    assert found(org.api, "search=100%25&on=process,task,blueprint") == {"blueprint": [], "process": [], "task": []}
    page = org.api.get("/search?search=harbour&on=process&per_page=1&page=2").json()["process"]
    assert [each["name"] for each in page["data"]] == ["HARBOUR of Kiel"] and page["meta"]["pagination"]["total"] == 2


def test_tags_are_searched_and_shown_when_asked(org: Organization) -> None:
    library, tag = Library(org), org.tag("Urgent")["id"]
    for kind, key in (("Checklist", library.template["id"]), ("Run", library.run)):
        link = {"subject_id": key, "subject_type": kind, "tag_id": tag, "tag_type": "private"}
        org.api.data("POST", "/checklists/tags", link)

    assert found(org.api, "search=urgent&on=blueprint,process") == {"blueprint": [], "process": []}
    answer = org.api.get("/search?search=urgent&on=blueprint,process,task&tags=true").json()
    assert [each["tags"]["data"][0]["tag_id"] for each in answer["process"]["data"]] == [tag]
    assert [each["tags"]["data"][0]["tag_id"] for each in answer["blueprint"]["data"]] == [tag]
    assert answer["task"]["data"] == []


def test_filters_and_groups(org: Organization) -> None:
    library, other = Library(org), org.person("admin")
    template = library.template["id"]
    other.api.data("POST", "/runs", {"checklist_id": template, "name": "Harbour three", "summary": "big"})

    def processes(*parts: str) -> list[str]:
        return found(org.api, "&".join(["search=harbour&on=process", *parts]))["process"]

    def field(at: str, name: str, value: Any, operation: str | None = None) -> str:
        said = f"filter{at}%5Btype%5D=field&filter{at}[field]={name}&filter{at}[value]={value}"
        return said + (f"&filter{at}[operation]={operation}" if operation else "")

    assert processes(field("", "starter", other.id)) == ["Harbour three"]
    assert len(processes(field("", "starter", other.id, "<>"))) == 2
    assert processes(field("", "title", "harbour OF kiel")) == ["HARBOUR of Kiel"]
    assert processes(field("", "description", "big")) == ["Harbour three"]
    assert processes(field("", "description", "b%00ig")) == ["Harbour three"], "what no database stores is left out"
    assert processes(field("", "date", "2001-01-01", "<=")) == []
    assert len(processes(field("", "date", "2001-01-01", ">"))) == 3
    either = "filter[0][type]=boolean&filter[0][value]=OR"
    both = "filter[2][0][type]=boolean&filter[2][0][value]=and"
    assert processes(
        either,
        field("[1]", "title", "harbour of kiel"),
        both,
        field("[2][1]", "starter", other.id),
        field("[2][2]", "description", "big"),
    ) == ["Harbour three", "HARBOUR of Kiel"]
    assert processes(field("[0]", "starter", other.id), field("[1]", "title", "x")) == ["Harbour three"]
    assert set(found(org.api, f"search=harbour&{field('', 'date', '2001-01-01', '>')}")) == {"blueprint", "process"}
    assert found(org.api, f"search=harbour&on=blueprint&{field('', 'description', 'Of ships')}")["blueprint"]
    assert "X-Ignored-Params" not in org.api.get(f"/search?search=a&{field('', 'starter', 1)}").headers


@on_one_database
@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("", "search", "required"),
        ("search=%20", "search", "required"),
        ("search=a&on=bogus", "on", "bogus"),
        ("search=a&filter=x", "filter", "filter[type]"),
        ("search=a&filter[type]=field&filter[field]=colour&filter[value]=x", "filter", "starter, date, title"),
        ("search=a&on=task&filter[type]=field&filter[field]=date&filter[value]=2001-01-01", "filter", "starter, title"),
        ("search=a&on=step&filter[type]=field&filter[field]=title&filter[value]=x", "filter", "no filter"),
        ("search=a&filter[type]=field&filter[field]=title&filter[operation]=~&filter[value]=x", "filter", "operation"),
        ("search=a&filter[type]=field&filter[field]=title", "filter", "value"),
        ("search=a&filter[type]=field&filter[field]=starter&filter[value]=me", "filter", "member"),
        ("search=a&filter[type]=field&filter[field]=date&filter[value]=soon", "filter", "YYYY"),
        ("search=a&filter[0][type]=boolean&filter[0][value]=NOR", "filter", "AND or OR"),
        ("search=a&filter[0]=x", "filter", "condition or a group"),
        ("search=a&filter[0]=x&filter[0][type]=field", "filter", "both"),
        ("search=a&filter[1][1][1][1][1][1][1][1]=x", "filter", "deep"),
    ],
)
def test_what_is_wrong_with_a_search_is_said(org: Organization, query: str, field: str, says: str) -> None:
    refused = org.api.get(f"/search?{query}")

    assert refused.status_code == 422, refused.text
    assert says in refused.json()["errors"][field][0]


def test_everybody_finds_only_what_they_may_see(org: Organization) -> None:
    library, member, light = Library(org), org.person(), org.person("light")
    everywhere = "search=harbour&on=blueprint,process,task,capture,step"
    nothing: dict[str, list[str]] = {"blueprint": [], "process": [], "capture": [], "step": []}
    assert found(member.api, everywhere) == {**nothing, "task": ["Ask the harbour"]}, "3.3: members see one-off tasks"
    assert found(light.api, everywhere) == {**nothing, "task": []}

    _share(org, library, member)

    seen = found(member.api, everywhere)
    assert seen == {
        "blueprint": ["Harbour Fées"], "process": ["HARBOUR of Kiel"], "task": ["Ask the harbour"],
        "capture": ["Harbour name"], "step": ["Harbour call"],
    }, "the task of the process is secret"  # fmt: skip
    total = member.api.get(f"/search?{everywhere}").json()["task"]["meta"]["pagination"]["total"]
    assert total == 1
    listed = org.person()
    org.allow(library.template, "DUPLICATE", listed.id)
    assert found(listed.api, everywhere) == {**nothing, "blueprint": ["Harbour Fées"], "task": ["Ask the harbour"]}


def _share(org: Organization, library: Library, member: Person) -> None:
    """The template and the process, but not its task, which is secret."""
    org.allow(library.template, "READ", member.id)
    task = org.api.data("GET", f"/runs/{library.run}/tasks")[0]["id"]
    org.api.data("PUT", f"/runs/{library.run}/tasks/{task}", {"title": "Harbour call", "top_secret": True})
    org.api.data("PUT", f"/runs/{library.run}", {"name": "HARBOUR of Kiel", "users": [member.id]})


def test_t_10_7_a_draft_is_not_found_by_what_it_says(org: Organization) -> None:
    reader = org.person()
    template = org.template("Harbour", steps=["Harbour one"], dual_version_enabled=True, summary="old")
    org.allow(template, "READ", reader.id)
    path = f"/checklists/{template['id']}"
    org.api.data("PUT", f"{path}/publish")
    org.api.data("PUT", path, {"title": "Harbour", "summary": "new"})
    org.api.data("POST", f"{path}/steps", {"title": "Harbour two"})
    by_text = "search=harbour&on=blueprint&filter[type]=field&filter[field]=description&filter[value]=new"

    assert found(org.api, by_text)["blueprint"] == ["Harbour"]
    assert found(reader.api, by_text)["blueprint"] == []
    assert found(reader.api, "search=harbour&on=step")["step"] == ["Harbour one"]
    assert found(org.api, "search=harbour&on=step")["step"] == ["Harbour one", "Harbour two"]
