"""The command line: what it prints, what it refuses, and that it never shows a traceback or a secret."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import pytest
from typer.testing import CliRunner, Result

from procession import __version__, claims, config
from procession.adapters.identity import is_password
from procession.api.document import complete_document
from procession.cli.main import app
from tests.live import serving
from tests.mail.delivering import SECRET_WORD, SETTINGS
from tests.postgres_server import prepared_database

PASSWORD = "correct Horse 7"
ADA = ("--email", "ada@fernwood.test")

Procession = Callable[..., Result]


@pytest.fixture
def procession(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Procession:
    """Runs a command in this process; its data folder is one of the test's own."""
    for name in [name for name in os.environ if name.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROCESSION_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: object, given: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(each) for each in arguments], input=given)

    return run


@pytest.fixture(params=["sqlite", "postgresql"])
def prepared(request: pytest.FixtureRequest, procession: Procession) -> Iterator[Procession]:
    """The same on either database, with its schema and one administrator."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            with prepared_database(request.getfixturevalue("postgres_server")) as url:
                patch.setenv("PROCESSION_DATABASE_URL", url)
                yield with_administrator(procession)
        else:
            yield with_administrator(procession)


@pytest.fixture
def prepared_on_sqlite(procession: Procession) -> Procession:
    return with_administrator(procession)


def with_administrator(procession: Procession) -> Procession:
    done(procession("migrate"))
    done(create_admin(procession))
    return procession


def create_admin(procession: Procession, **changes: str) -> Result:
    wanted = {
        "email": "ada@fernwood.test",
        "first_name": "Ada",
        "last_name": "Moss",
        "organization": "Fernwood",
        "timezone": "Europe/Berlin",
        **changes,
    }
    password = wanted.pop("password", PASSWORD)
    options = [part for name, value in wanted.items() for part in (f"--{name.replace('_', '-')}", value)]
    return procession("admin", "create", *options, "--password-stdin", given=f"{password}\n")


def done(result: Result) -> str:
    """What a command that succeeded has printed."""
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result) -> str:
    """The one sentence a command has failed with."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line.removeprefix("procession: ")


