"""Settings: what an operator writes, what the server makes of it, and what it says when it cannot."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from procession import config
from procession.config import ConfigError

POSTGRES = "postgresql://procession:geheim@db.internal:5432/procession"


def only(name: str, text: str) -> dict[str, str]:
    return {config.variable(name): text}


def test_a_server_needs_no_settings() -> None:
    settings = config.load({"PATH": "/usr/bin", "HOME": "/root"})

    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8080, 1)
    assert settings.embedded
    assert settings.data_dir == Path("data")
    assert settings.secret_key_path == Path("data/secret.key")
    assert {row.source for row in config.effective(settings)} == {"default"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("host", "0.0.0.0", "0.0.0.0", id="host"),
        pytest.param("host", "[::1]", "::1", id="host, IPv6 in brackets"),
        pytest.param("port", "0", 0, id="port 0 takes a free one"),
        pytest.param("port", " 9000 ", 9000, id="blanks around a value do not count"),
        pytest.param("data_dir", "/var/lib/procession", Path("/var/lib/procession"), id="folder"),
        pytest.param("data_dir", "~/flow", Path.home() / "flow", id="folder in the home folder"),
        pytest.param("database_url", POSTGRES, POSTGRES, id="database"),
        pytest.param("database_url", "postgres:///flow?host=/run/pg", "postgres:///flow?host=/run/pg", id="socket"),
        pytest.param("base_url", "https://flow.example.org/", "https://flow.example.org", id="site, slash dropped"),
        pytest.param("base_url", "http://[::1]:8080", "http://[::1]:8080", id="site, IPv6 and port"),
        pytest.param(
            "trusted_proxies",
            "127.0.0.1, 10.0.0.0/8,,::1",
            (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1")),
            id="addresses and networks",
        ),
        pytest.param(
            "cors_origins",
            "https://a.example, http://b.example:81",
            ("https://a.example", "http://b.example:81"),
            id="sites",
        ),
        pytest.param("cors_origins", "*", ("*",), id="any site"),
        pytest.param("log_format", "JSON", "json", id="a word, whatever its case"),
        pytest.param("strict_filters", "Yes", True, id="on"),
        pytest.param("docs_enabled", "0", False, id="off"),
        pytest.param("secret_key_file", "/run/secrets/key", Path("/run/secrets/key"), id="file"),
        pytest.param("password_min_length", "6", 6, id="DEC-59 shortest allowed minimum"),
    ],
)
def test_a_variable_is_read_as_its_type(name: str, text: str, value: object) -> None:
    assert getattr(config.load(only(name, text)), name) == value


@pytest.mark.parametrize(
    ("name", "text", "problem", "remedy"),
    [
        pytest.param("port", "eighty", "is not a whole number", "from 0 to 65535", id="word for a number"),
        pytest.param("port", "-1", "is not a whole number", "from 0 to 65535", id="negative"),
        pytest.param("port", "70000", "is out of range", "from 0 to 65535", id="too large"),
        pytest.param("port", "9" * 5000, "is out of range", "from 0 to 65535", id="absurdly large"),
        pytest.param("port", "٨٠", "is not a whole number", "from 0 to 65535", id="digits of another script"),
        pytest.param("workers", "0", "is out of range", "from 1 to 64", id="too small"),
        pytest.param("password_min_length", "5", "is out of range", "from 6 to 127", id="DEC-59 never below 6"),
        pytest.param("password_min_length", "128", "is out of range", "from 6 to 127", id="DEC-59 at most 127"),
        pytest.param("log_format", "xml", "none of the choices", "console or json", id="unknown word"),
        pytest.param("log_level", "loud", "none of the choices", "debug, info, warning or error", id="unknown level"),
        pytest.param("strict_filters", "maybe", "neither true nor false", "true or false", id="unclear switch"),
        pytest.param(
            "host", "http://localhost", "is not an address or host name", "without a scheme", id="address with scheme"
        ),
        pytest.param(
            "base_url", "flow.example.org", "is not the http or https address", "https://flow", id="site without scheme"
        ),
        pytest.param(
            "base_url",
            "https://flow.example.org/api",
            "more than a scheme and a host",
            "without a path",
            id="site with path",
        ),
        pytest.param(
            "base_url",
            "https://me:pw@flow.example.org",
            "is not the http or https",
            "https://flow",
            id="site with sign-in",
        ),
        pytest.param(
            "base_url", "https://flow.example.org:99999", "out of range", "https://flow", id="site with bad port"
        ),
        pytest.param(
            "cors_origins", "https://a.example, b", "is not the http or https", "separated by commas", id="one bad site"
        ),
        pytest.param(
            "trusted_proxies", "127.0.0.1, proxy", 'holds "proxy"', "127.0.0.1, 10.0.0.0/8", id="name for an address"
        ),
        pytest.param("trusted_proxies", "10.0.0.1/8", 'holds "10.0.0.1/8"', "10.0.0.0/8", id="host bits in a network"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wrong_and_what_to_write(
    name: str, text: str, problem: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config.load(only(name, text))

    message = str(refused.value)
    assert message.startswith(f"{config.variable(name)}: ")
    assert problem in message
    assert remedy in message.partition("Write ")[2]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("sqlite:///procession.db", id="another database"),
        pytest.param("postgresql+psycopg://u:geheim@h/d", id="another program's spelling"),
        pytest.param("host=h password=geheim", id="key words"),
        pytest.param("postgresql//u:geheim@h/d", id="a missing colon"),
        pytest.param("postgresql://u:geheim@[h/d", id="an unclosed bracket"),
    ],
)
def test_a_wrong_database_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^PROCESSION_DATABASE_URL: its value .*Write postgresql://") as refused:
        config.load(only("database_url", text))

    assert "geheim" not in str(refused.value)


def test_an_empty_variable_counts_as_not_given() -> None:
    settings = config.load({config.variable(name): "  " for name in config.TABLE})

    assert settings == config.DEFAULTS


def test_an_option_wins_over_a_variable_and_none_does_not() -> None:
    settings = config.load(only("port", "9000") | only("host", "0.0.0.0"), port=9001, host=None, data_dir=Path("/d"))

    assert (settings.port, settings.host, settings.data_dir) == (9001, "0.0.0.0", Path("/d"))
    sources = {row.name: row.source for row in config.effective(settings)}
    assert (sources["port"], sources["host"], sources["data_dir"]) == ("option", "environment", "option")
    assert sources["workers"] == "default"


def test_a_wrong_option_is_named_as_it_was_written() -> None:
    with pytest.raises(ConfigError, match=r'^--port: "70000" is out of range'):
        config.load({}, port=70000)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        pytest.param("PROCESSION_PROT", "Write PROCESSION_PORT.", id="a typo"),
        pytest.param("PROCESSION_COLOUR_OF_SKY", "Remove it", id="nothing like it"),
    ],
)
def test_a_variable_that_names_no_setting_is_refused(name: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is not a setting. {remedy}"):
        config.load({name: "1"})


@pytest.mark.parametrize(
    ("environ", "options", "named"),
    [
        pytest.param({"PROCESSION_WORKERS": "2"}, {}, "PROCESSION_WORKERS", id="variable"),
        pytest.param({}, {"workers": 2}, "--workers", id="option"),
    ],
)
def test_several_processes_need_postgresql(environ: dict[str, str], options: dict[str, int], named: str) -> None:
    with pytest.raises(ConfigError, match=f"^{named}: 2 processes cannot share the embedded database"):
        config.load(environ, **options)

    assert config.load(environ, database_url=POSTGRES, **options).workers == 2


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        pytest.param(POSTGRES, "postgresql://procession:***@db.internal:5432/procession", id="password"),
        pytest.param("postgresql://:geheim@h/d", "postgresql://:***@h/d", id="password without a user"),
        pytest.param("postgresql://u:ge@h/ei:m@h/d", "postgresql://u:***@h/d", id="marks inside the password"),
        pytest.param("postgresql://u@h/d", "postgresql://u@h/d", id="no password"),
        pytest.param(
            "postgresql:///d?host=/run/pg&password=geheim&sslmode=require",
            "postgresql:///d?host=/run/pg&password=***&sslmode=require",
            id="password as a parameter",
        ),
        pytest.param("postgresql://h/d?sslPassword=geheim", "postgresql://h/d?sslPassword=***", id="key's password"),
    ],
)
def test_effective_values_hide_passwords(address: str, shown: str) -> None:
    rows = {row.name: row.value for row in config.effective(config.load(only("database_url", address)))}

    assert rows["database_url"] == shown
    assert "geheim" not in str(rows)


def test_another_process_can_load_the_same_settings() -> None:
    settings = config.load(
        only("trusted_proxies", "10.0.0.0/8, ::1") | only("cors_origins", "https://a.example,https://b.example"),
        database_url=POSTGRES,
        workers=3,
        docs_enabled=False,
        secret_key_file=Path("/run/key"),
    )

    again = config.load(config.environment(settings))

    assert all(getattr(again, name) == getattr(settings, name) for name in config.TABLE)


def test_the_default_of_every_setting_is_a_value_its_variable_accepts() -> None:
    for row in config.effective(config.DEFAULTS):
        if row.value:
            assert getattr(config.load({row.variable: row.value}), row.name) == getattr(config.DEFAULTS, row.name)


def test_every_field_is_a_row_of_the_table_described_in_one_sentence() -> None:
    fields = [name for name in config.Settings.__struct_fields__ if not name.startswith("from_")]

    assert list(config.TABLE) == fields
    for name, row in config.TABLE.items():
        assert row.description.endswith("."), name
        assert row.description.count(". ") == 0, name


def test_the_markdown_table_has_one_row_for_each_setting() -> None:
    heading, _rule, *rows = config.markdown_table().splitlines()

    assert [row.split("`")[1] for row in rows] == [config.variable(name) for name in config.TABLE]
    assert {row.count("|") for row in rows} == {heading.count("|")}


def test_the_settings_of_this_process_come_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESSION_PORT", "9123")

    assert config.current(host="0.0.0.0").port == 9123
    assert config.current(port=9124).port == 9124
