"""Mail that comes in. Spec: api-content 11."""

from procession.adapters.files import FileStoreFailed
from procession.api.call import Call
from procession.api.contract.envelope import Item
from procession.api.contract.inbound_mail import Delivery, InboundMailParams, InboundReceipt, InboundTrigger
from procession.api.inbound import RawMail, received_mail, require_relay
from procession.api.operations import operation
from procession.api.routes.templates import TEMPLATE
from procession.api.uploads import unavailable
from procession.storage.tx import ReadTx, WriteTx
from procession.usecases import inbound_triggers, receiving
from procession.usecases.inbound_files import FileRules
from procession.usecases.inbound_triggers import Trigger
from procession.usecases.receiving import Receiver

TRIGGER = TEMPLATE + "/inbound-email"


@operation(
    "POST",
    "/inbound-email",
    tag="service",
    auth="public",
    errors=(400, 401, 404, 413, 415, 422, 503),
    documented_body=RawMail,
)
async def receive_mail(call: Call, params: InboundMailParams) -> Item[InboundReceipt]:
    """Hand over one mail as it came; it launches the template or becomes a comment on the task whose address it is to.

    For the mail server, which knows the server's secret: as a bearer token, or as the password of any user. 404 where
    the server takes no mail. Whatever has a status of 5xx, or 429, is to be delivered again.
    """
    require_relay(call)
    mail = await received_mail(call, params.recipient, params.sender)
    try:
        outcomes = await receiving.receive(_receiver(call), mail, call.now)
    except FileStoreFailed as error:
        raise unavailable(error) from error
    return Item(InboundReceipt([Delivery(each.address, each.effect, each.id, each.reason) for each in outcomes]))


@operation("GET", TRIGGER, tag="templates")
async def get_inbound_trigger(tx: ReadTx, call: Call, checklist_id: str) -> Item[InboundTrigger]:
    """Read the address that launches the template by mail, and what its kick-off form takes of a mail."""
    return Item(_presented(await inbound_triggers.shown(tx, checklist_id, call.means)))


@operation("POST", TRIGGER, tag="templates", errors=(422,))
async def create_inbound_fields(tx: WriteTx, call: Call, checklist_id: str) -> Item[InboundTrigger]:
    """Give the kick-off form the fields that take what a mail says and brings, where it lacks them."""
    return Item(_presented(await inbound_triggers.create_fields(tx, checklist_id, call.means)))


def _presented(trigger: Trigger) -> InboundTrigger:
    return InboundTrigger(trigger.address, trigger.body_field, trigger.attachments_field, trigger.obstacle)


def _receiver(call: Call) -> Receiver:
    settings = call.settings
    return Receiver(
        database=call.edge.database,
        means=call.means,
        files=FileRules(call.edge.files, settings.files_extensions, settings.files_max_bytes),
        own_addresses=[settings.smtp_from.lower()] if settings.smtp_from else [],
        checks_senders=settings.inbound_mail_requires_authentication,
        relay=settings.inbound_mail_relay,
        comments_per_hour=settings.comments_per_hour,
    )
