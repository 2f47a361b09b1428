"""The program's own source, parsed: what the architecture tests walk."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

import procession

PACKAGE = "procession"
ROOT = Path(procession.__file__).parent


class Module(msgspec.Struct, frozen=True):
    """One source file. `name` is dotted and without the package: `storage.tables.people`."""

    name: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]


class Import(msgspec.Struct, frozen=True):
    """`importer` uses `target`: a module of ours by its name as above, or the top-level name of a library."""

    importer: str
    target: str
    is_own: bool
    line: int

    @property
    def layer(self) -> str:
        return self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.importer} (line {self.line}) imports {self.target}"


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, migrations included."""
    found: list[Module] = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    return tuple(found)


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every module, those inside functions and type-checking blocks included."""
    names = {module.name for module in modules()}
    return tuple(found for module in modules() for found in _imports_of(module, names))


def _imports_of(module: Module, names: set[str]) -> Iterator[Import]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None and node.level == 0, f"{module.name}: a relative import"
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            top, _, rest = target.partition(".")
            if top != PACKAGE:
                yield Import(module.name, top, is_own=False, line=node.lineno)
                continue
            # `from procession.storage import tags` imports a module, `from procession.storage.tags import find` a name.
            yield Import(module.name, _nearest(rest, names), is_own=True, line=node.lineno)


def _nearest(target: str, names: set[str]) -> str:
    while target not in names:
        target = target.rpartition(".")[0]
    return target


def is_standard(library: str) -> bool:
    return library in sys.stdlib_module_names


def dotted(node: ast.expr) -> str:
    """`datetime.now` for the expression of that name; empty for what is no plain chain of names."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
