"""Names of columns: which of a mapping's a file lacks, and which of a file's a mapping never reads."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from ticketyard.reading.paths import root_of

_INDEX: Final = re.compile(r"\[\d+\]")


def lacking(wanted: Iterable[str], columns: Iterable[str], optional: Iterable[str]) -> str | None:
    """Name the wanted columns that are not there, each with the one that may be meant, and what there is.

    A path is there if the column is in which it begins. None where nothing is lacking.
    """
    there, may_lack = list(columns), set(optional)
    missing = sorted(
        name
        for name in wanted
        if not {name, root_of(name)} & set(there) and not {name, root_of(name)} & may_lack
    )
    if not missing:
        return None
    said = [
        f"{name!r} (did you mean {close[0]!r}?)"
        if (close := get_close_matches(name, there, n=1))
        else f"{name!r}"
        for name in missing
    ]
    return (
        f"{', '.join(said)}; it has {', '.join(there)}. Mend the names in the mapping; "
        "one that other files of this kind have belongs to its `optional:`"
    )


def unreached(wanted: Iterable[str], found: Iterable[str], optional: Iterable[str] = ()) -> list[str]:
    """Return the names that none of a file's columns and paths has, other than optional ones."""
    there, may_lack = list(found), set(optional)
    return sorted(
        name
        for name in wanted
        if not {name, root_of(name)} & may_lack
        and not any(_reaches(_INDEX.sub("[]", name), path) for path in there)
    )


def unread(found: Iterable[str], read: Iterable[str]) -> list[str]:
    """Return the columns and paths of a file that a mapping's names reach neither as they are nor from outside."""
    names = {_INDEX.sub("[]", name) for name in read}
    return sorted(path for path in found if not any(_reaches(name, path) for name in names))


def _reaches(name: str, path: str) -> bool:
    return (
        path == name or path.startswith((f"{name}.", f"{name}[")) or name.startswith((f"{path}[", f"{path}."))
    )
