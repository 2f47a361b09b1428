"""The files people deploy with: they parse, agree with each other and name only settings that exist."""

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from procession import config
from tests.ops.programs import require_program

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL", "USER",
    "VOLUME", "WORKDIR",
}  # fmt: skip
HEALTHCHECK_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "test": {"type": "array", "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}], "minItems": 2},
        "interval": {"type": "string", "pattern": r"^\d+[smh]$"},
        "timeout": {"type": "string", "pattern": r"^\d+[smh]$"},
        "retries": {"type": "integer"},
        "disable": {"type": "boolean"},
    },
}
STRINGS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
COMPOSE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string"},
        "volumes": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["image", "restart"],
                "properties": {
                    "build": {"type": "object", "required": ["context"]},
                    "image": {"type": "string", "pattern": ":"},
                    "command": STRINGS,
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                    "read_only": {"type": "boolean"},
                    "tmpfs": STRINGS,
                    "cap_drop": STRINGS,
                    "security_opt": STRINGS,
                    "shm_size": {"type": "string"},
                    "stop_grace_period": {"type": "string", "pattern": r"^\d+[sm]$"},
                    "ports": STRINGS,
                    "volumes": STRINGS,
                    "environment": {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
                    "healthcheck": HEALTHCHECK_SCHEMA,
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["condition"],
                            "properties": {
                                "condition": {"enum": ["service_healthy", "service_completed_successfully"]}
                            },
                        },
                    },
                },
            },
        },
    },
}


