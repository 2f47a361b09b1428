"""Settings: the one table of them, and the only reader of the environment.

A field of `Settings` is a row of that table: its name, its type, its default, how its text is read and one sentence
about it. The environment variable is the name in capitals behind `PROCESSION_`.
"""

import os
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec

PREFIX = "PROCESSION_"
MEBIBYTE = 1024 * 1024
MAX_DIGITS = 15
SECRET_LENGTH = 16
MAIL_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@[\w-]+(\.[\w-]+)*")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Spec: api-tasks 15.3.
EXTENSIONS = (
    "ai, bmp, csv, doc, docx, dwg, gif, jpeg, jpg, mov, mp4, mpga, oft, ogg, pdf, png, ppt, pptx, psd, qt, rtf, tif, "
    "txt, webm, xls, xlsx, xml, xps, zip"
)

Source = Literal["default", "environment", "option"]


class ConfigError(Exception):
    """A setting nobody can work with; the message names it, says what is wrong and what to write instead."""


class Reader(msgspec.Struct, frozen=True):
    """How a setting's text becomes its value; `expects` finishes "Write ...".

    `read` raises ValueError with what is wrong, as a phrase that follows the text: "is not a number".
    """

    read: Callable[[str], object]
    expects: str


class Setting(msgspec.Struct, frozen=True):
    """What the table says of a setting beside its name, type and default."""

    reader: Reader
    description: str
    secret: bool = False


def whole(least: int, most: int) -> Reader:
    """A number written in digits, both bounds allowed."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValueError("is not a whole number")
        if len(text) > MAX_DIGITS or not least <= int(text) <= most:
            raise ValueError("is out of range")
        return int(text)

    return Reader(read, f"a whole number from {least} to {most}")


def one_of(*words: str) -> Reader:
    """One of a few words, whatever their case."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError("is none of the choices")
        return text.lower()

    return Reader(read, f"{', '.join(words[:-1])} or {words[-1]}")


def switch() -> Reader:
    """On or off."""
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

    def read(text: str) -> bool:
        if text.lower() not in words:
            raise ValueError("is neither true nor false")
        return words[text.lower()]

    return Reader(read, "true or false")


def host_name() -> Reader:
    """An address or name to listen on, an IPv6 address with or without brackets."""

    def read(text: str) -> str:
        bare = text.removeprefix("[").removesuffix("]")
        if not bare or any(mark in bare for mark in " /[]@"):
            raise ValueError("is not an address or host name")
        return bare

    return Reader(read, "an address or host name without a scheme, such as 127.0.0.1 or 0.0.0.0")


def line() -> Reader:
    """Any text of one line."""
    return Reader(str, "any text")


def mail_address() -> Reader:
    """One e-mail address without a name."""

    def read(text: str) -> str:
        if MAIL_ADDRESS.fullmatch(text) is None:
            raise ValueError("is not an e-mail address")
        return text

    return Reader(read, "an e-mail address, such as flow@example.org")


def mail_domain() -> Reader:
    """The part of an e-mail address behind the @."""

    def read(text: str) -> str:
        if MAIL_ADDRESS.fullmatch(f"bot@{text}") is None or not text.isascii():
            raise ValueError("is not the domain of e-mail addresses")
        return text.lower()

    return Reader(read, "a domain, such as flow.example.org")


def folder() -> Reader:
    """A path; `~` stands for the home folder."""
    return Reader(lambda text: Path(text).expanduser(), "the path of a folder")


def file() -> Reader:
    """A path; `~` stands for the home folder."""
    return Reader(lambda text: Path(text).expanduser(), "the path of a file")


def database_address() -> Reader:
    """A PostgreSQL address as libpq reads it; nothing else, so that a mistyped one never falls back to SQLite."""

    def read(text: str) -> str:
        if urlsplit(text).scheme not in {"postgresql", "postgres"}:
            raise ValueError("is not a PostgreSQL address")
        return text

    return Reader(read, "postgresql://user:password@host:5432/name, or leave it empty for the embedded database")


