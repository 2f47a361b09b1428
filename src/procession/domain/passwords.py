"""What a new password must look like. Spec: api-people 1.6, behaviour-people S1, DEC-59."""

MAX_PASSWORD = 127


def password_faults(password: str, *, min_length: int) -> list[str]:
    """Sentences about what is wrong with it, none when it may be used."""
    faults: list[str] = []
    if len(password) < min_length:
        faults.append(f"The password must be at least {min_length} characters.")
    if len(password) > MAX_PASSWORD:
        faults.append(f"The password may not be greater than {MAX_PASSWORD} characters.")
    wanted = {"an upper-case letter": str.isupper, "a lower-case letter": str.islower, "a digit": str.isdigit}
    missing = [words for words, fits in wanted.items() if not any(map(fits, password))]
    if missing:
        faults.append(f"The password must contain {', '.join(missing)}.")
    return faults
