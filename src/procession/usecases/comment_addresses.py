"""Addresses that answers to mail about a task go to, one for each person who got such mail. Spec: L-7.45, M11.

Anybody can write any sender into a mail. Whoever has such an address was mailed it, or has it from them.
"""

import hmac

from procession.domain.guests import normal_email
from procession.domain.inbound_mails import CommentAddress, code_of, comment_address, organization_in
from procession.usecases.means import Means


def address_for(means: Means, org: int, task_id: str, recipient: str) -> str | None:
    """Where this person's answers about the task go; None where the server takes no mail."""
    if not means.inbound_domain:
        return None
    return comment_address(task_id, _code(means, org, task_id, recipient), means.inbound_domain)


def organization_of(means: Means, address: CommentAddress, sender: str) -> int | None:
    """The number of the organization, when the address was made for this sender."""
    if address.code is None:
        return None
    org = organization_in(address.code)
    is_theirs = hmac.compare_digest(address.code, _code(means, org, address.task_id, sender))
    return org if is_theirs else None


def _code(means: Means, org: int, task_id: str, person: str) -> str:
    return code_of(org, means.secrets.keyed_hash(f"comment {org} {task_id} {normal_email(person)}"))
