"""What keeps a program from starting is said in one sentence, with what to do about it."""

import shutil
import socket
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.ops.programs import Running, run


def refusal(*arguments: object, **settings: Any) -> str:
    """The sentence a command fails with: last on standard error, after log lines at most."""
    done = run(*arguments, **settings)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    *log, line = done.stderr.splitlines()
    assert all("[info" in each for each in log)
    assert line.startswith("procession: ")
    return line.removeprefix("procession: ")


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with Running(tmp_path) as server:
        said = refusal("serve", "--port", 0, "--data-dir", tmp_path / "data")

        assert f"process {server.process.pid}" in said
        assert str(tmp_path / "data") in said
        assert "Stop it, or choose another folder with --data-dir." in said


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        said = refusal("serve", "--port", port, "--data-dir", tmp_path)

    assert said == (
        f"Port {port} on 127.0.0.1 is in use. Stop the program that uses it, or choose another with --port."
    )


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    said = refusal("serve", "--host", "192.0.2.1", "--port", 0, "--data-dir", tmp_path)

    assert said.startswith("The server cannot listen on 192.0.2.1: ")
    assert said.endswith("Choose an address of this machine with --host.")


@pytest.mark.parametrize("command", [("serve", "--port", 0), ("migrate",)])
def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path, command: tuple[object, ...]) -> None:
    (tmp_path / "file").touch()

    said = refusal(*command, "--data-dir", tmp_path / "file" / "data")

    assert str(tmp_path / "file" / "data") in said
    assert "--data-dir" in said


NEED_TO_WRITE = [("serve", "--port", 0), ("migrate",), ("seed", "--runs", 0)]


@pytest.mark.parametrize("command", NEED_TO_WRITE, ids=lambda command: command[0])
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, command: tuple[object, ...]) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)

    said = refusal(*command, "--data-dir", folder, powerless=True)

    assert said == (
        f"The data folder {folder} cannot be used: Permission denied. Make it writable for this user, or choose "
        "another with --data-dir."
    )
    assert list(folder.iterdir()) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a database in it, and what else a program leaves there."""
    assert run("migrate", "--data-dir", tmp_path / "data").returncode == 0
    return tmp_path / "data"


UNWRITABLE = "cannot be written: Permission denied. Make it writable for this user, or choose another folder with "


@pytest.mark.parametrize("command", [*NEED_TO_WRITE, ("doctor",)], ids=lambda command: command[0])
def test_a_folder_that_may_not_be_written_any_more_is_refused(folder: Path, command: tuple[object, ...]) -> None:
    folder.chmod(0o555)

    assert refusal(*command, "--data-dir", folder, powerless=True) == f"{folder} {UNWRITABLE}--data-dir."


def test_a_database_that_may_not_be_written_is_for_reading_only(folder: Path) -> None:
    file = folder / "procession.db"
    file.chmod(0o444)

    for command in (("serve", "--port", 0), ("seed", "--runs", 0)):
        assert refusal(*command, "--data-dir", folder, powerless=True) == f"{file} {UNWRITABLE}--data-dir."
    assert run("doctor", "--data-dir", folder, powerless=True).stdout == "Everything equals a recount.\n"


@pytest.mark.parametrize("command", [("serve", "--port", 0), ("migrate",), ("token", "list", "--email", "a@b.test")])
def test_a_database_nobody_answers_for_is_refused_without_its_password(command: tuple[object, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    said = refusal(*command, database_url=f"postgresql://procession:geheim@127.0.0.1:{port}/procession")

    assert said.startswith("The PostgreSQL database cannot be reached: ")
    assert "PROCESSION_DATABASE_URL" in said
    assert "geheim" not in said


@pytest.mark.parametrize("command", [("serve", "--port", 0), ("migrate",), ("token", "list", "--email", "a@b.test")])
def test_a_schema_newer_than_the_program_is_refused(
    tmp_path: Path, empty_file: Path, command: tuple[object, ...]
) -> None:
    shutil.copy(empty_file, tmp_path)
    connection = apsw.Connection(str(tmp_path / "procession.db"))
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    said = refusal(*command, "--data-dir", tmp_path)

    assert "schema 9999" in said
    assert "newer version" in said or "the program that fits" in said


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "procession.db").write_bytes(b"not a database" * 1000)

    said = refusal("serve", "--port", 0, "--data-dir", tmp_path)

    assert "procession.db" in said
    assert "not a database" in said
    assert "backup" in said


def test_a_server_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("short")

    said = refusal("serve", "--port", 0, "--data-dir", tmp_path)

    assert "secret.key" in said
    assert "backup" in said


def test_an_sqlite_that_can_corrupt_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from procession import config, wiring

    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.46.1")

    with pytest.raises(wiring.CannotStart, match=r"SQLite 3\.46\.1 .* 3\.51\.3 or newer is needed\. Run `make setup`"):
        wiring.prepare(config.load({}, data_dir=tmp_path))


def test_several_processes_on_the_embedded_database_are_refused(tmp_path: Path) -> None:
    said = refusal("serve", "--port", 0, "--workers", 2, "--data-dir", tmp_path)

    assert said.startswith("--workers: 2 processes cannot share the embedded database.")
    assert "PostgreSQL" in said
