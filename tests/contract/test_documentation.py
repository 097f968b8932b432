"""The pages keep their promises: links lead somewhere, code names pages that exist, a user's page stays short."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CODE: Final = (
    "schemas",
    "process",
    "understanding",
    "casework",
    "streams",
    "simulation",
    "batch",
    "serving",
    "ticketyard",
    "infra",
    "tests",
)
LONGEST: Final = 150
_LINK: Final = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
_NAMED: Final = re.compile(r"docs/[a-z/-]+\.(?:md|svg)")


def _prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.*)$", _prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken(page: Path) -> Iterator[str]:
    for target in _LINK.findall(_prose(page)):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in _anchors(path)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """A link names a file that exists and, behind `#`, one of its headings."""
    assert list(_broken(page)) == []


def test_code_names_pages_that_exist() -> None:
    """A docstring or a message sends its reader to a page that is there."""
    files = [
        path
        for folder in CODE
        for kind in ("py", "sql", "yaml")
        for path in (ROOT / folder).rglob(f"*.{kind}")
    ]
    named = {(path, page) for path in files for page in _NAMED.findall(path.read_text(encoding="utf-8"))}
    assert sorted(str(path) for path, page in named if not (ROOT / page).exists()) == []


def test_a_page_for_users_can_be_read_at_one_sitting() -> None:
    """Only the generated reference is longer; what was tried and measured lies in docs/measurements."""
    lengths = {
        page.name: page.read_text(encoding="utf-8").count("\n") for page in (ROOT / "docs").glob("*.md")
    }
    assert {
        name: lines for name, lines in lengths.items() if lines >= LONGEST and name != "reference.md"
    } == {}
