"""Mail as programs really write it, and as nobody should. Spec: behaviour-launching L-7.48."""

from email.message import EmailMessage

import pytest

from procession.adapters.mime import CUT, MAX_LEAVES, MAX_TEXT, UnreadableMail, read_mail

HEAD = b"From: Ada <ada@x.test>\r\nSubject: Leak\r\nMIME-Version: 1.0\r\n"


def part(content_type: str, body: bytes, more: str = "") -> bytes:
    return f"Content-Type: {content_type}\r\n{more}\r\n".encode() + body + b"\r\n"


def multipart(kind: str, *parts: bytes, boundary: str = "=b") -> bytes:
    opened = b"".join(f"--{boundary}\r\n".encode() + each for each in parts)
    return part(f'multipart/{kind}; boundary="{boundary}"', opened + f"--{boundary}--".encode())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(HEAD + part("text/plain; charset=utf-8", "Tröpfelt.".encode()), "Tröpfelt.", id="UTF-8"),
        pytest.param(HEAD + part("text/plain; charset=latin-1", "Tröpfelt.".encode("latin-1")), "Tröpfelt.", id="Latin-1"),
        pytest.param(HEAD + part("text/plain; charset=x-none", "Tröpfelt.".encode()), "Tröpfelt.", id="an unknown charset"),
        pytest.param(HEAD + part("text/plain; charset=utf-8", b"a\xffb\x00c"), "a\ufffdbc", id="bytes that are no text"),
        pytest.param(HEAD + part("text/plain; charset*=bad''%ff%", b"It drips."), "It drips.", id="a broken parameter"),
        pytest.param(HEAD + part("text/plain", b"=C3=B6 =ZZ", "Content-Transfer-Encoding: quoted-printable\r\n"), "ö =ZZ", id="quoted-printable"),
        pytest.param(HEAD + part("text/plain", b"SXQgZHJpcHM", "Content-Transfer-Encoding: base64\r\n"), "It drips", id="base64 without its end"),
        pytest.param(HEAD + part("text/html", b"<p>It <b>drips</b>.</p><script>alert(1)</script><style>p{}</style><p>A lot</p>"), "It drips.\nA lot", id="HTML alone"),
        pytest.param(HEAD + multipart("alternative", part("text/html", b"<p>html</p>"), part("text/plain", b"plain")), "plain", id="both"),
        pytest.param(HEAD + multipart("alternative", part("text/plain", b" \r\n"), part("text/html", b"<p>html</p>")), "html", id="a blank one and HTML"),
        pytest.param(HEAD + multipart("mixed", multipart("alternative", part("text/plain", b"one"), boundary="=c"), part("text/plain", b"footer")), "one\n\nfooter", id="text in two parts"),
        pytest.param(HEAD + b"\r\nno type at all", "no type at all", id="no type"),
        pytest.param(HEAD + b"Content-Type: multipart/mixed\r\n\r\nno boundary", "", id="a multipart without a boundary"),
        pytest.param(HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ncut off", "cut off", id="cut off"),
        pytest.param(HEAD, "", id="no body"),
        pytest.param(HEAD + b"Content-Type: \xff\xfe/\r\nContent-Disposition: \xff;;=\r\n\r\nodd", "odd", id="odd headers"),
    ],
)  # fmt: skip
def test_l_7_48_the_text_of_a_mail(raw: bytes, expected: str) -> None:
    found = read_mail(raw)

    assert found.text.replace("\r", "") == expected
    assert (found.sender, found.subject) == ("ada@x.test", "Leak")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(b"From: ada@x.test", "ada@x.test", id="bare"),
        pytest.param(b"From: <ADA@X.test>", "ada@x.test", id="in brackets"),
        pytest.param(b'From: "Eve <eve@x.test>, Ltd." <ada@x.test>', "ada@x.test", id="an address in the name"),
        pytest.param(b"From: =?utf-8?B?wqc=?= (Ada) <ada@x.test>", "ada@x.test", id="an encoded name"),
        pytest.param("From: Zoë <zoë@x.test>".encode(), "zoë@x.test", id="beyond ASCII"),
        pytest.param(b"From: ada@x.test, eve@x.test", "", id="two"),
        pytest.param(b"From: ada@x.test\r\nFrom: eve@x.test", "", id="two headers"),
        pytest.param(b"From: ada@x.test <eve@x.test", "", id="open brackets"),
        pytest.param(b"From: x@y@z.test", "", id="no address"),
        pytest.param(b"Sender: ada@x.test", "", id="none"),
        pytest.param(b"From:" + b" x" * 100_000 + b" <ada@x.test>", "", id="without end"),
    ],
)
def test_the_sender_is_one_address_or_none(header: bytes, expected: str) -> None:
    """L-7.46."""
    assert read_mail(header + b"\r\nSubject: x\r\n\r\nx").sender == expected


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param("=?utf-8?Q?=C3=9Cber?= =?utf-8?Q?_uns?=", "Über uns", id="two words"),
        pytest.param("=?x-none?B?w5w=?=", "Ü", id="an unknown charset"),
        pytest.param("=?utf-8?B?!!?=", "", id="no base64"),
        pytest.param("one\r\n two", "one two", id="folded"),
        pytest.param("a\x00b\u200bc", "abc", id="what no name holds"),
    ],
)
def test_subjects(subject: str, expected: str) -> None:
    """L-5.9."""
    assert read_mail(f"From: ada@x.test\r\nSubject: {subject}\r\n\r\nx".encode()).subject == expected


