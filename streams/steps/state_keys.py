"""The keys of a stage's state: a kind and the ids that tell one entry from another."""


def state_key(kind: str, *parts: str) -> str:
    """Return `kind:a/b/...`; ids may hold any character, so the separator inside an id is escaped."""
    return f"{kind}:{'/'.join(part.replace('%', '%25').replace('/', '%2F') for part in parts)}"
