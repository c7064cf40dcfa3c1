"""The blocks of a pair: how many calls each times, how many there are, and the turns that the sides take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench_models.check.sides.process import BenchmarkFailedError
from bench_models.check.worker.protocol import Message
from bench_models.stats.paired_ratios import log_ratio
from bench_models.verdict.measurements import SideName

# A block is long compared with the clock's resolution and the message that starts it, and otherwise as short as
# possible: what disturbs shared cores comes and goes within milliseconds, and hits both sides alike only when they
# alternate as fast.
BLOCK_S = 0.01
# A pair ends when the standard error of its log-ratio is this small, as processes differ by more; knowing that error
# takes some blocks and seconds a side. It ends at the latest after SIDE_S seconds a side.
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
        """Choose for a call of ``call_s`` seconds; ``number`` is the suite's own choice of calls a block, or 0.

        ``setup_s`` is the time of the suite's ``setup``, which runs before each block as under asv before each sample.
        """
        number = number or max(1, round(BLOCK_S / call_s))
        block_s = number * call_s + MESSAGE_S
        most = max(1, 2 * round(SIDE_S / (block_s + setup_s) / 2))
        return cls(number=number, fewest=min(most, max(FEWEST_BLOCKS, 2 * round(FEWEST_S / block_s / 2))), most=most)

    @classmethod
    def cold(cls, number: int) -> "Blocks":
        """Choose a single block, for a benchmark that times the first calls of a process."""
        return cls(number=number, fewest=1, most=1)

    def suffice(self, seconds: Mapping[SideName, Sequence[float]]) -> bool:
        """Say whether a pair may end with these blocks: after each A B B A its error is known."""
        taken = len(seconds["base"])
        if taken >= self.most:
            return True
        if taken < self.fewest or taken % 2:
            return False
        return log_ratio(seconds["base"], seconds["head"]).error < ENOUGH_ERROR


def turns(
    order: Sequence[SideName], blocks: Blocks, seconds: Mapping[SideName, Sequence[float]]
) -> Iterator[Sequence[SideName]]:
    """Yield the sides in the order of each turn, A B B A, until the blocks that are added to ``seconds`` suffice."""
    while not blocks.suffice(seconds):
        yield order if len(seconds["base"]) % 2 == 0 else order[::-1]


def call_seconds(reply: Message, number: int) -> float:
    """Return the seconds of one call in a block of ``number`` calls; raises ``BenchmarkFailedError`` if not above 0."""
    seconds = float(reply["seconds"])
    if not seconds > 0:
        raise BenchmarkFailedError(f"its clock showed {seconds} s for a block")
    return seconds / number
