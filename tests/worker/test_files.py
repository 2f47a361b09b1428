"""Uploads and erasures that are cut off, and what `procession doctor` says of them. Spec: api-tasks 15.4."""

import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from procession.adapters.files import FileKey
from procession.domain.actors import BOT
from procession.domain.times import DAY
from procession.storage.tx import writing
from procession.usecases import file_checks, uploading
from tests.api.task_runs import NOW
from tests.builders import Organization
from tests.worker.test_timers import World

MEBIBYTE = 1024 * 1024


class Disk:
    """The files of an organization whose clock stands."""

    def __init__(self, world: World) -> None:
        self.world, self.org, self.server = world, world.org, world.server
        self.folder = self.server.settings.files_folder / self.org.id
        self.form = {
            "subject_type": "Task",
            "subject_id": self.org.one_off()["id"],
            "uploaded_from": "attachment",
        }

    def upload(self) -> str:
        sent = self.org.api.request("POST", "/file", data=self.form, files={"name": ("a.txt", b"kept")})
        return sent.raise_for_status().json()["data"]["id"]

    def there(self) -> list[Path]:
        return sorted(each for each in self.folder.rglob("*") if each.is_file())

    def wrong(self) -> list[str]:
        edge = self.server.edge
        return self.server.run(file_checks.differences(edge.database, edge.files, NOW)).get(self.org.id, [])


@pytest.fixture
def disk(org: Organization) -> Iterator[Disk]:
    world = World(org)
    world.at(NOW)
    yield Disk(world)
    assert org.differences() == []


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def test_an_upload_that_was_cut_off_is_erased_within_a_day(disk: Disk) -> None:
    """Killed with its bytes written, and half of them: nobody ever saw a row."""
    edge, org = disk.server.edge, disk.org

    async def half() -> None:
        for name in ("", ".part"):
            announced = await writing(edge.database, org.number, org.id, BOT, edge.clock(), uploading.announce)
            await edge.files.write(FileKey(org.id, announced.id), pieces(b"all", b" of it"))
            path = disk.folder / announced.id[-2:] / announced.id
            path.rename(path.with_name(path.name + name))

    disk.server.run(half())
    kept = disk.upload()
    disk.world.fire()
    assert len(disk.there()) == 3
    assert disk.wrong() == []

    disk.world.at(NOW + DAY)
    disk.world.fire(servers=3)

    assert [each.name for each in disk.there()] == [kept]
    assert disk.wrong() == []


def test_an_erasure_that_was_cut_off_is_finished(disk: Disk) -> None:
    """Killed after the bytes were removed, and before: F5, once, with several servers."""
    first, second = disk.upload(), disk.upload()
    for each in (first, second):
        disk.org.api.delete(f"/file/{each}").raise_for_status()
    disk.there()[0].unlink()
    assert disk.wrong() == []

    disk.world.fire(servers=3)

    assert disk.there() == []
    assert disk.wrong() == []


def test_the_doctor_looks_both_ways(disk: Disk) -> None:
    """Rows without bytes, bytes of another size, bytes without a row."""
    lost, cut = disk.upload(), disk.upload()
    assert disk.wrong() == []
    (disk.folder / lost[-2:] / lost).unlink()
    (disk.folder / cut[-2:] / cut).write_bytes(b"ke")
    stray = disk.folder / "aa" / ("b" * 30 + "aa")
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"whose?")

    assert disk.wrong() == [
        f"file {lost} (a.txt) has lost its bytes",
        f"file {cut} (a.txt) has 2 bytes instead of 4",
        f"bytes {stray.name}: no file has them",
    ]
    assert disk.org.api.get(f"/file/{lost}/dl").status_code == 404
    stray.unlink()


def test_memory_stays_flat_and_what_is_too_large_leaves_nothing(disk: Disk) -> None:
    """DEC-23, F1, F2: 422 on the part above the limit of a file, 413 above the server's."""
    boundary = b"--x\r\nContent-Disposition: form-data; "
    fields = b"".join(
        boundary + b'name="%s"\r\n\r\n%s\r\n' % (name.encode(), value.encode()) for name, value in disk.form.items()
    )
    piece = bytes(64 * 1024)

    async def body(size: int) -> AsyncIterator[bytes]:
        yield fields + boundary + b'name="name"; filename="a.zip"\r\n\r\n'
        for _ in range(size // len(piece)):
            yield piece
        yield b"\r\n--x--\r\n"

    def send(size: int) -> tuple[int, str]:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = disk.org.api.request("POST", "/file", content=body(size), headers=headers)
        return answer.status_code, answer.text

    tracemalloc.start()
    status, text = send(100 * MEBIBYTE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert status == 200, text
    assert peak < 12 * MEBIBYTE
    assert [each.stat().st_size for each in disk.there()] == [100 * MEBIBYTE]

    status, text = send(100 * MEBIBYTE + len(piece))
    assert (status, '"name":["The name may not be greater than 102400 kilobytes."]' in text) == (422, True)
    assert send(257 * MEBIBYTE)[0] == 413
    assert len(disk.there()) == 1
    assert disk.wrong() == []
