"""Mail that comes in, on the wire. Spec: api-content 11."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from procession.api.params import Params


class InboundMailParams(Params, frozen=True, kw_only=True):
    """What the envelope of the mail says, where that is known."""

    recipient: Annotated[
        str | None, Meta(description="Whom it is delivered to; without it the To, Cc and Delivered-To headers say.")
    ] = None
    sender: Annotated[str | None, Meta(description="Where it is returned to; <>: nowhere, a machine sent it.")] = None


class Delivery(msgspec.Struct):
    """What a mail led to at one of its addresses."""

    address: str
    effect: Annotated[
        Literal["launched", "commented", "refused", "ignored", "repeated"],
        Meta(description="refused: the sender is told why; ignored: nobody is; repeated: it was dealt with before."),
    ]
    id: Annotated[str | None, Meta(description="Of the process or comment.")]
    reason: str | None


class InboundReceipt(msgspec.Struct):
    """No deliveries: the mail is to none of this server's addresses."""

    deliveries: list[Delivery]


class InboundTrigger(msgspec.Struct):
    """How a template is launched by mail."""

    address: Annotated[str | None, Meta(description="Where to; null: the server takes no mail.")]
    body_field_id: Annotated[str | None, Meta(description="The kick-off field that takes what a mail says.")]
    attachments_field_id: Annotated[str | None, Meta(description="The one that takes its attachments.")]
    obstacle: Annotated[str | None, Meta(description="Why a mail launches nothing as the kick-off form is.")]
