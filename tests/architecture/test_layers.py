"""Imports point one way, and each layer keeps to its own work; LAYERS is the table."""

import ast
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from tests.architecture.source import Import, Module, dotted, imports, is_standard, modules

DRIVERS = frozenset({"apsw", "psycopg", "psycopg_pool", "pysqlite3", "alembic"})
# Whoever starts processes: top-level modules beside the layers. They are edges, like api and cli.
EDGES = frozenset({"__main__", "claims", "demo", "main", "protocol", "seed", "server", "supervisor"})
EVERYTHING = frozenset(module.layer for module in modules())


class Layer(msgspec.Struct, frozen=True):
    """What a layer may import: layers of ours, and libraries beside the standard one."""

    own: frozenset[str]
    libraries: frozenset[str]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def layer(own: str, libraries: str) -> Layer:
    return Layer(words(own), words(libraries))


# The root holds the version number only; everybody may ask for it.
LAYERS: Mapping[str, Layer] = {
    "": layer("", ""),
    "config": layer("", "msgspec"),
    "logs": layer("", "msgspec structlog"),
    "domain": layer("domain", "msgspec"),
    "adapters": layer("adapters domain", ""),
    "storage": layer("storage domain", "sqlalchemy msgspec"),
    "usecases": layer("usecases storage domain adapters", "msgspec"),
    "api": layer(
        "api usecases transfer storage domain adapters config logs", "msgspec starlette structlog prometheus_client"
    ),
    "worker": layer("worker usecases storage domain adapters config logs", "msgspec"),
    "transfer": layer("transfer usecases storage domain adapters config logs", "msgspec"),
    "cli": layer("cli wiring usecases transfer storage domain adapters config logs", "msgspec typer rich"),
    "wiring": Layer(EVERYTHING - {"cli"} - EDGES, frozenset({"msgspec", "sqlalchemy"}) | DRIVERS),
    **{
        edge: layer("wiring usecases transfer storage domain adapters config logs", "msgspec uvicorn httptools rich")
        for edge in EDGES
    },
}

# Imports that the table does not allow, each with the reason why it is right all the same.
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("storage.sqlite", "apsw"): "the SQLite driver lives here",
    ("storage.sqlite_writer", "apsw"): "the SQLite driver's errors end transactions",
    ("storage.bulk_loading", "apsw"): "checkpoints after loading",
    ("storage.bulk_loading", "psycopg"): "COPY is the driver's",
    ("storage.postgres", "psycopg"): "the PostgreSQL driver lives here",
    ("storage.postgres", "psycopg_pool"): "the PostgreSQL driver lives here",
    ("storage.health", "apsw"): "names the errors that mean 'database away'",
    ("storage.health", "psycopg"): "names the errors that mean 'database away'",
    ("storage.limits", "apsw"): "names the errors a write can fail with",
    ("storage.limits", "psycopg"): "names the errors a write can fail with",
    ("storage.listing.among", "pyroaring"): "pages of a set of numbers",
    ("storage.listing.plan", "pyroaring"): "who is on a list is a set of numbers",
    ("storage.listing.sets", "pyroaring"): "sets of numbers that are remembered",
    ("storage.migrate", "alembic"): "migrations run through Alembic",
    ("storage.migrate", "pysqlite3"): "migrations and backups need a DB-API driver with a safe SQLite",
    ("storage.migrations.env", "alembic"): "migrations run through Alembic",
    ("adapters.*", "*"): "an adapter wraps one library: see the test of its own",
    ("cli.about", "apsw"): "`procession info` shows the version in use",
    ("cli.about", "pysqlite3"): "`procession info` shows the version in use",
    ("cli.main", "api.document"): "`procession openapi` prints the document",
    ("__main__", "cli.main"): "`python -m procession` is the command line",
    ("demo.ensuring", "api.app"): "the demo is told to a running server through its own API",
    ("server", "psycopg"): "an unreachable database at start is reported in words",
}


def is_allowed(found: Import) -> bool:
    importer = found.importer.partition(".")[0]
    if found.target == "" or (found.is_own and importer in EDGES and found.layer in EDGES):
        return True
    if importer == "cli" and found.is_own and found.layer in EDGES:
        return True
    rule = LAYERS[importer]
    if found.is_own:
        return found.layer in rule.own
    return is_standard(found.target) or found.target in rule.libraries


def exception_for(found: Import) -> tuple[str, str] | None:
    if found.importer.startswith("adapters.") and not found.is_own:
        return ("adapters.*", "*")
    if found.importer.startswith("storage.migrations.versions.") and found.target == "alembic":
        return ("storage.migrations.env", "alembic")
    key = (found.importer, found.target)
    return key if key in EXCEPTIONS else None


