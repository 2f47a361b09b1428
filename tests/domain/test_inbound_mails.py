"""What of a mail counts. Spec: behaviour-launching 7.5, behaviour-work M11."""

import pytest

from procession.domain.inbound_mails import (
    CommentAddress,
    InboundMail,
    LaunchAddress,
    addresses_in,
    as_markup,
    code_of,
    comment_address,
    comment_of,
    organization_in,
    standing,
    why_left_alone,
    without_history,
)
from procession.domain.threads import invited, mentioned

ID = "0123456789abcdef0123456789abcdef"
QUOTED = "\n> Is it done?\n> Ada\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param(
            f"Done.\n\nOn Mon, 1 Mar 2027 at 10:00, Ada <a@x.test> wrote:\n{QUOTED}", "Done.", id="M11 On ... wrote"
        ),
        pytest.param(
            f"Done.\n\nOn Mon, 1 Mar 2027 at 10:00,\nAda <a@x.test> wrote:\n{QUOTED}", "Done.", id="in two lines"
        ),
        pytest.param("Done.\n-----Original Message-----\nFrom: Ada\nIs it?", "Done.", id="Original Message"),
        pytest.param("Fertig.\n\nAm 1. März 2027 um 10:00 schrieb Ada <a@x.test>:\n> ?", "Fertig.", id="German"),
        pytest.param("Fini.\n\nLe lun. 1 mars 2027 à 10:00, Ada a écrit :\n> ?", "Fini.", id="French"),
        pytest.param(
            "Done.\n________________________________\nFrom: Ada\nSent: Monday\nIs it?", "Done.", id="a line above"
        ),
        pytest.param(f"Done.{QUOTED}", "Done.", id="quoted without a line above"),
        pytest.param(f"On Mon Ada wrote:{QUOTED}", f"On Mon Ada wrote:{QUOTED}", id="nothing new: everything"),
        pytest.param(QUOTED, QUOTED, id="nothing but what is quoted: everything"),
        pytest.param(
            "See below.\nOn Mon, 1 Mar 2027 Ada wrote:\n> Is it done?\nYes.\n> By whom?\nMe.",
            "See below.\nOn Mon, 1 Mar 2027 Ada wrote:\n> Is it done?\nYes.\n> By whom?\nMe.",
            id="answers between the lines stay",
        ),
        pytest.param("On Monday\nI wrote: it is done.", "On Monday\nI wrote: it is done.", id="a sentence like it"),
        pytest.param("Done.\n-- \nAda, Director", "Done.\n-- \nAda, Director", id="a signature stays"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_m11_what_was_written_anew_is_kept_and_never_less(text: str, kept: str) -> None:
    assert without_history(text) == kept


@pytest.mark.parametrize(
    ("verdicts", "relay", "expected"),
    [
        pytest.param([], "", "unproved", id="none"),
        pytest.param(["mx; dmarc=pass header.from=x.test"], "", "unproved", id="anybody may have written it"),
        pytest.param(["mx; dmarc=pass header.from=x.test"], "mx", "proved", id="ours wrote it"),
        pytest.param(["mx; dmarc=pass header.from=y.test"], "mx", "unproved", id="of another domain"),
        pytest.param(["mx; dmarc=fail (p=none) header.from=x.test; spf=pass smtp.mailfrom=x.test"], "mx", "forged", id="DMARC prevails"),
        pytest.param(["mx; dkim=pass header.d=mail.x.test; spf=fail smtp.mailfrom=list.test"], "mx", "proved", id="DKIM of a subdomain"),
        pytest.param(["mx; dkim=pass header.i=@x.test"], "mx", "proved", id="DKIM by its identity"),
        pytest.param(["mx; dkim=pass header.d=x.test.evil.test"], "mx", "unproved", id="a domain that looks like it"),
        pytest.param(["mx; dkim=pass header.d=test"], "mx", "unproved", id="a top-level domain"),
        pytest.param(["mx; spf=fail smtp.mailfrom=x.test"], "", "forged", id="it speaks against the mail"),
        pytest.param(["mx; spf=softfail smtp.mailfrom=x.test"], "", "unproved", id="softly"),
        pytest.param(["mx; none"], "mx", "unproved", id="nothing was checked"),
        pytest.param(["evil; dmarc=pass header.from=x.test", "mx; spf=fail"], "mx", "forged", id="only ours counts"),
        pytest.param(["mx2; spf=pass smtp.mailfrom=x.test", "mx; spf=fail"], "", "unproved", id="the newest counts"),
        pytest.param([";;==;=", "mx"], "mx", "unproved", id="garbage"),
    ],
)  # fmt: skip
def test_what_a_mail_server_says_of_the_sender(verdicts: list[str], relay: str, expected: str) -> None:
    """L-7.47."""
    assert standing(verdicts, "ada@x.test", relay) == expected


def test_addresses_of_ours_are_found_once_and_no_others() -> None:
    """L-7.40, L-7.45."""
    code = code_of(7, "f" * 64)
    address = comment_address(ID, code, "bot.test") or ""
    found = addresses_in(
        f"BOT+{ID.upper()}-Launch@Bot.Test, <bot+{ID}-launch@bot.test> x {address}; bot+{ID}-comment-task@bot.test, "
        f"bot+{ID}-launch@bot.test.evil.test bot+{ID}-finish@bot.test bot+12-launch@bot.test",
        "bot.test",
    )

    assert found == [
        LaunchAddress(f"bot+{ID}-launch@bot.test", ID),
        CommentAddress(address, ID, code),
        CommentAddress(f"bot+{ID}-comment-task@bot.test", ID, None),
    ]


@pytest.mark.parametrize("organization", [1, 31, 32, 1_000_000])
def test_a_code_tells_the_organization_and_fits_into_an_address(organization: int) -> None:
    """L-7.45."""
    code = code_of(organization, "0123456789abcdef")

    assert organization_in(code) == organization
    assert comment_address(ID, code, "bot.test") is not None
    assert code_of(organization, "1123456789abcdef") != code


def test_there_is_no_address_where_it_would_be_too_long() -> None:
    """L-7.45: beyond a million organizations."""
    assert comment_address(ID, code_of(32**4, "0" * 64), "bot.test") is None


def test_nothing_in_a_mail_invites_or_mentions_anybody() -> None:
    """M11: it is shown as it was typed, and is no markup."""
    markup = as_markup("Hi @[12], ask +eve@evil.test\n(+eve@evil.test)\n\n\n<b>bold</b> & 1+1@2")

    assert (invited(markup), mentioned(markup)) == ((), ())
    assert markup == (
        "<p>Hi &#64;[12], ask &#43;eve&#64;evil.test<br>(&#43;eve&#64;evil.test)</p>"
        "<p>&lt;b&gt;bold&lt;/b&gt; &amp; 1&#43;1&#64;2</p>"
    ).replace("eve&#64;evil", "eve@evil").replace("1&#64;2", "1@2")


def test_a_comment_is_never_too_long() -> None:
    """L-7.48."""
    assert len(comment_of('"&<' * 100_000, ["&" * 1000] * 100)) <= 65_535


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param({"content-type": "multipart/report; report-type=delivery-status"}, id="a report"),
        pytest.param({"auto-submitted": "auto-generated; x=1"}, id="generated"),
        pytest.param({"x-autoreply": "yes"}, id="an old answering machine"),
    ],
)
def test_mail_of_machines_is_left_alone(marks: dict[str, str]) -> None:
    """L-7.46."""

    def mail(marks: dict[str, str]) -> InboundMail:
        return InboundMail(sender="a@x.test", recipients="", subject="", text="", message_id="", digest="", marks=marks)

    assert why_left_alone(mail(marks), []) is not None
    assert why_left_alone(mail({"auto-submitted": "no", "return-path": "<a@x.test>", "precedence": "list"}), []) is None
