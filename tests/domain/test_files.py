"""Names and kinds of uploaded files, and what answers call them. Spec: behaviour-work F3, F6; api-conventions 18.4."""

from typing import Any

import pytest

from procession.domain.errors import Invalid
from procession.domain.file_references import file_named_by, files_in_answers
from procession.domain.files import File, clean_filename, disposition, require_allowed

ORG, ONE, OTHER = "0a" * 16, "0b" * 16, "0c" * 16
PATH = f"organizations/{ORG}/file/{ONE}"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ana\\a b.docx", "a b.docx"),
        ("a\x00\x1f\u202efdp.exe.pdf", "afdp.exe.pdf"),
        ('what: "this"?.txt', "what this.txt"),
        ("  . ", "file"),
        ("/", "file"),
        (".pdf", "file.pdf"),
        ("Über uns.PDF", "Über uns.PDF"),
        ("ä" * 300 + ".jpeg", "ä" * 117 + ".jpeg"),
    ],
)
def test_a_file_is_called_what_every_system_can_store(sent: str, kept: str) -> None:
    assert clean_filename(sent) == kept
    assert clean_filename(kept) == kept
    assert len(kept.encode()) <= 255


def test_names_in_headers_are_safe_and_whole() -> None:
    assert disposition('ü "a"\r\n.txt', shown=True) == (
        "inline; filename=\"_ _a___.txt\"; filename*=UTF-8''%C3%BC%20%22a%22%0D%0A.txt"
    )


def test_kinds_are_told_by_their_names() -> None:
    """F6: an extension in any case, the last one; `*` takes any."""
    for good in ("a.PDF", "a.exe.pdf"):
        require_allowed(good, {"pdf"})
    require_allowed("a.exe", {"*"})
    for bad in ("a.pdf.exe", "pdf", "a."):
        with pytest.raises(Invalid):
            require_allowed(bad, {"pdf"})


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.xml", "a.docx", "a.unknown", "svg"])
def test_what_a_browser_could_run_is_never_shown(name: str) -> None:
    assert not File(no=1, id=ONE, state="stored", filename=name, uploaded_at=0).may_be_shown


@pytest.mark.parametrize("name", ["a.pdf", "a.PNG", "a.mp4", "a.txt"])
def test_what_it_cannot_run_is(name: str) -> None:
    assert File(no=1, id=ONE, state="stored", filename=name, uploaded_at=0).may_be_shown


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        pytest.param({"id": ONE.upper()}, ONE, id="its id"),
        pytest.param({"id": ONE, "url": "https://elsewhere.example/x"}, ONE, id="its id before an address"),
        pytest.param({"url": f"{PATH}/dl"}, ONE, id="its own address"),
        pytest.param({"full_url": f"https://flow.example/api/{PATH}?x=1#y"}, ONE, id="with a server in front"),
        pytest.param({"id": "x", "source": "url", "url": f"/{PATH.upper()}"}, ONE, id="in any case"),
        pytest.param({"id": OTHER, "source": "url", "url": f"/{PATH}"}, ONE, id="an address that says so"),
        pytest.param({"id": ONE, "source": "url", "url": "https://elsewhere.example/x"}, None, id="elsewhere"),
        pytest.param({"url": f"organizations/{OTHER}/file/{ONE}/dl"}, None, id="of another organization"),
        pytest.param({"url": "https://[x/" + PATH}, None, id="no address at all"),
        pytest.param({"filename": "a.pdf"}, None, id="nothing"),
    ],
)
def test_a_stored_file_is_named_by_its_id_or_its_own_address(entry: dict[str, Any], named: str | None) -> None:
    assert file_named_by(entry, ORG) == named


def test_only_file_answers_refer_to_files() -> None:
    answers = {
        "a": [{"id": ONE, "full_url": PATH + "/dl"}, {"url": "https://x.example", "full_url": "https://x.example"}],
        "b": [{"id": 1, "text": "Red", "selected": True}],
        "c": {"id": OTHER},
        "d": [["x"], None, 3],
        "e": OTHER,
    }
    assert files_in_answers(answers, ORG) == {ONE}
