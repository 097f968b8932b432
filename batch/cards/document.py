"""A card as parts that know no format, and its two forms: Markdown, and one HTML page that needs nothing else."""

import re
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Items(NamedTuple):
    """A list of sentences."""

    items: tuple[str, ...]


class Table(NamedTuple):
    """Rows of cells; columns whose cells are figures stand right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Picture(NamedTuple):
    """An SVG picture, and what it shows for whoever cannot see it."""

    name: str
    svg: str
    caption: str


Part = Text | Items | Table | Picture


class Section(NamedTuple):
    """A heading and what stands under it."""

    title: str
    parts: tuple[Part, ...]


class Document(NamedTuple):
    """A whole card."""

    title: str
    sections: tuple[Section, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return all pictures."""
        return tuple(part for section in self.sections for part in section.parts if isinstance(part, Picture))


_FIGURE: Final = re.compile(r"[+-]?[\d,.]+( %)?|-|")
_MARKDOWN: Final = re.compile(r"([\\`*_<>|\[\]])")

_STYLE: Final = """
:root { color-scheme: light }
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2733; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin-bottom: .3rem }
h2 { font-size: 1.2rem; margin-top: 2.4rem; border-bottom: 1px solid #d5dde5; padding-bottom: .2rem }
nav { columns: 3; font-size: .9rem; margin: 1rem 0 } nav a { display: block } a { color: #1f5c99 }
table { border-collapse: collapse; font-size: .88rem; margin: .8rem 0 }
.wide { overflow-x: auto }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; vertical-align: top; border-bottom: 1px solid #e7ecf1 }
td { overflow-wrap: anywhere; min-width: 3.2rem } th { color: #46586a }
.figure { text-align: right; white-space: nowrap }
figure { margin: 1rem 0 } figure svg { max-width: 100%; height: auto } figcaption { color: #5b6b7b; font-size: .88rem }
"""


def markdown(document: Document) -> str:
    """Return the card as Markdown; its pictures are files beside it."""
    lines = [f"# {_marked(document.title)}"]
    for section in document.sections:
        lines += ["", f"## {_marked(section.title)}"]
        for part in section.parts:
            lines += ["", *_markdown_lines(part)]
    return "\n".join(lines) + "\n"


def _markdown_lines(part: Part) -> list[str]:
    match part:
        case Text(text):
            return [_marked(text)]
        case Items(items):
            return [f"- {_marked(item)}" for item in items]
        case Table(columns, rows):
            figures = _figure_columns(part)
            rule = ["--:" if figure else "---" for figure in figures]
            return [_row(columns), f"|{'|'.join(rule)}|", *map(_row, rows)]
        case Picture(name, _, caption):
            return [f"![{_marked(caption)}]({name}.svg)"]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_marked, cells))} |"


def _marked(text: str) -> str:
    """Escape what a customer, or a label, may hold: nothing in it is mark-up."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def html(document: Document) -> str:
    """Return the card as one HTML page with its pictures in it: no script, nothing from elsewhere."""
    links = "".join(
        f'<a href="#s{number}">{escape(section.title)}</a>'
        for number, section in enumerate(document.sections)
    )
    body = "".join(
        f'<section id="s{number}"><h2>{escape(section.title)}</h2>'
        f"{''.join(map(_html_part, section.parts))}</section>"
        for number, section in enumerate(document.sections)
    )
    title = escape(document.title)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{title}</h1><nav>{links}</nav>{body}</body></html>\n"
    )


def _html_part(part: Part) -> str:
    match part:
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Items(items):
            return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
        case Table(columns, rows):
            figures = _figure_columns(part)
            head = "".join(_cell("th", cell, figure) for cell, figure in zip(columns, figures, strict=True))
            lines = (
                "".join(_cell("td", cell, figure) for cell, figure in zip(row, figures, strict=True))
                for row in rows
            )
            body = "".join(f"<tr>{line}</tr>" for line in lines)
            named = f"<thead><tr>{head}</tr></thead>" if any(columns) else ""
            return f'<div class="wide"><table>{named}<tbody>{body}</tbody></table></div>'
        case Picture(name, svg, caption):
            picture = _own_ids(svg, name).replace(
                "<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1
            )
            return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def _cell(tag: str, text: str, figure: bool) -> str:
    return f"<{tag}{' class=figure' if figure else ''}>{escape(text)}</{tag}>"


def _figure_columns(table: Table) -> list[bool]:
    return [
        bool(table.rows) and all(_FIGURE.fullmatch(row[place]) for row in table.rows)
        for place in range(len(table.columns))
    ]


def _own_ids(svg: str, name: str) -> str:
    """Return the SVG element alone, with ids that no other picture of the page has."""
    element = svg[svg.index("<svg") :]
    named = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', element)
    return re.sub(r'(url\(|href=")#', rf"\1#{name}-", named)
