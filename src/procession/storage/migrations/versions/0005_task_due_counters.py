"""Tasks counted by the time they are due at; open ones apart by whether they were begun.

What is there already is moved and counted by whole tables: about a minute for ten million tasks.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Statements are put together from constants only.
# ruff: noqa: S608

# As domain.listing has them.
IN_PROGRESS, ARCHIVED = 4, 3
NO_DEADLINE = 2**62
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


def upgrade() -> None:
    op.create_table(
        "task_due_counter",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("state", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=False),
        sa.Column("stretch", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "principal", "state", "unit", "stretch", name="pk_task_due_counter"),
        sqlite_with_rowid=False,
    )
    for name, condition in (("ix_task_problem", "open_problems > 0"), ("ix_task_improvement", "improvements > 0")):
        where = sa.text(condition)
        op.create_index(name, "task", ["org", "seq"], sqlite_where=where, postgresql_where=where)
    set_begun_ones_apart()
    list_shared_ones_twice()
    count_anew()


def set_begun_ones_apart() -> None:
    # The sums keep SQLite from looking the tasks up one by one: both sides are read whole.
    op.execute(
        f"UPDATE task_access SET state = {IN_PROGRESS} WHERE state = 0"
        " AND (org + 0, seq + 0) IN (SELECT org, seq FROM task WHERE status = 'in-progress')"
    )


def list_shared_ones_twice() -> None:
    """Tasks of a group and of somebody else as well, under each of their principals."""
    op.execute(
        "CREATE TEMPORARY TABLE of_group AS SELECT DISTINCT org, seq FROM task_access"
        " WHERE substr(principal, 1, 2) = 'g:'"
    )
    op.execute(
        "CREATE TEMPORARY TABLE shared AS SELECT org, seq FROM task_access"
        " WHERE principal <> '*' AND (org + 0, seq + 0) IN (SELECT org, seq FROM of_group)"
        " GROUP BY org, seq HAVING count(*) > 1"
    )
    op.execute(
        "INSERT INTO task_access (org, principal, state, deadline, seq)"
        " SELECT org, '+' || principal, state, deadline, seq FROM task_access"
        " WHERE principal <> '*' AND (org + 0, seq + 0) IN (SELECT org, seq FROM shared)"
    )
    op.execute("DROP TABLE of_group")
    op.execute("DROP TABLE shared")


def count_anew() -> None:
    op.execute("DELETE FROM task_counter")
    op.execute(
        "INSERT INTO task_counter (org, principal, state, n)"
        " SELECT org, principal, state, count(*) FROM task_access GROUP BY org, principal, state"
    )
    count_by(0, DAY_MS, f"state <> {ARCHIVED}")
    count_by(1, HOUR_MS, f"principal = '*' AND state IN (0, {IN_PROGRESS})")


def count_by(unit: int, length: int, condition: str) -> None:
    # Rounded down before 1970 as well.
    stretch = f"(deadline - ((deadline % {length}) + {length}) % {length}) / {length}"
    op.execute(
        "INSERT INTO task_due_counter (org, principal, state, unit, stretch, n)"
        f" SELECT org, principal, state, {unit}, {stretch}, count(*) FROM task_access"
        f" WHERE {condition} AND deadline < {NO_DEADLINE} AND substr(principal, 1, 1) <> '+'"
        f" GROUP BY org, principal, state, {stretch}"
    )


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
