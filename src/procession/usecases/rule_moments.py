"""What rules do when an instant has come that one of their conditions waits for. Spec: A-2.43 to A-2.45."""

from procession.domain.automations.state import FRESH
from procession.domain.automations.timing import Moment, looked_at
from procession.domain.processes import Process
from procession.domain.templates import Template
from procession.domain.times import Millis
from procession.storage import organizations, rule_states
from procession.storage.tx import WriteTx
from procession.usecases import guards, reactions, rule_clocks
from procession.usecases.launching import save_reaction
from procession.usecases.reactions import Means


async def pass_until(tx: WriteTx, process: Process, until: Millis, means: Means) -> Process:
    """The locked process after every instant up to this one; each is looked at once, so this ends."""
    documents = await rule_clocks.timed_documents(tx, process)
    while documents:
        coming = await rule_clocks.next_moment(tx, process, documents, None)
        if coming is None or coming[0].at > until:
            break
        process = await _pass(tx, process, coming[1], coming[0], means)
    return process


async def _pass(tx: WriteTx, process: Process, document: Template, moment: Moment, means: Means) -> Process:
    former = await rule_states.find(tx, process.seq)
    await rule_states.save(tx, process.seq, former, looked_at(former or FRESH, moment))
    settings = await organizations.settings_of(tx, tx.org)
    by_rules = await reactions.reacted(tx, process, document, settings, moment.occurrence, means, at=moment.at)
    if by_rules.process != process:
        process = await guards.save_process(tx, process, by_rules.process)
    await save_reaction(tx, by_rules, means)
    return process