def dockerfile() -> list[tuple[str, str]]:
    """Instructions and their arguments, continuation lines joined, comments dropped."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line.strip() for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def final_stage() -> list[tuple[str, str]]:
    instructions = dockerfile()
    start = max(position for position, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[start:]


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def unit() -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment] -- keys of a unit keep their case
    parser.read(DEPLOY / "procession.service")
    return parser


def seconds(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile",
        "deploy/compose.yaml",
        "deploy/procession.service",
        "deploy/procession.env.example",
        "docs/running.md",
        "docs/tls-proxy.md",
        "SECURITY.md",
    ],
)
def test_files_name_only_settings_that_exist(path: str) -> None:
    named = set(re.findall(r"PROCESSION_[A-Z][A-Z_]*[A-Z]", (ROOT / path).read_text()))

    assert named
    assert named - {config.variable(name) for name in config.TABLE} == set()


def test_the_dockerfile_uses_known_instructions_and_begins_with_from() -> None:
    words = [word for word, _ in dockerfile()]

    assert words[0] == "FROM"
    assert set(words) - INSTRUCTIONS == set()


def test_the_image_copies_only_what_exists_and_is_not_ignored() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:].partition("/")[0] for line in ignore if line.startswith("!")}
    copied = {
        part for word, rest in dockerfile() if word == "COPY" and "--from" not in rest for part in rest.split()[:-1]
    }

    assert "*" in ignore
    assert copied
    assert {part for part in copied if not (ROOT / part).exists()} == set()
    assert copied - kept == set()


def test_the_image_runs_as_a_user_of_its_own_and_keeps_data_in_a_volume_of_that_user() -> None:
    stage = dict(final_stage())

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", stage["USER"])
    assert f"PROCESSION_DATA_DIR={stage['VOLUME']}" in stage["ENV"]
    assert "--owner=procession" in stage["RUN"]
    assert stage["RUN"].endswith(stage["VOLUME"])
    assert [word for word, _ in final_stage()].index("USER") < [word for word, _ in final_stage()].index("ENTRYPOINT")


def test_the_image_asks_the_server_whether_it_lives_on_the_port_it_listens_on() -> None:
    stage = dict(final_stage())

    assert "/health/live" in stage["HEALTHCHECK"]
    assert f"PROCESSION_PORT={stage['EXPOSE']}" in stage["ENV"]
    compile(re.findall(r'"-c", "(.*)"\]', stage["HEALTHCHECK"])[0], "healthcheck", "exec")


def test_the_image_installs_only_hashed_wheels() -> None:
    installs = [
        part for word, rest in dockerfile() if word == "RUN" for part in rest.split("&&") if "pip install" in part
    ]

    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes --only-binary :all:" in install or "--no-deps --no-index" in install


def test_the_compose_file_has_the_keys_we_rely_on_in_the_form_they_need() -> None:
    Draft202012Validator.check_schema(COMPOSE_SCHEMA)
    problems = [
        f"{list(error.path)}: {error.message}" for error in Draft202012Validator(COMPOSE_SCHEMA).iter_errors(compose())
    ]

    assert problems == []


def test_compose_services_and_volumes_that_are_named_exist() -> None:
    file = compose()
    for name, service in file["services"].items():
        assert set(service.get("depends_on", {})) <= set(file["services"]), name
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(file["volumes"]), name


def test_compose_starts_the_server_after_the_database_is_up_and_up_to_date() -> None:
    services = compose()["services"]

    assert services["app"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"]


def test_compose_holds_no_password_and_does_not_start_without_one() -> None:
    services = compose()["services"]

    for name, key in (("postgres", "POSTGRES_PASSWORD"), ("app", "PGPASSWORD"), ("migrate", "PGPASSWORD")):
        assert services[name]["environment"][key].startswith("${POSTGRES_PASSWORD:?")
    assert ":" not in services["app"]["environment"]["PROCESSION_DATABASE_URL"].partition("//")[2].partition("@")[0]


def test_compose_publishes_on_loopback_only() -> None:
    services = compose()["services"]

    assert [port for service in services.values() for port in service.get("ports", [])] == [
        "127.0.0.1:${PORT:-8080}:8080"
    ]


def test_the_settings_of_the_compose_file_load() -> None:
    given: dict[str, Any] = compose()["services"]["app"]["environment"]
    environ = {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))
        for name, value in given.items()
        if name.startswith(config.PREFIX)
    }

    assert not config.load(environ).embedded


def test_whatever_stops_the_server_waits_longer_than_it_drains() -> None:
    drain = config.DEFAULTS.drain_seconds

    assert seconds(compose()["services"]["app"]["stop_grace_period"]) > drain
    assert int(unit()["Service"]["TimeoutStopSec"]) > drain


def test_the_unit_runs_as_its_own_user_and_may_write_only_its_data() -> None:
    service = unit()["Service"]

    assert service["User"] == "procession"
    assert service["ProtectSystem"] == "strict"
    assert f"PROCESSION_DATA_DIR=/var/lib/{service['StateDirectory']} " in service["Environment"]
    assert service["StateDirectoryMode"] == "0700"
    assert service["CapabilityBoundingSet"] == ""
    assert service["NoNewPrivileges"] == "yes"


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    require_program("systemd-analyze", "systemd")
    text = re.sub(r"(?m)^(ExecStart(?:Pre)?=)\S+", r"\1/bin/true", (DEPLOY / "procession.service").read_text())
    (tmp_path / "procession.service").write_text(text)

    checked = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "procession.service"], capture_output=True, text=True
    )

    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(("language", "path"), [("nginx", "nginx.conf"), ("caddyfile", "Caddyfile")])
def test_the_page_shows_the_proxy_examples_as_they_are(language: str, path: str) -> None:
    page = (ROOT / "docs" / "tls-proxy.md").read_text()

    assert re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL) == [(DEPLOY / path).read_text()]


@pytest.mark.parametrize("path", ["nginx.conf", "Caddyfile"])
def test_blocks_of_a_proxy_example_are_closed(path: str) -> None:
    depth = 0
    for line in (DEPLOY / path).read_text().splitlines():
        statement = line.strip()
        depth += statement.endswith("{") - (statement == "}")
        assert depth >= 0, line
        if path == "nginx.conf" and statement and statement[-1] not in "{}":
            assert statement.endswith(";"), line
    assert depth == 0


def test_the_nginx_example_replaces_what_clients_could_pretend_and_streams() -> None:
    text = (DEPLOY / "nginx.conf").read_text()

    for line in (
        "proxy_set_header Host $host;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header X-Forwarded-Host $host;",
        "proxy_buffering off;",
    ):
        assert line in text
    # A path after the address would rewrite what the server sees.
    assert "proxy_pass http://procession;" in text


@pytest.mark.parametrize(
    ("path", "pattern"), [("nginx.conf", r"client_max_body_size (\d+)m;"), ("Caddyfile", r"max_size (\d+)MiB")]
)
def test_a_proxy_lets_the_largest_upload_through(path: str, pattern: str) -> None:
    limit = re.findall(pattern, (DEPLOY / path).read_text())

    assert [int(mebibytes) > 100 for mebibytes in limit] == [True]


def test_scripts_are_executable_and_parse() -> None:
    for path in (".ci/run", "requirements/debian-packages", "requirements/find-python"):
        assert (ROOT / path).stat().st_mode & 0o111, path
        checked = subprocess.run(["bash", "-n", ROOT / path], capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, ""), path


@pytest.mark.parametrize("target", ["setup", "setup-system", "run", "test", "check", "soak", "openapi", "lock"])
def test_make_knows_the_command(target: str) -> None:
    planned = subprocess.run(["make", "--dry-run", "--silent", target], cwd=ROOT, capture_output=True, text=True)

    assert (planned.returncode, planned.stderr) == (0, "")


def test_the_configuration_page_is_the_table_of_settings() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == config.markdown_table()
