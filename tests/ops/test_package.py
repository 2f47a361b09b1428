"""The package people install: complete, with its command."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from procession import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "procession"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The package, built the way the container image builds it, from what .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("package")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(SOURCE, folder / "src" / "procession", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements").mkdir()
    for lock in (ROOT / "requirements").glob("*.in"):
        shutil.copy(lock, folder / "requirements")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", "dist", "."],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (path,) = (folder / "dist").iterdir()
    return zipfile.ZipFile(path)


def test_the_package_holds_every_file_of_the_source(wheel: zipfile.ZipFile) -> None:
    source = {
        str(path.relative_to(SOURCE.parent))
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert source - set(wheel.namelist()) == set()


def test_the_package_brings_the_command_its_version_and_its_licence(wheel: zipfile.ZipFile) -> None:
    folder = f"procession-{__version__}.dist-info"

    assert "procession = procession.cli.main:app" in wheel.read(f"{folder}/entry_points.txt").decode()
    assert "License-Expression: Apache-2.0" in wheel.read(f"{folder}/METADATA").decode()
    assert b"Apache License" in wheel.read(f"{folder}/licenses/LICENSE")


def test_the_package_asks_for_what_the_server_is_locked_to(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read(f"procession-{__version__}.dist-info/METADATA").decode()
    asked = {line for line in (ROOT / "requirements" / "core.in").read_text().splitlines() if line and line[0] != "#"}

    assert metadata.count("Requires-Dist: ") == len(asked)