def value(text: str, name: str) -> str:
    """What stands behind a name in printed columns."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name}  ")]
    return line.removeprefix(name).strip()


def test_the_version(procession: Procession) -> None:
    assert done(procession("--version")) == f"procession {__version__}\n"


def test_help_names_every_command(procession: Procession) -> None:
    commands = {
        "serve",
        "demo",
        "migrate",
        "doctor",
        "openapi",
        "info",
        "config",
        "token",
        "admin",
        "seed",
        "move",
        "deliver-mail",
    }

    text = done(procession("--help"))

    assert commands == {line.split()[0] for line in text.partition("Commands:")[2].splitlines() if line.strip()}


def test_a_mistyped_command_is_a_usage_error(procession: Procession) -> None:
    result = procession("sevre")

    assert result.exit_code == 2
    assert "No such command 'sevre'" in result.stderr


# Settings and facts


def test_config_shows_every_setting_and_hides_passwords(
    procession: Procession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCESSION_DATABASE_URL", "postgresql://procession:geheim@db.example/procession")

    text = done(procession("config"))

    assert [line.split()[0] for line in text.splitlines()] == [config.variable(name) for name in config.TABLE]
    shown = value(text, "PROCESSION_DATABASE_URL").split()
    assert shown[:2] == ["postgresql://procession:***@db.example/procession", "environment"]
    assert "geheim" not in text


def test_config_prints_the_reference_of_all_settings(procession: Procession) -> None:
    assert done(procession("config", "--markdown")) == config.markdown_table()


@pytest.mark.parametrize("command", ["serve", "migrate", "info", "config", "doctor"])
def test_a_wrong_setting_is_refused_by_every_command(
    procession: Procession, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("PROCESSION_PROT", "80")

    assert refused(procession(command)) == "PROCESSION_PROT is not a setting. Write PROCESSION_PORT."


def test_openapi_prints_the_document(procession: Procession, tmp_path: Path) -> None:
    printed = done(procession("openapi"))
    done(procession("openapi", "--output", tmp_path / "openapi.json"))

    assert json.loads(printed) == json.loads(complete_document())
    assert (tmp_path / "openapi.json").read_text() == printed


def test_a_file_that_cannot_be_written_is_named(procession: Procession, tmp_path: Path) -> None:
    said = refused(procession("openapi", "--output", tmp_path / "nowhere" / "openapi.json"))

    assert said == f"{tmp_path}/nowhere/openapi.json: No such file or directory. Name a path that this user can use."


def test_info_shows_versions_paths_and_schema(procession: Procession, tmp_path: Path) -> None:
    before = done(procession("info"))
    done(procession("migrate"))
    after = done(procession("info"))

    assert value(after, "Procession") == __version__
    assert value(after, "SQLite").startswith(apsw.sqlite_lib_version())
    assert value(after, "Data folder") == str(tmp_path / "data")
    assert value(before, "Database") == f"{tmp_path}/data/procession.db (not there yet)"
    assert value(after, "Database").startswith(f"{tmp_path}/data/procession.db, ")
    assert value(before, "Schema").startswith("none yet, this program needs ")
    assert value(before, "Schema").endswith(value(after, "Schema"))


def test_info_tells_what_it_can_when_the_database_is_away(
    procession: Procession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCESSION_DATABASE_URL", "postgresql://procession:geheim@127.0.0.1:1/procession")

    text = done(procession("info"))

    assert value(text, "Database") == "postgresql://procession:***@127.0.0.1:1/procession"
    assert value(text, "Schema").startswith("unknown: The PostgreSQL database cannot be reached: ")
    assert "geheim" not in text


# The database


def test_migrate_brings_a_database_up_to_date_once(prepared: Procession) -> None:
    assert done(prepared("migrate")).startswith("The database is up to date: schema ")


def test_migrate_leaves_a_database_alone_that_a_server_uses(procession: Procession, tmp_path: Path) -> None:
    with claims.only_server(config.current()):
        said = refused(procession("migrate"))

    assert "uses the data folder" in said
    assert not (tmp_path / "data" / "procession.db").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("token", "list", *ADA),
        ("admin", "reset-password", *ADA, "--password-stdin"),
        ("doctor",),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_commands_that_need_data_say_how_to_make_a_database(procession: Procession, command: tuple[str, ...]) -> None:
    said = refused(procession(*command, given=f"{PASSWORD}\n"))

    assert said.endswith("holds no Procession data yet. Run `procession migrate` first.")


@pytest.mark.parametrize("command", [("token", "list", *ADA), ("doctor",), ("seed", "--runs", 0)], ids=str)
def test_an_sqlite_that_can_corrupt_files_is_refused_by_every_command(
    prepared_on_sqlite: Procession, command: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.46.1")

    said = refused(prepared_on_sqlite(*command))

    assert said.startswith("SQLite 3.46.1 can corrupt a database")
    assert "Run `make setup` again" in said


def test_doctor_finds_nothing_wrong_with_a_fresh_database(prepared: Procession) -> None:
    assert done(prepared("doctor")) == "Everything equals a recount.\n"


def test_doctor_finds_a_counter_that_is_wrong(procession: Procession, tmp_path: Path) -> None:
    with_administrator(procession)
    connection = apsw.Connection(str(tmp_path / "data" / "procession.db"))
    connection.execute("INSERT INTO facet_counter (org, facet, key, state, n) VALUES (1, 1, '', 1, 7)")
    connection.close()

    result = procession("doctor")

    assert result.exit_code == 1
    assert "facet_counter" in result.stdout
    assert "7 where a recount finds 0" in result.stdout


# Administrators and passwords


def test_the_first_administrator_gets_an_organization(prepared: Procession) -> None:
    text = done(create_admin(prepared, email="bo@other.test", organization="Other"))

    assert len(value(text, "Organization")) == 32
    assert value(text, "Signs in as") == "bo@other.test"


def test_a_further_administrator_joins_an_organization_by_its_id(prepared: Procession) -> None:
    organization = value(done(create_admin(prepared, email="bo@other.test", organization="Other")), "Organization")

    text = done(create_admin(prepared, email="cy@other.test", organization=organization))

    assert value(text, "Organization") == organization


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"email": "ada"}, "ada is not an e-mail address.", id="no address"),
        pytest.param({"timezone": "Mars"}, "Mars is not a time zone. Write a name such as Europe/Berlin.", id="zone"),
        pytest.param({"password": "Short1"}, "at least 10 characters.", id="short password"),
        pytest.param({"password": "long enough 7"}, "an upper-case letter", id="DEC-59 plain password"),
        pytest.param({}, "ada@fernwood.test has an account already.", id="known address"),
    ],
)
def test_an_administrator_who_cannot_be_is_refused(prepared: Procession, changes: dict[str, str], said: str) -> None:
    assert said in refused(create_admin(prepared, **changes))


def test_what_is_missing_is_asked_for_only_in_a_terminal(procession: Procession) -> None:
    assert refused(procession("admin", "create", given="")).startswith("--email is missing.")
    assert "--password-stdin" in refused(procession("admin", "reset-password", *ADA, given=""))


def test_a_new_password_replaces_the_old_one(procession: Procession, tmp_path: Path) -> None:
    with_administrator(procession)
    before = password_hash(tmp_path)

    done(procession("admin", "reset-password", *ADA, "--password-stdin", given="another Horse 8\n"))

    after = password_hash(tmp_path)
    assert is_password(before, PASSWORD)
    assert is_password(after, "another Horse 8")
    assert not is_password(after, PASSWORD)


def password_hash(folder: Path) -> str:
    connection = apsw.Connection(str(folder / "data" / "procession.db"))
    [(found,)] = connection.execute("SELECT password_hash FROM account WHERE email = 'ada@fernwood.test'")
    connection.close()
    return str(found)


def test_nobodys_password_cannot_be_reset(prepared: Procession) -> None:
    said = refused(
        prepared("admin", "reset-password", "--email", "no@body.test", "--password-stdin", given=f"{PASSWORD}\n")
    )

    assert said == "Nobody here has the address no@body.test."


# Tokens


def tokens(procession: Procession) -> list[list[str]]:
    heading, *rows = done(procession("token", "list", *ADA)).splitlines()
    assert heading.split()[0] == "id"
    return [row.split() for row in rows]


def test_a_token_is_shown_once_then_listed_by_its_beginning(prepared: Procession) -> None:
    made = prepared("token", "create", *ADA, "--name", "backup", "--days", 30)

    (token,) = done(made).split()
    ((token_id, hint, name, *_, used),) = tokens(prepared)
    assert len(token) >= 40
    assert token.startswith(hint)
    assert hint != token
    assert (name, used) == ("backup", "never")
    assert f"Token {token_id} is valid until" in made.stderr


def test_a_revoked_token_is_gone(prepared: Procession) -> None:
    done(prepared("token", "create", *ADA))
    ((token_id, *_),) = tokens(prepared)

    done(prepared("token", "revoke", token_id, *ADA))

    assert tokens(prepared) == []
    assert refused(prepared("token", "revoke", token_id, *ADA)).startswith(
        f"ada@fernwood.test has no token {token_id}."
    )


def test_the_organization_is_asked_for_when_a_person_is_in_several(prepared: Procession) -> None:
    made = done(create_admin(prepared, email="bo@other.test", organization="Other"))
    other = value(made, "Organization")
    assert refused(prepared("token", "create", *ADA, "--organization", other)).endswith(f"is not in {other}.")
    assert done(prepared("token", "create", "--email", "bo@other.test", "--organization", other))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--email", "no@body.test"), "Nobody here has the address no@body.test.", id="unknown person"),
        pytest.param((*ADA, "--name", " "), "The name field is required.", id="no name"),
        pytest.param((*ADA, "--days", 0), "The days must be from 1 to 3650.", id="no days"),
        pytest.param((*ADA, "--days", 4000), "The days must be from 1 to 3650.", id="too many days"),
    ],
)
def test_a_token_that_cannot_be_is_refused(prepared: Procession, options: tuple[Any, ...], said: str) -> None:
    assert refused(prepared("token", "create", *options)) == said


def test_a_mail_server_hands_over_one_message(procession: Procession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken, to be tried again (nobody there, another secret), never to be taken. Spec: api-content 11."""
    message = "From: ada@fernwood.test\nTo: bot@bot.test\n\nIt drips.\n"
    monkeypatch.setenv("PROCESSION_INBOUND_MAIL_SECRET", SECRET_WORD)
    with TemporaryDirectory() as folder, serving(Path(folder), **SETTINGS) as live:

        def deliver(text: str, *more: str) -> int:
            return procession("deliver-mail", "--url", live.base, *more, given=text).exit_code

        assert deliver(message, "--sender", "", "--recipient", "bot@bot.test") == 0
        assert deliver("no mail") == 65
        assert procession("deliver-mail", "--url", "http://127.0.0.1:1", given=message).exit_code == 75
        monkeypatch.setenv("PROCESSION_INBOUND_MAIL_SECRET", "another-secret-than-this")
        assert deliver(message) == 75
    monkeypatch.delenv("PROCESSION_INBOUND_MAIL_SECRET")
    refused = procession("deliver-mail", given=message)
    assert refused.exit_code == 1 and "PROCESSION_INBOUND_MAIL_SECRET" in refused.output