def test_every_module_belongs_to_a_layer() -> None:
    assert {module.layer for module in modules()} <= set(LAYERS)


def test_imports_point_one_way() -> None:
    wrong = [str(found) for found in imports() if not is_allowed(found) and exception_for(found) is None]

    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed() -> None:
    used = {exception_for(found) for found in imports() if not is_allowed(found)}

    assert set(EXCEPTIONS) <= used


def test_only_wiring_knows_both_the_edges_of_the_system_and_what_runs_behind_them() -> None:
    """Whoever needs a whole server asks wiring: nobody else puts the API and the worker together."""
    together = {
        importer
        for importer in {found.importer for found in imports()}
        if {"api", "worker"} <= {found.layer for found in imports() if found.is_own and found.importer == importer}
    }

    assert together == {"wiring.application"}


def test_an_adapter_wraps_one_library() -> None:
    for module in modules():
        if module.layer == "adapters":
            found = {each.target for each in imports() if each.importer == module.name and not each.is_own}
            libraries = {library for library in found if not is_standard(library)} - {"msgspec"}
            assert len(libraries) <= 1, f"{module.name} wraps {sorted(libraries)}"


# What a decision may not depend on. Time and new ids come in as arguments.
IMPURE = words(
    "asyncio concurrent contextvars glob http io locale logging multiprocessing os pathlib queue random secrets select "
    "shutil signal socket sqlite3 ssl subprocess sys tempfile threading time uuid"
)
CLOCK = words(
    "time.time time.time_ns time.localtime time.gmtime datetime.now datetime.utcnow datetime.today date.today "
    "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today"
)
READS_THE_CLOCK: Mapping[str, str] = {
    "storage.numbers": "the one clock: edges and jobs read it once and pass it on",
    "storage.migrate": "the name of a backup",
    "api.access_log": "the stamp of a log line",
}


@pytest.mark.parametrize("module", [each for each in modules() if each.layer == "domain"], ids=lambda each: each.name)
def test_the_domain_is_pure(module: Module) -> None:
    """No I/O, no waiting, no clock, no randomness, no settings, no logging."""
    used = {found.target for found in imports() if found.importer == module.name and not found.is_own}
    assert not used & IMPURE
    for node in ast.walk(module.tree):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith), node.lineno
        if isinstance(node, ast.Call):
            assert dotted(node.func) not in CLOCK | {"open", "print", "input"}, f"line {node.lineno}"


def calls(module: Module) -> Iterator[str]:
    return (dotted(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def test_the_clock_is_read_in_one_place() -> None:
    found = {module.name for module in modules() if any(call in CLOCK for call in calls(module))}

    assert found == set(READS_THE_CLOCK)


def test_only_config_reads_the_environment() -> None:
    found = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.expr) and dotted(node) in {"os.environ", "os.getenv", "environ", "getenv"}
    }

    assert found == {"config"}


WRITES = frozenset({"run", "insert", "delete", "record", "count", "sighted", "rights_changed", "finish", "reserve"})


def test_edges_write_through_use_cases() -> None:
    """A read is route and storage; a write is route, use case, storage: routes never write by themselves.

    Seed and demo are the exception: they make up histories, which is no use case of anybody's.
    """
    wrong = [
        f"{module.name} calls {call}"
        for module in modules()
        if module.layer in {"api", "cli", "worker"} | EDGES - {"seed", "demo"}
        for call in calls(module)
        if call.startswith(("tx.", "connection.")) and call.rpartition(".")[2] in WRITES
    ]

    assert not wrong, wrong


DATABASE_ERRORS = ("apsw.", "psycopg.", "sqlalchemy.exc.", "sa.exc.", "health.", "limits.")


def caught(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            each = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            yield from (dotted(one.value if isinstance(one, ast.Starred) else one) for one in each)


def test_no_use_case_goes_on_after_a_database_error() -> None:
    """An error may have ended the transaction: going on would write half of something."""
    drivers = {"storage.sqlite", "storage.sqlite_writer", "storage.postgres", "storage.migrate", "storage.bulk_loading"}
    wrong = [
        f"{module.name} catches {name}"
        for module in modules()
        if module.layer in {"usecases", "storage"} and module.name not in drivers
        for name in caught(module)
        if name.startswith(DATABASE_ERRORS) or name in {"Exception", "BaseException", "Unavailable", "WriteFailure"}
    ]

    assert not wrong, wrong
