"""When to look at growing samples, and how much error each look may spend.

A benchmark is looked at after so many pairs, and decided as soon as an interval allows. Who looks
often is fooled more often, so the error is shared out beforehand: each look gets an equal part of its
benchmark's share, and each benchmark an equal part of the check's budget. By Bonferroni's inequality
the sum bounds the chance of any false alarm, however benchmarks and looks depend on each other.

Source: Dunn, Multiple comparisons among means, JASA 56 (1961); the idea of spending an error budget
over looks is from Lan and DeMets, Discrete sequential boundaries, Biometrika 70 (1983).
"""

# After how many pairs benchmarks are looked at.
LOOKS = (3, 4, 5, 6, 8, 10, 13, 16)

# From then on a change may be called regressed or improved. Before, the tails that the budget leaves are so
# far out that what few pairs and other benchmarks know of the spread is too little.
ALARM_LOOKS = tuple(look for look in LOOKS if look >= 6)  # noqa: PLR2004  # pairs

# At most this share of checks of an unchanged tree may come out red, whatever the number of benchmarks.
FALSE_ALARM = 0.01

# At most this share of changes exactly as large as the margin may be called unchanged: the error on the
# other side, of a benchmark by itself. A slow-down well beyond the margin meets it far more rarely.
FALSE_CALM = 0.05


def alarm_tail(benchmarks: int) -> float:
    """Return the error that each of ``benchmarks`` may spend at each look on being called regressed.

    As much again goes to being called improved, which turns no check red.
    """
    return FALSE_ALARM / benchmarks / len(ALARM_LOOKS)


def calm_tail() -> float:
    """Return the error that a benchmark may spend at each look on being called unchanged."""
    return FALSE_CALM / len(LOOKS)
