"""The syntax of e-mail addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.emails import is_email


@pytest.mark.parametrize(
    "address",
    [
        *("ana@partner.example", "a@b.co", "first.last+tag@sub.domain.example", "o'neil_x-1@x-y.example"),
        *("用户@例子.测试", "post@xn--bcher-kva.example", "ANA@PARTNER.EXAMPLE", "a@b.c1", f"{'a' * 64}@b.example"),
    ],
)
def test_an_address_is_recognised(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "ana",
            "@",
            "ana@",
            "@b.example",
            "ana@localhost",
            "ana@b",
            "a b@c.example",
            " a@b.example",
            "a@b.example ",
        ),
        *(
            "a@b@c.example",
            ".a@b.example",
            "a.@b.example",
            "a..b@c.example",
            "a@b..example",
            "a@-b.example",
            "a@b-.example",
        ),
        *(
            "a@.example",
            "a@b.example.",
            "a,b@c.example",
            "a@b_c.example",
            "Ana <a@b.example>",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
        ),
        *("a\n@b.example", "a@b.example\n", "a\x00@b.example", f"{'a' * 65}@b.example", f"a@{'b' * 64}.example"),
        f"a@{'b.' * 130}example",
    ],
)
def test_anything_else_is_not(address: str) -> None:
    assert not is_email(address)


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert is_email(text) in (True, False)
