"""The snippets that texts quote. Spec: behaviour-templates 13."""

from collections.abc import Iterable, Mapping

from procession.domain import snippets as domain
from procession.storage import snippets
from procession.storage.snippets import Quoted
from procession.storage.tx import ReadTx


class Snippets:
    """What the texts of an answer quote, loaded once; for guests only what they may see (T-13.5)."""

    def __init__(self, quoted: Mapping[int, Quoted], *, for_guest: bool) -> None:
        self._quoted = {number: each for number, each in quoted.items() if each.snippet.for_guests or not for_guest}

    def hold(self, mark: str, text: str | None) -> bool:
        """Whether a snippet of this text has ever held the mark."""
        found = (self._quoted[number] for number in domain.references(text) if number in self._quoted)
        return any(mark in said.content for each in found for said in each.history)

    def now(self, text: str) -> str:
        """The text as it reads today: a deleted snippet leaves nothing."""
        live = {number: each.snippet for number, each in self._quoted.items() if each.snippet.deleted_at is None}
        return domain.filled(text, {number: snippet.content for number, snippet in live.items()})

    def at_launch(self, text: str, launched_at: int) -> str:
        """The text as a process shows it: with what the snippets said at its launch. Spec: T-13.3."""
        return domain.filled(text, {number: each.at(launched_at) for number, each in self._quoted.items()})


async def quoted_in(tx: ReadTx, texts: Iterable[str | None], *, for_guest: bool | None = None) -> Snippets:
    """The snippets of these texts for the caller (or, where it is said, for a guest or a member).

    Two statements, none when nothing is quoted.
    """
    ids = {number for text in texts for number in domain.references(text)}
    hides = tx.actor.kind == "guest" if for_guest is None else for_guest
    return Snippets(await snippets.quoted(tx, ids), for_guest=hides)


async def public_text(tx: ReadTx, texts: Iterable[str | None]) -> dict[int, str]:
    """What readers of a public template see of the snippets in these texts. Spec: T-9.3."""
    found = await snippets.many(tx, {number for text in texts for number in domain.references(text)})
    return {number: each.content for number, each in found.items() if each.is_public and each.deleted_at is None}