def site_address() -> Reader:
    """Scheme and host of a site, without a final slash."""
    return Reader(site, "scheme and host without a path, such as https://flow.example.org")


def site_addresses() -> Reader:
    """Comma-separated sites, or `*` for any."""

    def read(text: str) -> tuple[str, ...]:
        return tuple("*" if part == "*" else site(part) for part in parts(text))

    return Reader(read, "addresses such as https://flow.example.org separated by commas, or * for any")


def networks() -> Reader:
    """Comma-separated addresses and networks."""

    def read(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(network(part) for part in parts(text))

    return Reader(read, "addresses or networks separated by commas, such as 127.0.0.1, 10.0.0.0/8")


def bucket() -> Reader:
    """A bucket's name, and a folder in it."""

    def read(text: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.-]+)*/?", text):
            raise ValueError("is not the name of a bucket")
        return text.rstrip("/")

    return Reader(read, "the name of a bucket, such as uploads, or of a folder in one, such as uploads/procession")


def word() -> Reader:
    """Anything without blanks."""

    def read(text: str) -> str:
        if len(text.split()) != 1:
            raise ValueError("has blanks in it")
        return text

    return Reader(read, "one word without blanks")


def extensions() -> Reader:
    """Comma-separated file extensions, or `*` for any."""

    def read(text: str) -> tuple[str, ...]:
        found = tuple(part.lower().removeprefix(".") for part in parts(text))
        if not all(part == "*" or part.isalnum() for part in found):
            raise ValueError("holds something that is not an extension")
        return found

    return Reader(read, "extensions separated by commas, such as pdf, docx, or * for any")


