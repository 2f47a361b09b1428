"""Runs the proofs marked `soak` in full, one at a time, and writes what they showed to docs/reliability.md.

`make soak`, or `make soak ARGS=tests/stateful` for some of them: then the page keeps what it says of the others.
What has passed for a commit is remembered in `.soak/`, so an interrupted run goes on where it stopped.
A proof counts to its full number when SOAK=1 is set; what it records with `record_property` is shown beside its result.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("docs/reliability.md")
# Figures beside a result have a place only in the older form of reports.
WORDS = [sys.executable, "-m", "pytest", "-q", "--timeout=0", "-o", "junit_family=xunit1"]
BEGIN, END = "<!-- results: written by make soak -->", "<!-- end of results -->"
NEW_PAGE = f"""# Reliability

The long proofs, run in full. `make soak` runs them and writes this table; `make test` runs a tenth of each.

{BEGIN}
{END}
"""


class Result(msgspec.Struct, frozen=True):
    """What one proof showed, on one commit."""

    proof: str
    outcome: str
    seconds: int
    on: str
    commit: str
    facts: dict[str, str]


def current_commit(root: Path) -> str:
    """The commit the tree stands on, with a digest of what was changed since; the page of results does not count."""
    commit = git(root, "rev-parse", "--verify", "--quiet", "--short=12", "HEAD") or "uncommitted"
    changes = git(root, "diff", "HEAD", "--", ".", f":!{PAGE}")
    return f"{commit}+{hashlib.sha256(changes.encode()).hexdigest()[:8]}" if changes else commit


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()


def proofs(*where: str, root: Path = ROOT) -> list[str]:
    """The node ids of all proofs, or of those in these files. Raises SystemExit with the collector's words when the
    suite cannot be read.
    """
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "soak", "--no-header", *where],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode not in (0, 5):
        raise SystemExit(f"make soak: the tests cannot be collected.\n{listed.stdout}{listed.stderr}")
    return [line for line in listed.stdout.splitlines() if "::" in line]


def run(proof: str, commit: str, root: Path) -> Result:
    """Run one proof in full, its output passed through."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [*WORDS, f"--junitxml={report}", proof],
            cwd=root,
            env=os.environ | {"SOAK": "1"},
            check=False,
        )
        outcome, seconds, facts = read_report(report)
    return Result(proof, outcome, seconds, datetime.now(UTC).strftime("%Y-%m-%d"), commit, facts)


def read_report(report: Path) -> tuple[str, int, dict[str, str]]:
    """Outcome, whole seconds and recorded facts of the one proof in a report; no report is a failure."""
    case = ET.parse(report).find(".//testcase") if report.exists() else None
    if case is None:
        return "failed", 0, {}
    tags = {child.tag for child in case}
    outcome = "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"
    facts = {fact.get("name", ""): fact.get("value", "") for fact in case.iter("property")}
    return outcome, round(float(case.get("time", "0"))), facts


def remembered(path: Path) -> dict[str, Result]:
    """The last result of each proof that is written down, by proof."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {result.proof: result for line in lines for result in [msgspec.json.decode(line, type=Result)]}


def with_results(page: str, results: Iterable[Result], *, kept: Iterable[str] = ()) -> str:
    """The page with its table replaced; what people wrote around it stays, and the rows of the `kept` proofs."""
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    old = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    rows = {proof: old[proof] for proof in kept if proof in old} | {
        one.proof: f"| `{one.proof}` | {one.outcome} | {', '.join(f'{k} {v}' for k, v in one.facts.items()) or '-'} "
        f"| {one.seconds} | {one.on} | {one.commit} |"
        for one in results
    }
    heading = ["| Proof | Result | Figures | Seconds | Date | Commit |", "|---|---|---|---|---|---|"]
    return "\n".join([f"{before}{BEGIN}", *heading, *(rows[proof] for proof in sorted(rows)), f"{END}{after}"])


def main(root: Path = ROOT, *where: str) -> int:
    """Run what has not passed yet, of everything or `where` it is said, and write each result down as soon as it is
    there; 0 when all of that have passed.
    """
    commit = current_commit(root)
    memory = root / ".soak" / f"{commit}.jsonl"
    memory.parent.mkdir(exist_ok=True)
    path = root / PAGE
    everything = proofs(root=root)
    wanted = proofs(*where, root=root) if where else everything
    known = {proof: result for proof, result in remembered(memory).items() if proof in everything}
    for proof in wanted:
        if proof in known and known[proof].outcome == "passed":
            continue
        result = known[proof] = run(proof, commit, root)
        with memory.open("a", encoding="utf-8") as file:
            file.write(msgspec.json.encode(result).decode() + "\n")
        page = path.read_text(encoding="utf-8") if path.exists() else NEW_PAGE
        path.write_text(with_results(page, known.values(), kept=everything), encoding="utf-8")
    bad = [proof for proof in wanted if known[proof].outcome != "passed"]
    print(f"make soak: {len(wanted) - len(bad)} proofs passed, {len(bad)} did not.", *bad, sep="\n  ")
    return 1 if bad or not wanted else 0


if __name__ == "__main__":
    sys.exit(main(ROOT, *sys.argv[1:]))
