"""A card's two forms: nothing in them is mark-up but ours, and the page needs nothing from elsewhere."""

from html.parser import HTMLParser

from batch.cards.document import Document, Items, Picture, Section, Table, Text, html, markdown

SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg><svg width="1" id="a">'
    '<g id="b" clip-path="url(#c)"><use xlink:href="#d"/></g></svg>'
)
HOSTILE = '<script>alert(1)</script> | *a* [x](http://evil) "quoted"'
CARD = Document(
    "Card",
    (
        Section("One", (Text(HOSTILE), Items((HOSTILE, "b")), Picture("first", SVG, HOSTILE))),
        Section(
            "Two", (Table(("name", "n"), ((HOSTILE, "1,234"), ("b", "-"))), Picture("second", SVG, "same"))
        ),
    ),
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [str(value) for name, value in attrs if name == "id"]


def test_nothing_that_a_customer_wrote_becomes_mark_up() -> None:
    """Neither in the page nor in Markdown, where a bar would break a table."""
    page = _Tags()
    page.feed(html(CARD))
    assert "script" not in page.tags
    text = markdown(CARD)
    assert text.count("<script") == text.count("\\<script") > 0
    assert "\\|" in text
    assert "[x](" not in text


def test_the_page_is_whole_and_its_ids_are_unique() -> None:
    """Pictures stand in it, with ids of their own, and Markdown names their files."""
    page = _Tags()
    page.feed(html(CARD))
    assert page.tags.count("svg") == 2
    assert len(page.ids) == len(set(page.ids))
    assert "url(#first-c)" in html(CARD)
    assert "src=" not in html(CARD)
    assert "(first.svg)" in markdown(CARD)


def test_columns_of_figures_stand_right() -> None:
    """A dash for what is not known does not make a column of words."""
    assert "|---|--:|" in markdown(CARD)
    assert html(CARD).count("class=figure") == 3
