"""Data sets: seeded once for each size and database, kept in an ignored folder, upgraded with the schema."""

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from sqlalchemy import bindparam, func, select

from benchmarks import postgres
from benchmarks.machine import BIN, DATA, ROOT, require_room
from procession import config, wiring
from procession.domain.listing import Facet
from procession.domain.processes import State
from procession.storage.dialect import is_in
from procession.storage.migrate import newest_revision
from procession.storage.numbers import clock_now
from procession.storage.query import Query
from procession.storage.tables.lists import facet_counters, viewer_counters
from procession.storage.tables.people import members
from procession.storage.tables.processes import processes
from procession.usecases.setup import issue_token

SIZES: Mapping[str, int] = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}
# Measured: what a process with its 12 tasks takes, with indexes and log.
GIGABYTES_PER_MILLION = {"sqlite": 26.0, "postgresql": 32.0}
DEFAULT_STATES = (int(State.OPEN), int(State.COMPLETE))


class Access(msgspec.Struct, frozen=True):
    """The largest organization of a data set: who asks, and what a filter may ask for."""

    org_id: str
    admin_token: str
    # A standard member who sees about a tenth, and how much that is.
    member_token: str
    member_share: float
    # For each facet the key under which most processes are, with how many; of owners one who has an eighth.
    keys: dict[str, tuple[str, int]]
    rare_word: str
    common_word: str
    schema: str


class DataSet(msgspec.Struct, frozen=True):
    """A data set that is there."""

    size: str
    database: str
    folder: Path
    database_url: str
    access: Access

    @property
    def name(self) -> str:
        return f"{self.database}-{self.size}"

    def headers(self, token: str | None = None) -> tuple[str, ...]:
        return (f"Authorization: Bearer {token or self.access.admin_token}", "X-Tallyfy-Client: APIClient")

    def path(self, rest: str) -> str:
        return f"/organizations/{self.access.org_id}{rest}"


def folder_of(database: str, size: str) -> Path:
    return DATA / f"{database}-{size}"


@contextlib.contextmanager
def data_set(database: str, size: str, server: str | None) -> Iterator[DataSet]:
    """The data set, seeded first where it is missing; `server` is the address of the PostgreSQL cluster."""
    folder = folder_of(database, size)
    noted = folder / "access.json"
    access = msgspec.json.decode(noted.read_bytes(), type=Access) if noted.exists() else None
    url = postgres.database_url(server, _database_name(size)) if server else ""
    if access is None or access.schema != newest_revision():
        if not (folder / "tokens.json").exists():
            seed(database, size, server)
        command = ["migrate", "--data-dir", str(folder), *(["--database-url", url] if url else [])]
        subprocess.run([str(BIN / "procession"), *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder / "backups", ignore_errors=True)
        access = describe(folder, url)
        noted.write_bytes(msgspec.json.format(msgspec.json.encode(access)))
    yield DataSet(size, database, folder, url, access)


def _database_name(size: str) -> str:
    return f"bench_{size.lower()}"


def seed(database: str, size: str, server: str | None) -> None:
    """Fill it."""
    folder = folder_of(database, size)
    require_room(GIGABYTES_PER_MILLION[database] * SIZES[size] / 1e6)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = postgres.create(server, _database_name(size)) if server else ""
    began = time.monotonic()
    fill(folder, url, SIZES[size])
    if url:
        postgres.tidy(url)
    print(f"{database} {size}: seeded in {time.monotonic() - began:.0f} s")


def fill(folder: Path, url: str, runs: int) -> None:
    """`procession seed`, with access to what it made in a file of the folder."""
    command = ["seed", "--runs", str(runs), "--data-dir", str(folder), "--credentials", str(folder / "tokens.json")]
    subprocess.run(
        [str(BIN / "procession"), *command, *(["--database-url", url] if url else [])],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


_counted = Query(
    select(facet_counters.c.facet, facet_counters.c.key, func.sum(facet_counters.c.n))
    .where(facet_counters.c.org == bindparam("org"), is_in(facet_counters.c.state, "states"))
    .group_by(facet_counters.c.facet, facet_counters.c.key)
)
_seen = Query(
    select(viewer_counters.c.account, func.sum(viewer_counters.c.n))
    .where(viewer_counters.c.org == bindparam("org"), is_in(viewer_counters.c.state, "states"))
    .group_by(viewer_counters.c.account)
)
_roles = Query(select(members.c.account, members.c.role).where(members.c.org == bindparam("org")))
_names = Query(
    select(processes.c.name)
    .where(processes.c.org == bindparam("org"), processes.c.seq > bindparam("after"))
    .order_by(processes.c.seq)
    .limit(50)
)


def describe(folder: Path, url: str) -> Access:
    """Who may be asked as, and what for; read once from the seeded database."""
    return asyncio.run(describe_folder(folder, url))


async def describe_folder(folder: Path, url: str) -> Access:
    settings = config.load({}, data_dir=folder, **({"database_url": url} if url else {}))
    first = msgspec.json.decode((folder / "tokens.json").read_bytes())[0]
    async with wiring.opened(settings) as database:
        org = 1
        default = {"org": org, "states": [*DEFAULT_STATES]}
        async with database.reading() as connection:
            counted = [(int(f), str(k), int(n)) for f, k, n in await connection.rows(_counted, default)]
            seen = {int(account): int(n) for account, n in await connection.rows(_seen, default)}
            roles = {int(account): str(role) for account, role in await connection.rows(_roles, {"org": org})}
            everything = sum(n for facet, _, n in counted if facet == Facet.ALL)
            names = [str(row[0]) for row in await connection.rows(_names, {"org": org, "after": everything // 3})]
        public = seen.pop(0, 0)
        standard = [account for account in seen if roles[account] == "standard"]
        sees = {account: (public + seen.get(account, 0)) / everything for account in standard}
        member = min(standard, key=lambda account: abs(sees[account] - 0.1))
        # An administrator who has starred something.
        stars = {int(key): n for facet, key, n in counted if facet == Facet.STAR and roles[int(key)] == "admin"}
        admin = max(stars, key=lambda account: stars[account])
        tokens = [
            await issue_token(
                database, account=account, org=org, name="bench", kind="personal", days=365, now=clock_now()
            )
            for account in (admin, member)
        ]
    wanted = (Facet.TAG, Facet.TEMPLATE, Facet.FOLDER, Facet.GROUP, Facet.TYPE)
    keys = {
        facet.name.lower(): max(((k, n) for f, k, n in counted if f == facet), key=lambda each: each[1])
        for facet in wanted
    }
    owners = [(key, n) for facet, key, n in counted if facet == Facet.INVOLVED and key.isdecimal()]
    keys["owner"] = min(owners, key=lambda each: abs(each[1] / everything - 1 / 8))
    keys["star"] = (str(admin), stars[admin])
    # Names ending in a number are those of one process; their first word is that of many.
    rare = next(name for name in names if name[-5:].isdigit())
    return Access(
        org_id=first["org_id"],
        admin_token=tokens[0],
        member_token=tokens[1],
        member_share=sees[member],
        keys=keys,
        rare_word=rare.rsplit(" ", 1)[-1],
        common_word=rare.split(" ", 1)[0],
        schema=str(newest_revision()),
    )
