import os
from pathlib import Path

import pytest

from .programs import Program, build
from .toolchains import TOOLCHAINS, Toolchain


@pytest.fixture(scope="session")
def build_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole test run, shared by its parallel processes."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "client-programs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", params=[pytest.param(toolchain, id=toolchain.folder) for toolchain in TOOLCHAINS])
def program(request: pytest.FixtureRequest, build_folder: Path) -> Program:
    toolchain: Toolchain = request.param
    if missing := toolchain.missing():
        refuse(
            f"the {toolchain.language} client needs {', '.join(missing)}: "
            f"Debian {' '.join(toolchain.packages)}, installed by `make setup-system`"
        )
    return build(toolchain, build_folder)


def refuse(reason: str) -> None:
    """A missing toolchain skips a person's run and fails an automatic one."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
