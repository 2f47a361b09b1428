"""Databases to try storage on: an embedded one for each test, and PostgreSQL ones on the suite's server."""

import shutil
from pathlib import Path

import pytest

from procession.storage.database import SQLITE_FILE


@pytest.fixture
def anyio_backend() -> str:
    """What coroutine tests run on."""
    return "asyncio"


@pytest.fixture
def file(empty_file: Path, tmp_path: Path) -> Path:
    """An embedded database of the test's own."""
    return Path(shutil.copy(empty_file, tmp_path / SQLITE_FILE))