def parts(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


def network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(f'holds "{text}", which is not an address or a network') from None


def site(text: str) -> str:
    address = urlsplit(text)
    if address.scheme not in {"http", "https"} or not address.hostname or address.username is not None:
        raise ValueError("is not the http or https address of a site")
    if address.path not in {"", "/"} or address.query or address.fragment:
        raise ValueError("has more than a scheme and a host")
    if address.port == 0:
        raise ValueError("has no usable port")
    return f"{address.scheme}://{address.netloc}"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of a server. `load` makes one; `from_environment` and `from_options` name what was not default."""

    host: Annotated[str, Setting(host_name(), "Address the server listens on; 0.0.0.0 for every interface.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Setting(whole(0, 65535), "Port the server listens on; 0 takes a free one.")] = 8080
    data_dir: Annotated[
        Path, Setting(folder(), "Folder of the embedded database, uploaded files and the server's key.")
    ] = Path("data")
    database_url: Annotated[
        str,
        Setting(
            database_address(),
            "PostgreSQL to use instead of the embedded SQLite database in the data folder.",
            secret=True,
        ),
    ] = ""
    workers: Annotated[int, Setting(whole(1, 64), "Server processes; more than one needs PostgreSQL.")] = 1
    base_url: Annotated[
        str,
        Setting(site_address(), "Public address used in links; empty takes it from each request."),
    ] = ""
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        Setting(networks(), "Proxies whose forwarded address, scheme and host are believed; empty believes none."),
    ] = ()
    log_format: Annotated[
        Literal["console", "json"],
        Setting(one_of("console", "json"), "Log lines for people, or one JSON object per line."),
    ] = "console"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Setting(one_of("debug", "info", "warning", "error"), "The least severe log line that is written."),
    ] = "info"
    access_log: Annotated[bool, Setting(switch(), "Write a log line for each request.")] = True
    requests_per_minute: Annotated[
        int,
        Setting(
            whole(0, 1_000_000), "Requests a token, or an address without one, may make in a rolling minute; 0 = off."
        ),
    ] = 600
    max_body_bytes: Annotated[
        int, Setting(whole(1024, 1024 * MEBIBYTE), "Largest request body accepted, in bytes; uploads have their own.")
    ] = 10 * MEBIBYTE
    require_client_header: Annotated[bool, Setting(switch(), "Refuse requests without an X-Tallyfy-Client header.")] = (
        False
    )
    strict_filters: Annotated[
        bool, Setting(switch(), "Answer 422 to an unknown value in a list filter instead of ignoring it.")
    ] = False
    launch_tasks_map_selects_steps: Annotated[
        bool,
        Setting(switch(), "A launch whose tasks map names some steps creates only those steps."),
    ] = False
    automation_fire_once: Annotated[
        bool,
        Setting(switch(), "A rule fires at most once in a process; an organization's own setting prevails."),
    ] = False
    cors_origins: Annotated[
        tuple[str, ...],
        Setting(site_addresses(), "Other sites whose pages may call the API from a browser; empty allows none."),
    ] = ()
    secret_key_file: Annotated[
        Path | None,
        Setting(file(), "File of the key that seals stored secrets; empty is secret.key in the data folder."),
    ] = None
    drain_seconds: Annotated[
        int, Setting(whole(0, 600), "How long running requests may take to finish after SIGTERM.")
    ] = 20
    db_pool_size: Annotated[int, Setting(whole(1, 500), "PostgreSQL connections each server process may open.")] = 10
    readers: Annotated[
        int, Setting(whole(1, 64), "Connections that read the embedded database beside the one that writes.")
    ] = 4
    list_memory_mib: Annotated[
        int,
        Setting(
            whole(0, 65_536),
            "Mebibytes in which each server process remembers who meets which condition of a list; 0 = off.",
        ),
    ] = 64
    password_min_length: Annotated[int, Setting(whole(6, 127), "Shortest new password accepted.")] = 10
    token_days: Annotated[int, Setting(whole(1, 3650), "Days a new personal access token is valid.")] = 183
    docs_enabled: Annotated[bool, Setting(switch(), "Serve the interactive API page at /docs.")] = True
    comments_per_hour: Annotated[
        int, Setting(whole(0, 1_000_000), "Comments an organization may write in an hour; 0 = off.")
    ] = 0
    guest_invites_per_hour: Annotated[
        int, Setting(whole(0, 1_000_000), "Guests an organization may invite in an hour; 0 = off.")
    ] = 0

    undo_minutes: Annotated[
        int, Setting(whole(0, 1440), "How long people may undo what they did to tasks and processes; 0 = off.")
    ] = 10

    smtp_host: Annotated[str, Setting(host_name(), "Mail server that takes outgoing mail; empty sends none.")] = ""
    smtp_port: Annotated[int, Setting(whole(1, 65535), "Port of the mail server.")] = 587
    smtp_tls: Annotated[
        Literal["starttls", "tls", "none"],
        Setting(
            one_of("starttls", "tls", "none"),
            "How the connection to the mail server is encrypted: after a greeting (587), from the start (465), not.",
        ),
    ] = "starttls"
    smtp_user: Annotated[str, Setting(line(), "Name to sign in to the mail server with; empty does not sign in.")] = ""
    smtp_password: Annotated[str, Setting(line(), "Password that goes with it.", secret=True)] = ""
    smtp_from: Annotated[str, Setting(mail_address(), "Address that mail is sent from; needed with a mail server.")] = (
        ""
    )
    smtp_timeout_seconds: Annotated[
        int, Setting(whole(1, 60), "How long the mail server may take for each answer.")
    ] = 30
    inbound_mail_domain: Annotated[
        str, Setting(mail_domain(), "Domain of the addresses that mail to this server goes to; empty takes none.")
    ] = ""
    inbound_mail_secret: Annotated[
        str, Setting(word(), "What whoever hands mail to /inbound-email has to know.", secret=True)
    ] = ""
    inbound_mail_max_bytes: Annotated[
        int, Setting(whole(1024, 1024 * MEBIBYTE), "Largest mail accepted, in bytes.")
    ] = 35 * MEBIBYTE
    inbound_mail_requires_authentication: Annotated[
        bool, Setting(switch(), "Refuse mail whose Authentication-Results say that its sender is forged.")
    ] = True
    inbound_mail_relay: Annotated[
        str,
        Setting(
            word(), "Name your mail server puts in Authentication-Results; with it, senders have to be proved by them."
        ),
    ] = ""
    files_bucket: Annotated[
        str,
        Setting(bucket(), "S3-compatible bucket for uploaded files, or a folder of one; empty keeps them on disk."),
    ] = ""
    files_endpoint: Annotated[
        str, Setting(site_address(), "Address of the bucket's service; empty is Amazon's of the region.")
    ] = ""
    files_region: Annotated[str, Setting(word(), "Region of the bucket.")] = "us-east-1"
    files_access_key: Annotated[
        str, Setting(word(), "Access key for the bucket; empty takes what the machine is given.", secret=True)
    ] = ""
    files_secret_key: Annotated[str, Setting(word(), "Secret key for the bucket.", secret=True)] = ""
    files_max_bytes: Annotated[int, Setting(whole(1024, 5120 * MEBIBYTE), "Largest file accepted, in bytes.")] = (
        100 * MEBIBYTE
    )
    files_hard_limit_bytes: Annotated[
        int,
        Setting(
            whole(1024, 10_240 * MEBIBYTE), "An upload with more bytes is cut off (413) instead of read to its end."
        ),
    ] = 256 * MEBIBYTE
    files_extensions: Annotated[
        tuple[str, ...], Setting(extensions(), "Kinds of files that are accepted, by their extensions; * for any.")
    ] = tuple(parts(EXTENSIONS))

    from_environment: frozenset[str] = frozenset()
    from_options: frozenset[str] = frozenset()

    @property
    def embedded(self) -> bool:
        """Whether the data lives in the SQLite file of the data folder."""
        return not self.database_url

    @property
    def files_folder(self) -> Path:
        """Where uploaded files are, unless in a bucket."""
        return self.data_dir / "files"

    @property
    def secret_key_path(self) -> Path:
        """Where the server's key is, named or not."""
        return self.secret_key_file or self.data_dir / "secret.key"


class Effective(msgspec.Struct, frozen=True):
    """One setting as it works now, its text free of secrets."""

    name: str
    variable: str
    value: str
    source: Source
    description: str


def setting_table() -> dict[str, Setting]:
    """Every setting by name, in the order people read them."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: extra for name, hint in hints.items() for extra in get_args(hint)[1:] if isinstance(extra, Setting)}


TABLE = setting_table()
DEFAULTS = Settings()


def current(**overrides: object) -> Settings:
    """The settings of this process: its environment, then the options given. Raises ConfigError."""
    return load(os.environ, **overrides)


def load(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Settings from variables, then from options; None and an empty variable count as not given.

    Overrides are named like the fields and may be text or values. Raises ConfigError for a value or a combination
    nobody can work with, and for a variable behind our prefix that names no setting (a typo must not pass).
    """
    refuse_unknown(environ)
    from_environment = {name: text for name in TABLE if (text := environ.get(variable(name), "").strip())}
    from_options = {name: as_text(value) for name, value in overrides.items() if value is not None}
    read = {name: read_value(name, variable(name), text) for name, text in from_environment.items()}
    read |= {name: read_value(name, option(name), text) for name, text in from_options.items()}
    settings = Settings(
        **read,
        from_environment=frozenset(from_environment.keys() - from_options.keys()),
        from_options=frozenset(from_options),
    )
    refuse_unworkable(settings)
    return settings


def effective(settings: Settings) -> list[Effective]:
    """Every setting with its value and where it came from, in the table's order, secrets hidden."""
    return [
        Effective(name, variable(name), shown(name, settings), source_of(name, settings), row.description)
        for name, row in TABLE.items()
    ]


def environment(settings: Settings) -> dict[str, str]:
    """Variables that load the same settings in another process. Secrets are in it: hand it on, do not print it."""
    given = [name for name in TABLE if getattr(settings, name) != getattr(DEFAULTS, name)]
    return {variable(name): as_text(getattr(settings, name)) for name in given}


def markdown_table() -> str:
    """The reference of all settings as a Markdown table, for the documentation."""
    rows = [
        f"| `{variable(name)}` | {f'`{default}`' if (default := shown(name, DEFAULTS)) else 'empty'} "
        f"| {row.description} | {row.reader.expects} |"
        for name, row in TABLE.items()
    ]
    return "\n".join(["| Variable | Default | What it does | Write |", "|---|---|---|---|", *rows, ""])


def variable(name: str) -> str:
    return PREFIX + name.upper()


def option(name: str) -> str:
    return "--" + name.replace("_", "-")


def read_value(name: str, given_as: str, text: str) -> Any:  # the field's type, as its reader makes it
    row = TABLE[name]
    try:
        return row.reader.read(text)
    except ValueError as wrong:
        value = "its value" if row.secret else f'"{text}"'
        raise ConfigError(f"{given_as}: {value} {wrong}. Write {row.reader.expects}.") from None


def refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {name.upper() for name in TABLE}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in known:
            near = get_close_matches(name.removeprefix(PREFIX).upper(), known, n=1)
            remedy = f"Write {PREFIX}{near[0]}" if near else "Remove it; `procession config` lists the settings"
            raise ConfigError(f"{name} is not a setting. {remedy}.")


def refuse_unworkable(settings: Settings) -> None:
    if settings.files_hard_limit_bytes < settings.files_max_bytes:
        raise ConfigError(
            f"{variable('files_hard_limit_bytes')}: {settings.files_hard_limit_bytes} is less than a file may have. "
            f"Write {settings.files_max_bytes} or more, or lower {variable('files_max_bytes')}."
        )
    if settings.workers > 1 and settings.embedded:
        given_as = option("workers") if "workers" in settings.from_options else variable("workers")
        raise ConfigError(
            f"{given_as}: {settings.workers} processes cannot share the embedded database. "
            f"Write 1, or name a PostgreSQL database in {variable('database_url')}."
        )

    if settings.smtp_host and not settings.smtp_from:
        raise ConfigError(
            f"{variable('smtp_host')}: mail needs an address that it is sent from. "
            f"Write one in {variable('smtp_from')}, such as flow@example.org."
        )
    if settings.inbound_mail_domain and len(settings.inbound_mail_secret) < SECRET_LENGTH:
        raise ConfigError(
            f"{variable('inbound_mail_secret')}: mail is taken from whoever knows a secret. "
            f"Write one of at least {SECRET_LENGTH} characters, or remove {variable('inbound_mail_domain')}."
        )
    if settings.smtp_user and settings.smtp_tls == "none" and settings.smtp_host not in LOOPBACK:
        raise ConfigError(
            f"{variable('smtp_tls')}: the password would be sent unencrypted. Write starttls or tls, or remove "
            f"{variable('smtp_user')}."
        )


def source_of(name: str, settings: Settings) -> Source:
    if name in settings.from_options:
        return "option"
    return "environment" if name in settings.from_environment else "default"


def shown(name: str, settings: Settings) -> str:
    text = as_text(getattr(settings, name))
    if not TABLE[name].secret or not text:
        return text
    return without_password(text) if "://" in text else "***"


def as_text(value: object) -> str:
    """A value as it would be written in a variable."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in cast("tuple[object, ...]", value))
    return str(value)


def without_password(address: str) -> str:
    """A database address as it may be shown: whatever could be a password is stars, rather too much than too little."""
    without_login = re.sub(r"://([^:/?@]*):.*@", r"://\1:***@", address)
    return re.sub(r"([?&][^=&]*password[^=&]*=)[^&]*", r"\1***", without_login, flags=re.IGNORECASE)
