"""Where the bytes of uploaded files are: in a folder of the server's own here, in an S3-compatible store in
`adapters.s3_files`. A file is written once, whole or not at all, and never changed. Spec: api-tasks 15.4.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")

PIECE_BYTES = 256 * 1024
UNFINISHED = ".part"


class FileKey(NamedTuple):
    """Whose file it is, and which."""

    organization_id: str
    file_id: str

    @property
    def path(self) -> str:
        """In 256 folders of each organization: the end of an id is random."""
        return f"{self.organization_id}/{self.file_id[-2:]}/{self.file_id}"


def key_at(path: str) -> FileKey | None:
    """The file that is kept under this path; None: no file is."""
    parts = path.split("/")
    found = FileKey(parts[0], parts[-1])
    return found if found.path == path else None


class FileStoreFailed(RuntimeError):
    """The disk or the store did not do what it was asked for; the message says why."""


class FileStore(Protocol):
    """Every method raises FileStoreFailed."""

    async def write(self, key: FileKey, pieces: AsyncIterator[bytes]) -> None:
        """Keep the file, so that it outlives a power failure; nothing of it stays when `pieces` raises."""
        ...

    async def opened(self, key: FileKey, start: int, end: int) -> AsyncGenerator[bytes] | None:
        """The bytes from `start` up to `end`, piece by piece; None when there is no such file. Close it after use."""
        ...

    async def remove(self, key: FileKey) -> None:
        """Erase the file, and what is left of one that was never finished; nothing happens when it is not there."""
        ...

    def sizes(self) -> AsyncGenerator[tuple[FileKey, int]]:
        """Every file there is, with its size in bytes."""
        ...


class FolderFiles:
    """Files in a folder that all processes of the server share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def write(self, key: FileKey, pieces: AsyncIterator[bytes]) -> None:
        path = self.folder / key.path
        unfinished = path.with_name(path.name + UNFINISHED)
        file = await _in_thread(_created, unfinished, self.folder)
        try:
            async for piece in pieces:
                await _in_thread(file.write, piece)
            await _in_thread(_finish, file, unfinished, path)
        except BaseException:
            with suppress(OSError):
                file.close()
            unfinished.unlink(missing_ok=True)
            raise

    async def opened(self, key: FileKey, start: int, end: int) -> AsyncGenerator[bytes] | None:
        try:
            file = await _in_thread(_opened, self.folder / key.path)
        except FileNotFoundError:
            return None
        return _pieces(file, start, end)

    async def remove(self, key: FileKey) -> None:
        path = self.folder / key.path
        await _in_thread(_unlink, path.with_name(path.name + UNFINISHED), path)

    async def sizes(self) -> AsyncGenerator[tuple[FileKey, int]]:
        for path in await _in_thread(_below, self.folder):
            key = key_at(path.relative_to(self.folder).as_posix())
            if key is not None:
                yield key, path.stat().st_size


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    try:
        return await asyncio.to_thread(work, *arguments)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileStoreFailed(error.strerror or str(error)) from error


def _created(path: Path, top: Path) -> BufferedIOBase:
    """A new file, and the folders down to it, which a power failure does not take away again."""
    missing = [each for each in (path.parent, *path.parent.parents) if each.is_relative_to(top) and not each.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _sync_folder(each.parent)
    return path.open("wb")


def _opened(path: Path) -> BufferedIOBase:
    return path.open("rb")


def _finish(file: BufferedIOBase, unfinished: Path, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    unfinished.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _pieces(file: BufferedIOBase, start: int, end: int) -> AsyncGenerator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left > 0 and (piece := await _in_thread(file.read, min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece


def _unlink(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
