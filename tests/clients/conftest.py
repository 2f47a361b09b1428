import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Organization
from tests.live import Live

from .official import Office, Official
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


@pytest.fixture(params=[pytest.param("", id="bare"), pytest.param("/api", id="api")])
def office(request: pytest.FixtureRequest, live: Live) -> Iterator[Office]:
    """An organization nobody else uses and the official client of its administrator, under both path prefixes."""
    organization = Organization(live.server)
    base_url = live.base + request.param
    sdk = Official(organization.token(organization.admin.id), base_url)
    yield Office(organization, sdk, base_url)
    sdk.session.close()


def refuse(reason: str) -> None:
    """A missing toolchain skips a person's run and fails an automatic one."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
