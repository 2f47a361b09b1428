"""Puts a server together: the only module that knows everything.

On its own, because a command that answers no requests starts in half the time without it.
"""

from pathlib import Path

import msgspec

from procession.api.app import Application
from procession.api.edge import Edge
from procession.config import Settings
from procession.storage.numbers import clock_now
from procession.wiring import make_database, make_files, make_secrets, make_transport
from procession.worker.jobs import periodic_jobs
from procession.worker.loop import Loop, Periodic

PUBLISH_SECONDS = 1.0


class Place(msgspec.Struct, frozen=True):
    """Which of a fleet's processes this is: its number, counted from 0, and where they share their figures."""

    number: int
    figures: Path


class ServerApplication(Application):
    """The application with its periodic jobs."""

    def __init__(self, edge: Edge, place: Place | None) -> None:
        super().__init__(edge)
        jobs: list[Periodic] = []
        if place is None or place.number == 0:
            jobs.extend(
                periodic_jobs(
                    edge.database,
                    edge.clock,
                    edge.means,
                    edge.files,
                    make_transport(edge.settings),
                    undo_minutes=edge.settings.undo_minutes,
                )
            )
        if place is not None:
            self.front.metrics.join_fleet(place.figures, place.number)
            jobs.append(Periodic("publish figures", PUBLISH_SECONDS, self._publish))
        self._loop = Loop(jobs)

    async def start(self) -> None:
        await super().start()
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await super().stop()

    async def _publish(self) -> None:
        self.front.metrics.publish()


def make_application(settings: Settings, place: Place | None = None) -> ServerApplication:
    """A server that is ready to be started. Raises CannotStart."""
    return ServerApplication(_edge(settings), place)


def make_idle_application(settings: Settings) -> Application:
    """As `make_application`, but nothing happens by itself. Raises CannotStart."""
    return Application(_edge(settings))


def _edge(settings: Settings) -> Edge:
    return Edge(settings, make_database(settings), make_secrets(settings), make_files(settings), clock_now)
