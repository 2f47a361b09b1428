"""The numbered rules of the behaviour files, and the tests that name them. `make rules` lists those that none names.

Of those, `untested_rules.txt` tells two sorts apart: no test yet, and nothing that a test of the server could prove (yet).

A test names a rule in its name (`test_l_9_13_...`), in a docstring, in the id of a case or in a scenario file. A bare letter id (`D3`) means the file
named before it (`behaviour-work D3`), or else the one file that its module's docstring names and that has such a rule.
"""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]
SPEC = TESTS.parent / "docs" / "spec"
OPEN = Path(__file__).with_name("untested_rules.txt")
CHECKED = ("behaviour-automations", "behaviour-launching", "behaviour-templates", "behaviour-work")

_ID = r"[A-Z]{1,2}(?:-[A-Z]?\d+(?:\.\d+)?|\d+)[a-z]?"
# `| A-1.1 |` in a table, `- P6.` or `- E7 (ours).` in a list, `**AT-1 Show by ...**` over a test table.
_RULE = re.compile(rf"^(?:\| ({_ID}) \||- ({_ID})(?: \(ours\))?\.|\*\*({_ID}) |### ({_ID})\b)", re.MULTILINE)
_WORD = re.compile(rf"(?P<file>\b(?:api|behaviour)-[a-z]+)|\b(?P<first>{_ID})(?:(?: to |-)(?P<last>{_ID}))?(?![\w-])")
_NAMED = re.compile(r"^test_([a-z]{1,2})(_?)(\d+)(?:_(\d+))?([a-z]?)_")
_NUMBER = re.compile(r"^(.*?)(\d+)$")
# page: what clients do with what the API gives them; text: no rule of ours; open: waits for a part that is not built.
_REASON = re.compile(r"page|text|open: [a-z][a-z' -]+")


class Rule(NamedTuple):
    file: str
    id: str

    def __str__(self) -> str:
        return f"{self.file} {self.id}"


@cache
def rules_of(file: str) -> tuple[Rule, ...]:
    """In the order of the file."""
    text = (SPEC / f"{file}.md").read_text(encoding="utf-8")
    return tuple(Rule(file, next(filter(None, match.groups()))) for match in _RULE.finditer(text))


@cache
def ids_of(file: str) -> frozenset[str]:
    """Nothing when the specification has no such file."""
    return frozenset(rule.id for rule in rules_of(file)) if (SPEC / f"{file}.md").exists() else frozenset()


def all_rules() -> list[Rule]:
    return [rule for file in CHECKED for rule in rules_of(file)]


@cache
def named() -> frozenset[Rule]:
    """Every rule that some test names."""
    found: set[Rule] = set()
    for path in TESTS.rglob("*.py"):
        if path.parent == OPEN.parent:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        usual = files_in(ast.get_docstring(tree) or "")
        for text in texts_of(tree):
            found.update(named_in(text, usual))
    for path in TESTS.rglob("*.toml"):
        scenario = tomllib.loads(path.read_text(encoding="utf-8"))
        usual = (f"behaviour-{path.parent.name}",)
        for text in (scenario["id"], *scenario["proves"], *(case["name"] for case in scenario["cases"])):
            found.update(named_in(text, usual))
    return frozenset(found)


def texts_of(tree: ast.Module) -> Iterator[str]:
    """Names, docstrings, and the ids of cases."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield id_in_name(node.name)
        elif isinstance(node, ast.keyword) and node.arg in ("id", "ids"):
            parts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
            yield from (part for part in parts if isinstance(part, str))


def id_in_name(name: str) -> str:
    """L-9.13 of `test_l_9_13_completion_releases_...`, P4 of `test_p4_...`; empty for other names."""
    match = _NAMED.match(name)
    if match is None:
        return ""
    family, hyphen, number, part, letter = match.groups("")
    return family.upper() + ("-" if hyphen else "") + number + (f".{part}" if part else "") + letter


def files_in(text: str) -> tuple[str, ...]:
    found = (match["file"] for match in _WORD.finditer(text) if match["file"])
    return tuple(dict.fromkeys(found))


def named_in(text: str, usual: tuple[str, ...]) -> Iterator[Rule]:
    """The rules that a text names; `usual` are the files that its module is about."""
    before = None
    for match in _WORD.finditer(text):
        if match["file"]:
            before = match["file"]
            continue
        for name in expanded(match["first"], match["last"]):
            rule = meant(name, before, usual)
            if rule is not None:
                yield rule


def expanded(first: str, last: str | None) -> list[str]:
    """`T-11.20 to T-11.22` and `S1-S3` are all that lie between."""
    begin, end = _NUMBER.match(first), _NUMBER.match(last or "")
    if begin is None or end is None or begin[1] != end[1]:
        return [first, *([last] if last else [])]
    return [f"{begin[1]}{number}" for number in range(int(begin[2]), int(end[2]) + 1)]


def meant(name: str, before: str | None, usual: tuple[str, ...]) -> Rule | None:
    """Ids with a hyphen are of one file only. Others are never guessed: behind another file's name they are its own."""
    nearest = (before,) if before else ()
    for among in (CHECKED,) if "-" in name else (nearest, usual):
        having = [file for file in among if name in ids_of(file)]
        if having:
            return Rule(having[0], name) if len(having) == 1 and having[0] in CHECKED else None
    return None


def listed() -> list[tuple[str, str]]:
    """The rules that are known to be named by no test, as the list has them, each with its reason or none."""
    lines = OPEN.read_text(encoding="utf-8").splitlines()
    return [(rule, reason) for line in lines if line and line[0] != "#" for rule, _, reason in [line.partition(": ")]]


def still_open() -> list[str]:
    return [rule for rule, reason in listed() if not reason]


def with_a_reason() -> dict[str, str]:
    return {rule: reason for rule, reason in listed() if reason}


def is_reason(text: str) -> bool:
    return _REASON.fullmatch(text) is not None


def main() -> None:
    rules = all_rules()
    untested = [rule for rule in rules if rule not in named()]
    reasons = with_a_reason()
    total, without = Counter(rule.file for rule in rules), Counter(rule.file for rule in untested)
    excused = Counter(rule.file for rule in untested if str(rule) in reasons)
    for rule in untested:
        print(f"{rule}: {reasons[str(rule)]}" if str(rule) in reasons else rule)
    for file in CHECKED:
        print(f"# {file}: {total[file]} rules, {without[file]} named by no test, {excused[file]} of them for a reason")


if __name__ == "__main__":
    main()
