"""The variants that have a place in the trade-off: those of which all three figures are known."""

from dataclasses import dataclass

from bench_models.metrics import SIZE
from bench_models.report.reading import Report
from bench_models.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A bubble: how fast, how accurate, how large."""

    name: str
    standing: str
    speed_up: Estimate
    accuracy_pct: Estimate
    size_bytes: int

    @property
    def place(self) -> tuple[float, float]:
        """Where its middle is, in the units of the axes."""
        return self.speed_up.value, self.accuracy_pct.value


def points_of(report: Report) -> list[Point]:
    """Return the points of a report, in its order; the bars name what is left out."""
    return [
        Point(
            name=line.name,
            standing=line.standing,
            speed_up=line.speed_up,
            accuracy_pct=line.accuracy.scaled(100),
            size_bytes=line.size_bytes,
        )
        for line in report.lines
        if line.speed_up and line.accuracy and line.size_bytes
    ]


def sizes_in_words(points: list[Point]) -> str:
    """Return what areas stand for."""
    sizes = [point.size_bytes for point in points]
    return f"area: size, {SIZE.show(min(sizes))} to {SIZE.show(max(sizes))}" if sizes else ""
