"""Estimates of a share over clusters, such as the records of single hours on single machines.

However many checks are replayed from a record, they are all of one machine and one hour. So the record is the
replicate: how far the mean may lie from that of other records follows from how much records differ.
"""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, variance

from scipy.special import stdtrit

from bench_models.stats.estimate import Estimate
from bench_models.stats.proportions import bounded_share

LEVEL = 0.95

# By how much records are taken to differ at the least, as their intraclass correlation: few records that happen to
# agree, all at 0 % for example, are no proof that others do. With 0.02 the interval covered the truth in 71 % in the
# worst cell of the grid of tests/stats/test_clusters.py, with 0.05 in 84 %, with 0.1 in 93 %.
LEAST_CORRELATION = 0.1


def mean_share(shares: Sequence[float], level: float = LEVEL) -> Estimate:
    """Return the mean of shares with an interval that covers the mean of all records such as these.

    It is Wilson's score interval with the variance that records show (the design effect) in the place of the
    binomial one, and Student's quantile for so few of them. Raises ``ValueError`` for fewer than two: one record
    shows nothing of how much records differ.

    Sources: Korn and Graubard, Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data, Survey Methodology 24 (1998), for the effective number and the quantile; Franco,
    Little, Louis and Slud, Comparative study of confidence intervals for proportions in complex sample surveys,
    J. Surv. Stat. Methodol. 7 (2019), for Wilson's interval with it. The floor under the correlation is ours.
    """
    count = len(shares)
    if count < 2:  # noqa: PLR2004  # replicates
        raise ValueError(f"an interval over records needs at least two of them, not {count}")
    mean = fmean(shares)
    binomial = mean * (1 - mean)
    correlation = min(1.0, max(LEAST_CORRELATION, variance(shares) / binomial)) if binomial else LEAST_CORRELATION
    # The squared quantile over the effective number of independent outcomes, which is count / correlation.
    reach = float(stdtrit(count - 1, (1 + level) / 2)) ** 2 * correlation / count
    centre, half = (mean + reach / 2) / (1 + reach), sqrt(reach * (binomial + reach / 4)) / (1 + reach)
    return Estimate(
        value=mean, low=max(0.0, min(centre - half, mean)), high=min(1.0, max(centre + half, mean)), level=level
    )


def share_above(shares: Sequence[float], allowed: float, level: float = LEVEL) -> Estimate:
    """Return the share of records whose own share is above ``allowed``, with bounds that each hold at ``level``.

    Nothing is taken for granted of how records differ, only that they come from the same ones as others will: so it
    holds where an interval of the mean does not, as where one machine in fifty is red in every check.

    Source: Clopper and Pearson, see ``bounded_share``.
    """
    return bounded_share(sum(share > allowed for share in shares), len(shares), level)
