"""Timers, since when complete processes wait to be archived, schedules, absences.

Revision: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
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
    create_schedules()
    create_absences()
    op.execute(CLOSING)
    op.execute(FINISHED)
    op.execute(DAILY.bindparams(kind="auto_complete", is_on='%"auto_complete_tasks":true%'))
    op.execute(DAILY.bindparams(kind="auto_archive", is_on='%"auto_archive":true%'))
    op.create_index("ix_timer_due_at", "timer", ["due_at"])
    op.create_index("ix_finished_process_since", "finished_process", ["org", "since", "seq"])


def create_schedules() -> None:
    words = ("template_id", "folded_name", "recurrence", "launch", "catch_up")
    optional_words = ("paused_reason", "last_run_id", "last_error")
    optional = (*optional_words, "next_run_at", "last_run_at")
    names = (
        "org id template_id owner folded_name recurrence launch skip_if_open catch_up is_active paused_reason "
        "next_run_at last_run_at last_run_id last_error created_at updated_at"
    )
    op.create_table(
        "schedule",
        *(
            sa.Column(name, sa.Text() if name in words + optional_words else sa.BigInteger(), nullable=name in optional)
            for name in names.split()
        ),
        sa.PrimaryKeyConstraint("org", "id", name="pk_schedule"),
    )
    op.create_index("ix_schedule_template", "schedule", ["org", "template_id"])


def create_absences() -> None:
    op.create_table(
        "absence",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Text(), nullable=False),
        sa.Column("deputy", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name="pk_absence"),
    )
    op.create_index("ix_absence_member", "absence", ["org", "member", "ends_on"])


def downgrade() -> None:
    raise RuntimeError("Schemas are not downgraded: restore the backup that was made before the upgrade.")
