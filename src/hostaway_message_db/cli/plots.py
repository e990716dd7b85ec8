"""Figures as text: durations, shares, bars and spark lines."""

from collections.abc import Sequence

from hostaway_message_db.insights.metrics.registry import Unit

BAR_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def duration(seconds: float) -> str:
    """Return a span of time with the two units that say most."""
    rest = round(seconds)
    parts: list[str] = []
    for size, name in _UNITS:
        if rest >= size and len(parts) < 2:  # noqa: PLR2004 - two units
            parts.append(f"{rest // size} {name}")
            rest %= size
    return " ".join(parts) if parts else f"{rest} s"


def figure_text(value: float | None, unit: Unit) -> str:
    """Return a figure as people read it; a dash where there is none."""
    if value is None:
        return "–"  # noqa: RUF001 - a dash of text
    if unit is Unit.SECONDS:
        return duration(value)
    if unit is Unit.SHARE:
        return f"{value:.1%}" if value <= 1 else f"{value:,.2f}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def bar(value: float | None, most: float) -> str:
    """Return a bar as long as a value is of the most."""
    if not value or most <= 0 or value < 0:
        return ""
    eighths = round(min(value / most, 1.0) * BAR_WIDTH * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def spark_line(values: Sequence[float]) -> str:
    """Return values as a line of bars."""
    most = max(values, default=0)
    if most <= 0:
        return ""
    return "".join(_HEIGHTS[min(int(value / most * 8), 7)] for value in values)
