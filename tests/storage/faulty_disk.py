"""A disk that fails when a test says so: a VFS over the real one."""

from collections.abc import Callable

import apsw


class FaultyDisk(apsw.VFS):
    """Every connection that is opened while it is the default one writes through it."""

    def __init__(self) -> None:
        self.real = apsw.vfs_names()[0]
        super().__init__("faulty", self.real, makedefault=True)
        self.fault: Callable[[], Exception] | None = None
        self.during = ""
        self.left = 0

    def fail(self, during: str, fault: Callable[[], Exception], *, times: int) -> None:
        """The next `times` calls of this method on the write-ahead log fail."""
        self.during, self.fault, self.left = during, fault, times

    def check(self, method: str) -> None:
        if self.left and self.fault is not None and method == self.during:
            self.left -= 1
            raise self.fault()

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  # SQLite's name
        path = name if isinstance(name, str) or name is None else name.filename()
        return _File(self, name, flags) if path and path.endswith("-wal") else apsw.VFSFile(self.real, name, flags)

    def close(self) -> None:
        self.unregister()


class _File(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        super().__init__(disk.real, name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.check("xWrite")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.check("xSync")
        super().xSync(flags)
