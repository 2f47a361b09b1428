"""Uploaded files in an S3-compatible store. Spec: api-tasks 15.4."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

from procession.adapters.files import PIECE_BYTES, FileKey, FileStoreFailed, key_at

# So many parts of 5 MiB of one upload are on their way at once.
PARTS_AT_ONCE = 2


class Bucket(msgspec.Struct, frozen=True):
    """Where the files are; without keys, whatever the machine itself is given to sign requests with."""

    name: str
    folder: str
    endpoint: str
    region: str
    access_key: str
    secret_key: str


def files_in(bucket: Bucket) -> "S3Files":
    given: S3Config = {"region": bucket.region}
    # An empty one would count as given.
    if bucket.access_key:
        given |= {"access_key_id": bucket.access_key, "secret_access_key": bucket.secret_key}
    if bucket.endpoint:
        given |= {"endpoint": bucket.endpoint}
    allows_http = bucket.endpoint.startswith("http://")
    return S3Files(S3Store(bucket.name, config=given, client_options={"allow_http": allows_http}), bucket.folder)


class S3Files:
    """Files in a store, under this folder of it."""

    def __init__(self, store: ObjectStore, folder: str = "") -> None:
        self._folder = f"{folder}/" if folder else ""
        self._store = store

    async def write(self, key: FileKey, pieces: AsyncIterator[bytes]) -> None:
        with _told():
            await obstore.put_async(self._store, self._path(key), pieces, max_concurrency=PARTS_AT_ONCE)

    async def opened(self, key: FileKey, start: int, end: int) -> AsyncGenerator[bytes] | None:
        with _told():
            try:
                if start == end:
                    await obstore.head_async(self._store, self._path(key))
                    return _nothing()
                found = await obstore.get_async(self._store, self._path(key), options={"range": (start, end)})
            except FileNotFoundError:
                return None
        return _pieces(found.stream(PIECE_BYTES))

    async def remove(self, key: FileKey) -> None:
        with _told():
            try:
                await obstore.delete_async(self._store, self._path(key))
            except FileNotFoundError:
                return

    async def sizes(self) -> AsyncGenerator[tuple[FileKey, int]]:
        with _told():
            listed = cast(Any, obstore).list(self._store, prefix=self._folder or None)  # its stubs leave a type open
            async for found in listed:
                for each in found:
                    key = key_at(each["path"].removeprefix(self._folder))
                    if key is not None:
                        yield key, each["size"]

    def _path(self, key: FileKey) -> str:
        return self._folder + key.path


async def _pieces(stream: AsyncIterator[object]) -> AsyncGenerator[bytes]:
    with _told():
        async for piece in stream:
            yield bytes(piece)  # pyright: ignore[reportArgumentType]  # a buffer of the library's own


async def _nothing() -> AsyncGenerator[bytes]:
    for piece in ():
        yield piece


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except BaseError as error:
        raise FileStoreFailed(str(error).splitlines()[0]) from error
