"""How long a benchmark is timed within a pair, and in how many blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench_models.stats.paired_ratios import log_ratio
from bench_models.verdict.measurements import SideName

# A block is long beside the clock and the message that starts it. It is as short as that allows: what
# disturbs two cores that others share comes and goes within milliseconds, and hits both sides alike only
# when they alternate as fast.
BLOCK_S = 0.01
# A pair ends when its blocks agree so well, as processes differ by more: a standard error of the
# logarithm, to know which takes some blocks and seconds a side. Or after so much time.
ENOUGH_ERROR = 0.008
FEWEST_BLOCKS, FEWEST_S = 6, 0.3
SIDE_S = 1.8
# What a block costs beside its calls: a message there and back, and signals that stop and wake the other side.
MESSAGE_S = 0.0003


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """How a benchmark is timed within a pair: calls a block, and how many blocks a side."""

    number: int
    fewest: int
    most: int

    @classmethod
    def of(cls, call_s: float, number: int = 0, setup_s: float = 0.0) -> "Blocks":
        """Choose for a call that takes so long; ``number`` is the suite's own choice, or 0.

        ``setup_s`` is what the suite's ``setup`` takes before each block, as asv runs it before each sample.
        """
        number = number or max(1, round(BLOCK_S / call_s))
        block_s = number * call_s + MESSAGE_S
        most = max(1, 2 * round(SIDE_S / (block_s + setup_s) / 2))
        return cls(number=number, fewest=min(most, max(FEWEST_BLOCKS, 2 * round(FEWEST_S / block_s / 2))), most=most)

    @classmethod
    def cold(cls, number: int) -> "Blocks":
        """Choose for what only the first calls of a process tell: a single block."""
        return cls(number=number, fewest=1, most=1)

    def suffice(self, seconds: Mapping[SideName, Sequence[float]]) -> bool:
        """Say whether a pair may end with these blocks: after each A B B A its error is known."""
        taken = len(seconds["base"])
        if taken >= self.most:
            return True
        if taken < self.fewest or taken % 2:
            return False
        return log_ratio(seconds["base"], seconds["head"]).error < ENOUGH_ERROR
