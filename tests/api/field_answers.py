"""Fields of every type with answers that they take and refuse, in kick-off forms and tasks. Spec: api-conventions 18.4."""

from typing import Any

import pytest

OPTIONS = [{"id": 1, "text": "Red"}, {"id": 2, "text": "Blue"}, {"id": 3, "text": "0"}]
TYPES: dict[str, dict[str, Any]] = {
    "text": {},
    "textarea": {},
    "email": {},
    "date": {},
    "radio": {"options": OPTIONS},
    "dropdown": {"options": OPTIONS},
    "multiselect": {"options": OPTIONS},
    "table": {"columns": [{"id": 1, "label": "Item"}, {"id": 2, "label": "Price"}]},
    "assignees_form": {},
    "file": {},
}
RED = {"id": 1, "text": "Red"}
ASSET = "9e8d7c6b5a4938271605f4e3d2c1b0a9"

# Type, what is sent, what is stored.
GOOD_ANSWERS = [
    pytest.param("text", "Called", "Called", id="text"),
    pytest.param("text", 0, 0, id="text takes the number 0"),
    pytest.param("text", False, False, id="text takes false"),
    pytest.param("text", "x" * 200, "x" * 200, id="200 characters"),
    pytest.param("textarea", "<p>Long</p>", "<p>Long</p>", id="long text"),
    pytest.param("email", "ana@partner.test", "ana@partner.test", id="e-mail"),
    pytest.param("date", "2031-05-06 09:30", "2031-05-06T09:30:00.000Z", id="date"),
    pytest.param("date", "2031-05-06T11:30:00+02:00", "2031-05-06T09:30:00.000Z", id="C11 date with offset"),
    pytest.param("radio", "0", "0", id="the option 0"),
    pytest.param("dropdown", RED | {"value": None}, RED | {"value": None}, id="dropdown"),
    pytest.param("multiselect", [RED], [RED | {"selected": True}], id="TK34 without selected"),
    pytest.param("multiselect", [RED | {"selected": False}], [RED | {"selected": False}], id="not selected"),
    pytest.param("table", ["Cake", 12], ["Cake", 12], id="one row"),
    pytest.param("table", [["Cake", "Tea"], [12, 3]], [["Cake", "Tea"], [12, 3]], id="rows by column"),
    pytest.param(
        "assignees_form", {"guests": ["A@b.example"]}, {"users": [], "guests": ["a@b.example"], "groups": []},
        id="assignees",
    ),
    pytest.param(
        "file", [{"url": "https://x.example/a.pdf"}],
        [{"url": "https://x.example/a.pdf", "full_url": "https://x.example/a.pdf"}], id="a file elsewhere",
    ),
]  # fmt: skip

BAD_ANSWERS = [
    pytest.param("text", {"a": 1}, id="text object"),
    pytest.param("text", ["x"], id="text list"),
    pytest.param("text", "x" * 201, id="201 characters"),
    pytest.param("textarea", 7, id="long text number"),
    pytest.param("textarea", "x" * 30_001, id="30001 characters"),
    pytest.param("email", "ana", id="no address"),
    pytest.param("email", {"a": 1}, id="e-mail object"),
    pytest.param("date", 1790000000, id="date number"),
    pytest.param("date", "2031-02-30", id="no such day"),
    pytest.param("radio", "Green", id="unknown option"),
    pytest.param("radio", RED, id="radio object"),
    pytest.param("dropdown", "Red", id="bare text"),
    pytest.param("dropdown", {"id": 1, "text": "Blue"}, id="id and text of two options"),
    pytest.param("dropdown", {"id": 1}, id="id alone"),
    pytest.param("multiselect", RED, id="no list"),
    pytest.param("multiselect", [{"id": 9, "text": "Pink"}], id="unknown options"),
    pytest.param("table", "", id="DEC-51 empty text"),
    pytest.param("table", [], id="DEC-51 empty list"),
    pytest.param("table", ["Cake"], id="too narrow"),
    pytest.param("table", ["Cake", {"a": {"b": 1}}], id="nested cell"),
    pytest.param("assignees_form", {"users": [999_999]}, id="unknown member"),
    pytest.param("assignees_form", [1], id="assignees as a list"),
    pytest.param("file", "x", id="file text"),
    pytest.param("file", {"id": ASSET}, id="one file, no list"),
    pytest.param("file", [{"filename": "x"}], id="file without address"),
    *[pytest.param(each, {"value": "x"}, id=f"{each} wrapped") for each in TYPES],
]
