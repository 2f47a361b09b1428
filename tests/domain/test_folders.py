"""Folders as a tree. Spec: api-content 2."""

import pytest

from procession.domain.folders import Folder, arranged, height, is_within, lineage


def folder(name: str, parent: str | None = None, position: int = 1) -> Folder:
    return Folder(
        id=name,
        kind="run",
        name=name,
        folded_name=name,
        parent_id=parent,
        position=position,
        created_at=0,
        updated_at=0,
    )


TREE = {each.id: each for each in (folder("a"), folder("b", "a"), folder("c", "b"), folder("d", "a"), folder("e"))}


def test_a_folder_lies_within_its_ancestors_and_itself() -> None:
    assert lineage(TREE, "c") == ["c", "b", "a"]
    assert is_within(TREE, "c", "a")
    assert is_within(TREE, "a", "a")
    assert not is_within(TREE, "a", "c")
    assert not is_within(TREE, "e", "a")


@pytest.mark.parametrize(("name", "levels"), [("a", 3), ("b", 2), ("c", 1), ("e", 1)])
def test_height_counts_levels(name: str, levels: int) -> None:
    assert height(TREE, name) == levels


@pytest.mark.parametrize(
    ("position", "order"),
    [
        pytest.param(None, "xyzn", id="last unless said"),
        pytest.param(1, "nxyz", id="first"),
        pytest.param(2, "xnyz", id="second"),
        pytest.param(0, "nxyz", id="below the first"),
        pytest.param(99, "xyzn", id="beyond the last"),
    ],
)
def test_a_folder_takes_its_place_among_its_siblings(position: int | None, order: str) -> None:
    siblings = [folder("x", position=1), folder("y", position=2), folder("z", position=3)]

    changed = arranged(siblings, folder("n", position=7), position)

    places = {each.id: each.position for each in siblings} | changed
    assert "".join(sorted(places, key=lambda name: places[name])) == order
    assert sorted(places.values()) == [1, 2, 3, 4]
