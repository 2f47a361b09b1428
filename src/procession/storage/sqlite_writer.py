"""The one writer thread of an embedded database, and how requests that wait together share a commit.

Each piece of work runs in a savepoint of its own, so a refused one leaves the others as they are, and nobody is
told of success before the commit.
"""

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

if TYPE_CHECKING:
    from procession.storage.sqlite import SqliteConnection

T = TypeVar("T")
Work = Callable[["SqliteConnection"], Coroutine[Any, Any, T]]

# A group holds the writer no longer than this many pieces of work.
MAX_GROUP = 64
# Checkpoints wait for an idle moment of this length, unless this many pages (64 MiB) have gathered before one comes.
IDLE_SECONDS = 0.2
MAX_WAL_PAGES = 16_384


class LeftTransaction(RuntimeError):
    """An error ended the transaction; everything in it has to be run again, alone."""


class WriterStopped(RuntimeError):
    """The database was closed before this piece of work was begun."""

    def __init__(self) -> None:
        super().__init__("the database is closed")


# What can end a transaction at any statement, the commit included.
Interrupted = (apsw.Error, LeftTransaction, MemoryError)


class _Job:
    """One piece of work waiting for the writer, and where its outcome goes."""

    def __init__(self, work: Work[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.context = contextvars.copy_context()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        # Where the loop has ended, nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._deliver)

    def refuse(self, error: BaseException) -> None:
        self.result, self.error = None, error
        self.settle()

    def _deliver(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs work in arrival order, commits what waits together as one group."""

    def __init__(self, connect: "Callable[[], SqliteConnection]") -> None:
        self._connect = connect
        self.connection = self._connected()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._wal_pages = 0
        # Whether the log has grown too long because readers are in the way of its checkpoint.
        self.is_held_up = False
        self._is_closing = False
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        job = _Job(work, asyncio.get_running_loop())
        self._queue.put(job)
        if self._has_ended:
            self._refuse_waiting()
        return job.future

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what waits, checkpoint, end the thread; what comes later is refused."""
        self._queue.put(None)
        self._thread.join()
        self.connection.close()

    def _run(self) -> None:
        try:
            is_dirty = False
            while not self._is_closing:
                try:
                    first = self._queue.get(timeout=IDLE_SECONDS if is_dirty else None)
                except queue.Empty:
                    self._checkpoint()
                    is_dirty = self.is_held_up
                    continue
                group = self._gather(first)
                if group:
                    self._commit(group)
                    is_dirty = True
                if self._wal_pages > MAX_WAL_PAGES:
                    self._checkpoint()
            self._checkpoint()
        finally:
            self._has_ended = True
            self._refuse_waiting()

    def _gather(self, first: _Job | None) -> list[_Job]:
        group: list[_Job] = []
        job = first
        while job is not None:
            group.append(job)
            if len(group) == MAX_GROUP:
                return group
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return group
        self._is_closing = True
        return group

    def _commit(self, group: list[_Job]) -> None:
        """Run the group in one transaction; if that is lost, run each job again in one of its own, or refuse it."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:  # nothing has run: another program holds the file, or the disk fails
            for job in group:
                job.refuse(error)
            return
        try:
            self._run_together(group)
        except Interrupted as error:
            self._abandon()
            if len(group) == 1:
                group[0].refuse(error.__cause__ or error)
            else:
                for job in group:
                    self._commit([job])
            return
        for job in group:
            job.settle()

    def _run_together(self, group: list[_Job]) -> None:
        for job in group:
            job.result, job.error = None, None
            self.connection.execute("SAVEPOINT work")
            try:
                job.result = job.context.run(_drive, job.work(self.connection))
            except BaseException as error:  # whatever it is, whoever waits gets it
                job.error = error
                if not self.connection.raw.in_transaction:
                    raise LeftTransaction(str(error)) from error
                self.connection.execute("ROLLBACK TO work")
            self.connection.execute("RELEASE work")
        is_nothing_written = all(job.error is not None for job in group)
        self.connection.execute("ROLLBACK" if is_nothing_written else "COMMIT")

    def _abandon(self) -> None:
        """Leave the transaction behind; where even that fails, the connection with it."""
        try:
            if self.connection.raw.in_transaction:
                self.connection.execute("ROLLBACK")
        except apsw.Error:
            self.connection.close()
            self.connection = self._connected()

    def _connected(self) -> "SqliteConnection":
        connection = self._connect()

        def note(_connection: apsw.Connection, _schema: str, pages: int) -> int:
            self._wal_pages = pages
            return apsw.SQLITE_OK

        connection.raw.set_wal_hook(note)
        return connection

    def _checkpoint(self) -> None:
        self._wal_pages = 0
        # A full disk shows at the next write; where a reader is in the way, the next idle moment finishes the job.
        with contextlib.suppress(apsw.Error):
            pages, done = self.connection.raw.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self.is_held_up = done < pages and pages > MAX_WAL_PAGES

    def _refuse_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._queue.get_nowait()
                if job is not None:
                    job.refuse(WriterStopped())


def _drive(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits for anything but SQLite, without an event loop."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    work.close()
    raise RuntimeError("a write transaction awaited something other than storage")