def test_attachments_keep_their_names_and_bytes() -> None:
    """L-7.43, L-7.48: encoded in any way, pictures of a text too; attached messages are named only."""
    message = EmailMessage()
    message["From"] = "ada@x.test"
    message.set_content("text")
    message.add_attachment(b"\x00\xff" * 1000, maintype="application", subtype="pdf", filename="Plan für 1.pdf")
    message.add_attachment("a,b\n", subtype="csv", filename="../../etc/x.csv")
    message.add_attachment(b"GIF89a", maintype="image", subtype="gif", disposition="inline")
    forwarded = EmailMessage()
    forwarded.set_content("what was forwarded")
    message.add_attachment(forwarded)
    old = part("application/pdf", b"JVBERg==", 'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="=?utf-8?Q?=C3=84.pdf?="\r\n')  # fmt: skip

    found = read_mail(message.as_bytes())

    assert found.text == "text"
    assert [each.filename for each in found.attachments] == ["Plan für 1.pdf", "x.csv", "attachment-3.gif"]
    assert found.attachments[0].content == b"\x00\xff" * 1000
    assert found.left_out == ["An attached message was left out."]
    [named] = read_mail(HEAD + multipart("mixed", old)).attachments
    assert (named.filename, named.content) == ("Ä.pdf", b"%PDF")


def test_a_mail_of_thousands_of_parts_is_cut_and_one_that_is_nested_is_refused() -> None:
    """L-7.48."""
    many = read_mail(HEAD + multipart("mixed", *[part("text/plain", b"x")] * 5000))
    nested = b"".join(part(f'multipart/mixed; boundary="{depth}"', f"--{depth}".encode()) for depth in range(2000))

    assert many.text.count("x") == MAX_LEAVES and len(many.left_out) == 1
    with pytest.raises(UnreadableMail):
        read_mail(HEAD + nested)
    for raw in (b"", b"\r\n\r\n", b"\x00" * 100, b"no headers"):
        with pytest.raises(UnreadableMail):
            read_mail(raw)


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_a_text_without_end_is_cut_and_that_is_said(kind: str) -> None:
    """L-7.48."""
    found = read_mail(HEAD + part(kind, b"x" * 3_000_000))

    assert len(found.text) == MAX_TEXT and found.left_out == [CUT]
