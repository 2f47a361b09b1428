"""`procession demo` and `serve --with-demo`: what they print and write, and whose data they touch."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.ops.programs import Running, require_program, run
from tests.ops.test_refusing_to_start import refusal
from tests.ops.test_server import administrator


def told(server: Running, name: str) -> str:
    """What the server has printed behind a name."""
    (line,) = [line for line in server.output.splitlines() if line.startswith(f"{name}  ")]
    return line.removeprefix(name).strip()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Where the environment's own data would be."""
    return tmp_path / "real"


def test_a_demo_writes_how_to_use_it_and_leaves_nothing_behind(tmp_path: Path, elsewhere: Path) -> None:
    file = tmp_path / "credentials.json"

    with Running(
        tmp_path, "--runs", 20, "--credentials", file,
        command="demo", data_dir=elsewhere, base_url="https://flow.example.org", workers=3,
        database_url="postgresql://procession@127.0.0.1:1/real",
    ) as server:  # fmt: skip
        written = json.loads(file.read_text())
        path = f"/api/organizations/{written['org_id']}/runs"
        status, _, body = server.get(path, Authorization=f"Bearer {written['access_token']}")
        me = server.data("/me", written["access_token"])
        assert server.stop() == 0
        folder = Path(told(server, "Data folder"))

    assert list(written) == ["api_endpoint", "org_id", "user_id", "access_token", "email", "password"]
    assert written["api_endpoint"] == f"{server.address}/api"
    assert (me["id"], me["email"]) == (written["user_id"], written["email"])
    assert file.stat().st_mode & 0o077 == 0
    assert status == 200
    assert json.loads(body)["meta"]["pagination"]["total"] > 0
    assert not folder.exists()
    assert not elsewhere.exists()


def test_a_second_start_keeps_the_demo_and_says_again_how_to_sign_in(tmp_path: Path) -> None:
    with Running(tmp_path, "--runs", 20, "--data", tmp_path / "data", command="demo") as server:
        server.stop()
        first = told(server, "Sign-in")

    with Running(tmp_path, "--with-demo") as server:
        server.stop()

    assert told(server, "Sign-in") == first


def test_the_first_start_on_an_empty_folder_prints_what_works_as_it_stands(tmp_path: Path) -> None:
    """What `make run` does: demo data, and a command for the main job. Spec: README."""
    require_program("curl", "curl")
    with Running(tmp_path, "--with-demo", anew=True) as server:
        server.read_until("with=tags'")
        told_token, document = told(server, "Access token"), told(server, "API document")
        (command,) = [line.strip() for line in server.output.splitlines() if line.startswith("  curl ")]
        answer = json.loads(
            subprocess.run(f"{command} --silent --fail", shell=True, capture_output=True, check=True).stdout
        )
        status, headers, described = server.get(document.removeprefix(server.address))
        page, _, _ = server.get(told(server, "API page").removeprefix(server.address))

    assert f"Bearer {told_token}" in command
    assert command.endswith("/runs?status=active&per_page=5&with=tags'")
    assert len(answer["data"]) == 5
    assert answer["meta"]["pagination"]["total"] > 50
    assert all(run["status"] != "archived" and "data" in run["tags"] for run in answer["data"])
    assert (status, page, headers["content-type"]) == (200, 200, "application/json")
    assert "/organizations/{org_id}/runs" in json.loads(described)["paths"]
    assert told(server, "Data folder") == str(tmp_path / "data")


def test_demo_data_never_mixes_with_other_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("migrate", "--data-dir", data).returncode == 0
    administrator(tmp_path)

    said = refusal("demo", "--port", 0, "--data", data)
    with Running(tmp_path, "--with-demo") as server:
        server.stop()

    assert said == "The database holds other data than the demo's. Name an empty one, or none."
    assert "Sign-in" not in server.output
