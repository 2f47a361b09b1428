"""Where files are kept: a folder, and a store as S3-compatible ones are spoken to. Spec: api-tasks 15.4."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from procession.adapters.files import FileKey, FileStore, FolderFiles
from procession.adapters.multipart import FormReader, Unreadable
from procession.adapters.s3_files import S3Files

KEY = FileKey("0a" * 16, "0b" * 16)
CONTENT = bytes(range(256)) * 3_000


async def pieces(*parts: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    if then is not None:
        raise then


async def read(store: FileStore, start: int, end: int, key: FileKey = KEY) -> bytes | None:
    opened = await store.opened(key, start, end)
    return None if opened is None else b"".join([piece async for piece in opened])


async def kept(store: FileStore) -> dict[FileKey, int]:
    return {key: size async for key, size in store.sizes()}


@pytest.mark.parametrize("make", [FolderFiles, lambda _: S3Files(MemoryStore(), "files")], ids=["folder", "s3"])
def test_a_file_is_kept_whole_or_not_at_all(make: Callable[[Path], FileStore], tmp_path: Path) -> None:
    async def work() -> None:
        store, other = make(tmp_path / "files"), FileKey(KEY.organization_id, "0c" * 16)
        await store.write(KEY, pieces(CONTENT[:10], CONTENT[10:]))
        with pytest.raises(Exception, match="the client left"):
            await store.write(other, pieces(b"half", then=RuntimeError("the client left")))

        assert await read(store, 0, len(CONTENT)) == CONTENT
        assert await read(store, 250, 260) == CONTENT[250:260]
        assert await read(store, 0, 1, other) is None
        assert await kept(store) == {KEY: len(CONTENT)}
        await store.write(other, pieces(b""))
        assert await read(store, 0, 0, other) == b""
        for key in (KEY, other, KEY):
            await store.remove(key)
        assert await kept(store) == {}
        assert await read(store, 0, 0) is None

    asyncio.run(work())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def form(*parts: bytes, end: bytes = b"--x--\r\n") -> bytes:
    return b"".join(b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + end


FILE = b'name="name"; filename="C:\\\\dir\\\\a\xc3\xa4.pdf"\r\nContent-Type: text/html\r\n\r\none\r\n--\r\ntwo'


def test_a_form_is_read_in_whatever_pieces_it_comes() -> None:
    sent = form(b'name="subject_type"\r\n\r\nRun', FILE, b'name="system"\r\n\r\n')
    for size in (1, 7, len(sent)):
        reader = FormReader('multipart/form-data; boundary="x"')
        found = b"".join(piece for at in range(0, len(sent), size) for piece in reader.feed(sent[at : at + size]))

        assert found == b"one\r\n--\r\ntwo"
        assert (reader.part, reader.filename[-6:]) == ("name", "aä.pdf")
        assert reader.fields == {"subject_type": "Run", "system": ""}
        assert reader.is_complete


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(form(FILE, FILE), id="two files"),
        pytest.param(form(b'name="a"\r\n\r\n' + b"x" * 70_000), id="a long field"),
        pytest.param(form(*[b'name="a%d"\r\n\r\n' % n for n in range(60)]), id="many fields"),
        pytest.param(b"no form", id="something else"),
    ],
)
def test_what_is_no_form_is_refused(sent: bytes) -> None:
    reader = FormReader("multipart/form-data; boundary=x")
    with pytest.raises(Unreadable):
        reader.feed(sent)
    with pytest.raises(Unreadable):
        FormReader("application/json")
