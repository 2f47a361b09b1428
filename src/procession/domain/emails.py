"""What an e-mail address looks like. Whether one may be used as a guest is decided elsewhere."""

import re

MAX_EMAIL = 254
MAX_LOCAL_PART = 64

_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?\.)+[^\W\d_](?:(?:[^\W_]|-){0,61}[^\W_])?")


def is_email(text: str) -> bool:
    """Syntax of RFC 5322 without quoting, comments and address literals; letters of any script (RFC 6531)."""
    local, _, domain = text.rpartition("@")
    if len(text) > MAX_EMAIL or len(local) > MAX_LOCAL_PART:
        return False
    return _LOCAL_PART.fullmatch(local) is not None and _DOMAIN.fullmatch(domain) is not None
