"""The customary way to write the list: FastAPI, Pydantic models, the SQLAlchemy ORM on asyncpg, and `count(*)`.

A small reference program over the very same tables and indexes. It finds the token, the organization, a page of
processes, how many tasks of each are late, and the total; it leaves out who may see what, and all other filters.

    python -m benchmarks.customary PORT DATABASE_URL
"""

import hashlib
import json
import sys
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from pydantic import BaseModel
from sqlalchemy import BigInteger, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Words of the API's `status` by the number the tables hold.
STATES = {"active": [0], "complete": [1], "archived": [2], None: [0, 1]}


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {int: BigInteger}


class Organization(Base):
    __tablename__ = "organization"
    org: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str]


class Token(Base):
    __tablename__ = "token"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    account: Mapped[int]
    revoked_at: Mapped[int | None]


class Process(Base):
    __tablename__ = "process"
    org: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str]
    template_id: Mapped[str]
    template_title: Mapped[str]
    type: Mapped[str]
    name: Mapped[str]
    summary: Mapped[str]
    status: Mapped[str]
    state: Mapped[int]
    owner: Mapped[int]
    starter: Mapped[int]
    prerun: Mapped[str]
    prerun_status: Mapped[str | None]
    prerun_completed_at: Mapped[int | None]
    prerun_completed_by: Mapped[int | None]
    prerun_length: Mapped[int]
    assign_someone_else: Mapped[int]
    users: Mapped[str]
    groups: Mapped[str]
    collaborators: Mapped[str]
    publicly_hidden_fields: Mapped[str]
    is_public: Mapped[int]
    can_add_oot: Mapped[int]
    parent_id: Mapped[str | None]
    tasks_visible: Mapped[int]
    tasks_done: Mapped[int]
    due_date: Mapped[int | None]
    max_task_deadline: Mapped[int | None]
    created_at: Mapped[int]
    started_at: Mapped[int]
    updated_at: Mapped[int]
    completed_at: Mapped[int | None]
    archived_at: Mapped[int | None]


class Task(Base):
    __tablename__ = "task"
    org: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    process: Mapped[int]
    status: Mapped[str]
    deadline: Mapped[int | None]
    is_held: Mapped[int]


class Progress(BaseModel):
    complete: int
    total: int
    percent: int


class Run(BaseModel):
    id: str
    increment_id: int
    checklist_id: str
    checklist_title: str
    assign_someone_else: bool
    name: str
    summary: str
    status: str
    progress: Progress
    whole_progress: Progress
    started_by: int
    owner_id: int
    prerun: Any
    prerun_status: str | None
    prerun_completed_at: datetime | None
    prerun_completed_by: int | None
    prerun_length: int
    created_at: datetime
    started_at: datetime
    last_updated: datetime
    completed_at: datetime | None
    archived_at: datetime | None
    due_date: datetime | None
    max_task_deadline: datetime | None
    due_date_passed: bool
    late_tasks: int
    collaborators: list[int]
    users: list[int]
    groups: list[str]
    type: str
    is_public: bool
    publicly_hidden_fields: list[str]
    parent_id: str | None
    can_add_oot: bool


class Pagination(BaseModel):
    total: int
    count: int
    per_page: int
    current_page: int
    total_pages: int
    links: dict[str, str]


class Meta(BaseModel):
    pagination: Pagination


class Runs(BaseModel):
    data: list[Run]
    meta: Meta


def make_application(url: str) -> FastAPI:
    engine = create_async_engine(url, pool_size=10)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    application = FastAPI()

    async def session() -> AsyncGenerator[AsyncSession]:
        async with sessions() as found:
            yield found

    @application.get("/organizations/{org_id}/runs")
    async def list_runs(
        request: Request,
        org_id: str,
        database: Annotated[AsyncSession, Depends(session)],
        authorization: Annotated[str, Header()],
        status: str | None = None,
        page: Annotated[int, Query(ge=1)] = 1,
        per_page: Annotated[int, Query(ge=1, le=100)] = 10,
    ) -> Runs:
        hashed = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
        token = (await database.scalars(select(Token).where(Token.hash == hashed))).first()
        organization = (await database.scalars(select(Organization).where(Organization.id == org_id))).first()
        if token is None or organization is None or token.revoked_at is not None:
            raise HTTPException(401)
        matching = (Process.org == organization.org, Process.state.in_(STATES[status]))
        total = await database.scalar(select(func.count()).select_from(Process).where(*matching)) or 0
        found = list(
            await database.scalars(
                select(Process)
                .where(*matching)
                .order_by(Process.seq.desc())
                .offset((page - 1) * per_page)
                .limit(per_page)
            )
        )
        now = time.time_ns() // 1_000_000
        late = await late_tasks(database, organization.org, [each.seq for each in found], now)
        links = {"next": str(request.url.include_query_params(page=page + 1))}
        pagination = Pagination(
            total=total,
            count=len(found),
            per_page=per_page,
            current_page=page,
            total_pages=-(-total // per_page),
            links=links,
        )
        return Runs(
            data=[present(each, late.get(each.seq, 0), now) for each in found], meta=Meta(pagination=pagination)
        )

    return application


async def late_tasks(database: AsyncSession, org: int, processes: list[int], now: int) -> dict[int, int]:
    rows = await database.execute(
        select(Task.process, func.count())
        .where(
            Task.org == org,
            Task.process.in_(processes),
            Task.status.in_(["not-started", "in-progress"]),
            Task.is_held == 0,
            Task.deadline < now,
        )
        .group_by(Task.process)
    )
    return dict(rows.tuples().all())


def instant(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)


def present(row: Process, late: int, now: int) -> Run:
    percent = round(100 * row.tasks_done / row.tasks_visible) if row.tasks_visible else 0
    progress = Progress(complete=row.tasks_done, total=row.tasks_visible, percent=percent)
    kept = (
        "id name summary status prerun_status prerun_completed_by prerun_length type parent_id".split()  # noqa: SIM905  # a list of names
    )
    instants = "prerun_completed_at created_at started_at completed_at archived_at due_date max_task_deadline".split()  # noqa: SIM905  # as above
    documents = "prerun collaborators users groups publicly_hidden_fields".split()  # noqa: SIM905  # as above
    return Run(
        **{name: getattr(row, name) for name in kept},
        **{name: instant(getattr(row, name)) for name in instants},
        **{name: json.loads(getattr(row, name)) for name in documents},
        increment_id=row.seq,
        checklist_id=row.template_id,
        checklist_title=row.template_title,
        assign_someone_else=bool(row.assign_someone_else),
        progress=progress,
        whole_progress=progress,
        started_by=row.starter,
        owner_id=row.owner,
        last_updated=datetime.fromtimestamp(row.updated_at / 1000, UTC),
        due_date_passed=row.due_date is not None and row.due_date < now,
        late_tasks=late,
        is_public=bool(row.is_public),
        can_add_oot=bool(row.can_add_oot),
    )


if __name__ == "__main__":
    address = sys.argv[2].replace("postgresql://", "postgresql+asyncpg://")
    uvicorn.run(make_application(address), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", loop="uvloop")
