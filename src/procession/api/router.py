"""Finds the operation for a path: a tree of segments, literal before parameter."""

from typing import Generic, TypeVar

from procession.api.errors import unknown_path, wrong_method

T = TypeVar("T")


class Node(Generic[T]):
    __slots__ = ("literals", "methods", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, Node[T]] = {}
        self.parameter: Node[T] | None = None
        self.methods: dict[str, tuple[T, tuple[str, ...]]] = {}


class Router(Generic[T]):
    """Paths like `/organizations/{org_id}/runs/{run_id}`."""

    def __init__(self) -> None:
        self._root: Node[T] = Node()

    def add(self, method: str, path: str, target: T) -> None:
        node, names = self._root, list[str]()
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                if node.parameter is None:
                    node.parameter = Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, Node())
        if method in node.methods:
            raise ValueError(f"{method} {path} is already taken")
        node.methods[method] = (target, tuple(names))

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]]:
        """The operation and its path parameters; raises HttpRefusal for an unknown path or a wrong method."""
        node, values = self._root, list[str]()
        for segment in path.strip("/").split("/"):
            literal = node.literals.get(segment)
            if literal is not None:
                node = literal
            elif node.parameter is not None and segment:
                values.append(segment)
                node = node.parameter
            else:
                raise unknown_path()
        found = node.methods.get(method)
        if found is None:
            if not node.methods:
                raise unknown_path()
            raise wrong_method(sorted(node.methods))
        target, names = found
        return target, dict(zip(names, values, strict=True))
