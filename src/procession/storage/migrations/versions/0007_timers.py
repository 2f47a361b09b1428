"""Timers, and since when complete processes wait to be archived.

Revision: 0007
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None

# What the clock closes: domain.timers.closing_time as a statement. What is long overdue fires first.
CLOSING = """
INSERT INTO timer (kind, org, subject, due_at, claimed_until, attempts)
SELECT 'close_task', t.org, t.seq, t.deadline, 0, 0
FROM task AS t LEFT JOIN process AS p ON p.org = t.org AND p.seq = t.process
WHERE t.task_type IN ('expiring', 'expiring_email') AND t.status IN ('not-started', 'in-progress')
  AND t.archived_at IS NULL AND t.is_held = 0 AND t.deadline IS NOT NULL AND t.open_problems = 0
  AND (t.process IS NULL OR (p.archived_at IS NULL AND p.open_issues = 0))
"""
FINISHED = """
INSERT INTO finished_process (org, seq, since)
SELECT org, seq, COALESCE(completed_at, updated_at) FROM process WHERE state = 1
"""
# Settings are stored as msgspec writes them, without blanks.
DAILY = sa.text("""
INSERT INTO timer (kind, org, subject, due_at, claimed_until, attempts)
SELECT :kind, org, 0, 0, 0, 0 FROM organization WHERE settings LIKE :is_on
""")


def upgrade() -> None:
    op.create_table(
        "timer",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "org", "subject", name="pk_timer"),
    )
    op.create_table(
        "finished_process",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "seq", name="pk_finished_process"),
    )
    op.execute(CLOSING)
    op.execute(FINISHED)
    op.execute(DAILY.bindparams(kind="auto_complete", is_on='%"auto_complete_tasks":true%'))
    op.execute(DAILY.bindparams(kind="auto_archive", is_on='%"auto_archive":true%'))
    op.create_index("ix_timer_due_at", "timer", ["due_at"])
    op.create_index("ix_finished_process_since", "finished_process", ["org", "since", "seq"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
