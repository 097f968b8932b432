"""How figures are written in a card."""


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as per cent, a dash where there is none."""
    return "-" if share is None else f"{100 * share:.{decimals}f} %"


def points(difference: float) -> str:
    """Return a difference of shares in points."""
    return f"{100 * difference:.1f} points"


def number(value: float, decimals: int = 1) -> str:
    """Return a figure that is no share."""
    return f"{value:,.{decimals}f}"
