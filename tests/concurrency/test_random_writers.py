"""Whatever eight clients do to an organization at the same time, nothing of it is lost, doubled or counted wrongly."""

import os
import threading
from collections import Counter
from typing import Any

import pytest

from tests.builders import Organization
from tests.concurrency.afterwards import Afterwards
from tests.concurrency.crowd import Client, Ground, together

CLIENTS = 8
STEPS = 2_000 if os.environ.get("SOAK") == "1" else 200
SEED = 20_260_304


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_whatever_many_do_at_once_is_counted_right(
    org: Organization, afterwards: Afterwards, record_property: Any
) -> None:
    ground = Ground(org, SEED)
    clients = [ground.client() for _ in range(CLIENTS)]

    def rebuild(done: threading.Event) -> None:
        while not done.wait(0.02):
            afterwards.rebuild()

    together(clients, STEPS, rebuild)
    record_property("requests", str(sum(client.answers.total() for client in clients)))

    assert [surprise for client in clients for surprise in client.surprises] == []
    afterwards.assert_all_well()
    afterwards.rebuild()
    afterwards.assert_counted_right()
    assert_each_success_happened_once(afterwards, clients)
    assert_they_got_somewhere(clients)


def assert_each_success_happened_once(afterwards: Afterwards, clients: list[Client]) -> None:
    completed = sum((client.completed for client in clients), Counter[str]())
    launched = [run for client in clients for run in client.launched]

    assert Counter(afterwards.happened("task.completed")) == completed
    assert sorted(afterwards.happened("process.launched")) == sorted(launched)
    assert len(set(launched)) == len(launched)


def assert_they_got_somewhere(clients: list[Client]) -> None:
    """They were not just refused."""
    answers = sum((client.answers for client in clients), Counter[tuple[str, int]]())
    good = sum(n for (_, status), n in answers.items() if status < 300)

    assert good > answers.total() / 4
    assert len(clients[0].completed) > 0
