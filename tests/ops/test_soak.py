"""The runner of the long proofs: what it reads, remembers and writes."""

from pathlib import Path

import msgspec
import pytest

from tests.ops import soak
from tests.ops.soak import Result


def result(proof: str, outcome: str = "passed", **facts: str) -> Result:
    return Result(proof, outcome, 12, "2026-03-02", "abc123", facts)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        pytest.param("", ("passed", 62, {}), id="passed"),
        pytest.param("<failure message='no'/>", ("failed", 62, {}), id="failed"),
        pytest.param("<error message='no'/>", ("failed", 62, {}), id="set-up failed"),
        pytest.param("<skipped/>", ("skipped", 62, {}), id="skipped"),
        pytest.param("<skipped/><error/>", ("failed", 62, {}), id="skipped, then clean-up failed"),
        pytest.param(
            "<properties><property name='cases' value='20000'/></properties>",
            ("passed", 62, {"cases": "20000"}),
            id="with figures",
        ),
    ],
)
def test_a_report_is_read_as_its_one_proof(
    tmp_path: Path, inside: str, expected: tuple[str, int, dict[str, str]]
) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        f"<testsuites><testsuite><testcase name='t' time='61.7'>{inside}</testcase></testsuite></testsuites>"
    )

    assert soak.read_report(report) == expected


def test_a_proof_that_left_no_report_has_failed(tmp_path: Path) -> None:
    assert soak.read_report(tmp_path / "absent.xml") == ("failed", 0, {})


def test_results_are_remembered_and_the_last_one_counts(tmp_path: Path) -> None:
    memory = tmp_path / "abc123.jsonl"
    written = [result("tests/a.py::t", "failed"), result("tests/b.py::t"), result("tests/a.py::t")]
    memory.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in written))

    assert soak.remembered(memory) == {"tests/a.py::t": written[2], "tests/b.py::t": written[1]}
    assert soak.remembered(tmp_path / "absent.jsonl") == {}


def test_the_page_keeps_what_people_wrote_around_the_table() -> None:
    page = f"# Title\n\nBefore.\n\n{soak.BEGIN}\nold rows\n{soak.END}\n\nAfter.\n"

    once = soak.with_results(page, [result("tests/b.py::t"), result("tests/a.py::t", cases="10", rows="3")])

    assert once.startswith(f"# Title\n\nBefore.\n\n{soak.BEGIN}\n| Proof |")
    assert once.endswith(f"\n{soak.END}\n\nAfter.\n")
    assert "old rows" not in once
    first, second = [line for line in once.splitlines() if line.startswith("| `")]
    assert first == "| `tests/a.py::t` | passed | cases 10, rows 3 | 12 | 2026-03-02 | abc123 |"
    assert second == "| `tests/b.py::t` | passed | - | 12 | 2026-03-02 | abc123 |"
    assert soak.with_results(once, [result("tests/a.py::t")]).count("| `") == 1
    assert second in soak.with_results(once, [result("tests/a.py::t", "failed")], kept=["tests/b.py::t"])


def test_a_new_page_has_a_place_for_the_table() -> None:
    assert soak.with_results(soak.NEW_PAGE, [result("tests/a.py::t")]).count("| `tests/a.py::t`") == 1


def test_the_proofs_are_found_one_by_one() -> None:
    found = soak.proofs("tests/concurrency/test_random_writers.py")

    assert found
    assert all("::test_" in proof and proof.startswith("tests/concurrency/") for proof in found)


PROOFS = """
import os
from pathlib import Path

import pytest


@pytest.mark.soak
def test_steady(record_property):
    assert os.environ["SOAK"] == "1"
    with Path("steady").open("a") as file:
        file.write("run ")
    record_property("cases", 20_000)


@pytest.mark.soak
def test_fickle():
    assert Path("mended").exists()


def test_quick():
    raise AssertionError("this is no proof")
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two proofs, of which one fails until the tree is mended, and a test that is none."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p pytest_timeout --strict-markers\nmarkers = soak: long\n"
    )
    (tmp_path / "test_proofs.py").write_text(PROOFS)
    (tmp_path / "docs").mkdir()
    return tmp_path


def rows(tree: Path) -> dict[str, list[str]]:
    """Result and figures by proof, as the page shows them."""
    lines = [line.strip("| ").split(" | ") for line in (tree / "docs/reliability.md").read_text().splitlines()]
    return {cells[0].strip("`").partition("::")[2]: cells[1:3] for cells in lines if cells[0].startswith("`")}


def test_an_interrupted_run_goes_on_with_what_has_not_passed(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert soak.main(tree) == 1
    assert rows(tree) == {"test_fickle": ["failed", "-"], "test_steady": ["passed", "cases 20000"]}
    assert capfd.readouterr().out.endswith("1 proofs passed, 1 did not.\n  test_proofs.py::test_fickle\n")
    page = tree / "docs" / "reliability.md"
    page.write_text(page.read_text() + "\nWritten by hand.\n")

    (tree / "mended").touch()
    assert soak.main(tree) == 0
    assert rows(tree) == {"test_fickle": ["passed", "-"], "test_steady": ["passed", "cases 20000"]}
    assert capfd.readouterr().out.endswith("make soak: 2 proofs passed, 0 did not.\n")
    assert page.read_text().endswith("\nWritten by hand.\n")

    (tree / "mended").unlink()
    assert soak.main(tree) == 0, "nothing is left to run"
    assert (tree / "steady").read_text() == "run "


def test_some_are_chosen_and_the_page_keeps_the_others(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tree / "mended").touch()
    assert soak.main(tree) == 0
    before = rows(tree)
    for memory in (tree / ".soak").iterdir():
        memory.unlink()  # as after another commit

    assert soak.main(tree, "test_proofs.py::test_steady") == 0
    assert capfd.readouterr().out.endswith("make soak: 1 proofs passed, 0 did not.\n")
    assert (tree / "steady").read_text() == "run run "
    assert rows(tree) == before


def test_a_tree_without_proofs_proves_nothing(tree: Path) -> None:
    (tree / "test_proofs.py").write_text("def test_quick(): pass\n")

    assert soak.main(tree) == 1
    assert not (tree / "docs" / "reliability.md").exists()


def test_a_tree_that_cannot_be_read_is_said_so(tree: Path) -> None:
    (tree / "test_proofs.py").write_text("import nowhere_to_be_found\n")

    with pytest.raises(SystemExit, match=r"(?s)cannot be collected.*nowhere_to_be_found"):
        soak.main(tree)
