"""Foreign markup made safe to show: comments, descriptions, long answers."""

import nh3

from procession.domain.snippets import references_only

# Beside ordinary formatting: references to snippets and templates, mentions, and fields inside a document
# (Spec: behaviour-templates T-13.2, T-13.6); videos, which nothing starts but who looks (behaviour-work F2).
TAGS = frozenset(nh3.ALLOWED_TAGS) | {"editor-form-field", "source", "video"}
VIDEO = {"src", "poster", "controls", "width", "height", "loop", "muted", "playsinline", "preload"}
STYLES = {"color", "background-color", "text-align", "text-decoration", "font-weight", "font-style"}
ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "video": VIDEO,
    "source": {"src", "type"},
    "*": {"class", "style"},
}
DATA = {"data-"}
# What editors put around a variable, so that nobody types into it.
FIXED = {"span": {"contenteditable": {"false"}}}


def safe_markup(text: str) -> str:
    """`text` without scripts, handlers and foreign styles; text without any tag is left as it was typed.

    What comes out has no `<` that does not begin a whole tag, so that more markup can be put between.
    """
    if "<" not in text:
        return text
    return nh3.clean(
        text,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        generic_attribute_prefixes=DATA,
        tag_attribute_values=FIXED,
        filter_style_properties=STYLES,
    )


def stored_markup(text: str) -> str:
    """Safe markup as it is kept: of a snippet only the reference, whatever the client was shown inside (T-13.3)."""
    return safe_markup(references_only(text))
