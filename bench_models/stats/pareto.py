"""The Pareto frontier of points with two coordinates."""

from collections.abc import Sequence


def frontier(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the places of the points that no other dominates, from the smallest first coordinate to the largest.

    More is better in both coordinates. A point dominates another that it equals or exceeds in both and exceeds in
    one; of equal points none dominates the other, so all of them belong to the frontier or none does.

    Source: Kung, Luccio and Preparata, On finding the maxima of a set of vectors, J. ACM 22 (1975).
    """
    best = float("-inf")
    found: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: points[place], reverse=True):
        second = points[place][1]
        if second > best or (found and points[place] == points[found[-1]]):
            found.append(place)
            best = max(best, second)
    return sorted(found, key=lambda place: (points[place][0], -points[place][1], place))
