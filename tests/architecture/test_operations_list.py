"""The specification's list of operations and the routes say the same."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from procession.api.catalogue import all_operations
from procession.api.probes import PROBES

SPEC = Path(__file__).parents[2] / "docs" / "spec"
# What the first issue finished: nothing of these waits, but for what the list of the README names.
FINISHED = {
    "processes",
    "tasks",
    "comments",
    "templates",
    "steps",
    "step fields",
    "stages",
    "rules",
    "snippets",
    "job titles",
    "lookup lists",
    "custom-field keys",
    "custom-field values",
    "tags",
    "folders",
    "groups",
    "guests",
    "guest tasks",
    "me",
}

Operation = tuple[str, str]


def operation(method: str, path: str) -> Operation:
    """Path parameters are compared by their places: the specification has other names for some."""
    return method, re.sub(r"\{[^}]*\}", "{}", path)


def routes() -> set[Operation]:
    return {operation(each.method, each.path) for each in all_operations()} | {("GET", path) for path in PROBES}


def rows() -> list[dict[str, str]]:
    with (SPEC / "operations.tsv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", strict=True))


def listed() -> dict[Operation, str]:
    """Operation to resource."""
    return {operation(row["method"], row["path"]): row["resource"] for row in rows()}


def section(title: str) -> str:
    """One chapter of the specification's README."""
    return (SPEC / "README.md").read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]


def first_table(title: str) -> list[list[str]]:
    """The cells of a chapter's first table, without its head."""
    lines = itertools.dropwhile(lambda line: not line.startswith("|"), section(title).splitlines())
    table = list(itertools.takewhile(lambda line: line.startswith("|"), lines))
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table[2:]]


def not_built() -> Iterator[Operation]:
    """What "Not built yet" names: operations, or all those of a resource."""
    for named, _ in first_table("Not built yet"):
        if named.startswith("all of "):
            resources = set(named.removeprefix("all of ").split(", "))
            assert resources <= set(listed().values()), f"no such resource in {named}"
            yield from (each for each, resource in listed().items() if resource in resources)
        else:
            yield from (operation(*each.split(" ")) for each in re.findall(r"`([^`]+)`", named))


def test_every_route_is_listed() -> None:
    assert routes() - listed().keys() == set()


def test_every_listed_operation_is_a_route_or_is_said_to_wait() -> None:
    waiting = set(not_built())

    assert listed().keys() - routes() == waiting
    assert not {each for each in waiting if listed()[each] in FINISHED}


def test_no_operation_is_listed_twice() -> None:
    assert len(rows()) == len(listed())
    assert set(rows()[0]) == {"method", "path", "resource", "section", "kind", "who", "note"}


def test_the_census_counts_the_list() -> None:
    counted: dict[str, Counter[str]] = {}
    for row in rows():
        for name in (row["resource"], "**total**"):
            counted.setdefault(name, Counter())[row["kind"]] += 1
    expected = {
        name: f"{kinds.total()} {kinds['documented']}/{kinds['client-evidence']}/{kinds['project-extension']}"
        for name, kinds in counted.items()
    }

    triples = [row[n : n + 3] for row in first_table("Endpoint census") for n in (0, 3, 6)]
    said = {name: f"{count} {kinds}".replace("**", "") for name, count, kinds in triples if name}
    assert said == expected
    aliases = sum("alias of" in row["note"] for row in rows())
    assert f"{aliases} of them are aliases" in section("Endpoint census")


def test_sections_named_in_the_list_exist() -> None:
    """Its `section` column says a file and, where that has numbered headings, one of them."""
    for place in {row["section"] for row in rows()}:
        file, _, number = place.partition(" §")
        text = (SPEC / file).read_text(encoding="utf-8")
        assert re.search(rf"^#+ {re.escape(number.split()[0])}[. ]", text, re.MULTILINE), place
