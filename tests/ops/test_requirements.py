"""The hashed requirement files: bounded, complete, nested, and free of where they were made."""

import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "requirements"
NAMES = ["build", "core", "dev", "test"]


def asked(name: str) -> list[Requirement]:
    """What an in-file asks for itself, without the files it includes."""
    lines = (FOLDER / f"{name}.in").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def locked(name: str) -> dict[str, str]:
    """Version by package of a lock file."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (FOLDER / f"{name}.txt").read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize("name", NAMES)
def test_every_dependency_has_a_lower_and_an_upper_bound(name: str) -> None:
    for requirement in asked(name):
        kinds = {bound.operator for bound in requirement.specifier}
        assert kinds == {"=="} or kinds == {">=", "<"}, f"{requirement} in {name}.in"


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_file_holds_what_its_in_file_asks_for(name: str) -> None:
    for requirement in asked(name):
        version = locked(name).get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is missing: run make lock"
        assert requirement.specifier.contains(version), f"{requirement.name} {version}: run make lock"


@pytest.mark.parametrize("name", NAMES)
def test_every_locked_package_has_a_hash(name: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (FOLDER / f"{name}.txt").read_text())[1:]

    assert len(entries) == len(locked(name)) > 0
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("smaller", "larger"), [("core", "test"), ("test", "dev"), ("build", "dev")])
def test_a_larger_set_holds_the_smaller_one_at_the_same_versions(smaller: str, larger: str) -> None:
    assert locked(smaller).items() <= locked(larger).items()


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_file_does_not_say_where_it_was_made(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text()

    assert "://" not in text
    assert re.findall(r"^--.*", text, re.MULTILINE) == []
    assert re.findall(r"(?<![\w.-])/\w+/.*", text) == []


def test_set_up_says_what_to_install_when_python_is_missing() -> None:
    found = subprocess.run(
        [FOLDER / "find-python"], env={"PATH": "/nowhere", "PYTHON": "python-too-old"}, capture_output=True, text=True
    )

    assert found.returncode == 1
    assert found.stdout == ""
    assert "Python 3.11 or newer is needed" in found.stderr
    assert "PYTHON=" in found.stderr


def test_set_up_takes_a_python_that_is_new_enough(tmp_path: Path) -> None:
    for name, works in (("python-old", "exit 1"), ("python-new", "exit 0")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{works}\n")
        program.chmod(0o755)

    found = subprocess.run(
        [FOLDER / "find-python"],
        env={"PATH": str(tmp_path), "PYTHON": "python-old python-new"},
        capture_output=True,
        text=True,
    )

    assert found.stdout == "python-new\n"
