"""YAML as people write mappings: a code, a date and a yes are the texts that stand there, never numbers and flags."""

from typing import Any

import yaml

_KEPT = frozenset({"tag:yaml.org,2002:merge", "tag:yaml.org,2002:null"})


class _TextLoader(yaml.SafeLoader):
    """Reads every plain scalar as text but null; `values: {1: low}` and `equals: No` then say what they look like."""


_TextLoader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT])
}


def read_texts(data: bytes) -> Any:
    """Return what YAML spells, in texts, lists and mappings. Raises yaml.YAMLError and UnicodeDecodeError."""
    return yaml.load(data, _TextLoader)  # noqa: S506 - it is SafeLoader with fewer types
