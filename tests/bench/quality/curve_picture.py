"""A curve of accuracy over labelled rows as an SVG picture, by hand: a library of charts is 30 MB for one line."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 20, 60
_COLOURS: Final = ("#1f6fb2", "#c2571a", "#6b6b6b")
_GRID: Final = 5
_FONT: Final = 'font-family="sans-serif" font-size="12"'


class Line(NamedTuple):
    """A named line of (rows learnt, accuracy); one of a single point is drawn across the picture, dashed."""

    name: str
    points: Sequence[tuple[int, float]]


def svg_of(lines: Sequence[Line], *, across: str, up: str) -> str:
    """Return the picture; accuracy runs from 0 to 1, rows from 0 to the most. Equal lines, equal text."""
    most = max(rows for line in lines for rows, _ in line.points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {_FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(most),
        _text(WIDTH / 2, HEIGHT - 30, across),
        f'<text transform="translate(16,{HEIGHT / 2 - 20}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]
    for number, line in enumerate(lines):
        parts += _drawn(line, most, _COLOURS[number % len(_COLOURS)])
        parts.append(
            _text(LEFT + 110 + 180 * number, HEIGHT - 10, f"● {line.name}", _COLOURS[number % len(_COLOURS)])
        )
    return "\n".join([*parts, "</svg>", ""])


def _grid(most: int) -> list[str]:
    parts = []
    for step in range(_GRID + 1):
        share = step / _GRID
        x, y = _x(round(share * most), most), _y(share)
        parts += [
            _level(y, 'stroke="#dddddd"'),
            _text(LEFT - 16, y + 4, f"{share:.1f}"),
            _text(x, HEIGHT - BOTTOM + 16, f"{round(share * most):,}"),
        ]
    return parts


def _drawn(line: Line, most: int, colour: str) -> list[str]:
    if len(line.points) == 1:
        y = _y(line.points[0][1])
        return [_level(y, f'stroke="{colour}" stroke-dasharray="6 4"')]
    places = [(_x(rows, most), _y(accuracy)) for rows, accuracy in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _level(y: float, stroke: str) -> str:
    return f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" {stroke}/>'


def _text(x: float, y: float, text: str, colour: str = "black") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}">{escape(text)}</text>'


def _x(rows: int, most: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * rows / max(1, most)


def _y(accuracy: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - accuracy)
