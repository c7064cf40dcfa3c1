"""How long, and in how many pieces, a benchmark is timed within a pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from bench_models.paired.channel import Message
from bench_models.paired.process import SideName
from bench_models.stats.pairs import log_ratio

# A block is long beside the clock and the message that starts it. It is as short as that allows: what
# disturbs two cores that others share comes and goes within milliseconds, and hits both sides alike only
# when they alternate as fast.
BLOCK_S = 0.01
# A pair ends when its blocks agree so well, as processes differ by more: a standard error of the
# logarithm, which six blocks and a third of a second a side are needed to know. Or after so much time.
CALM = 0.008
FEWEST_TURNS, FEWEST_S = 6, 0.3
SIDE_S = 1.8
# The only call of a warm-up shows that there is nothing to warm when it took no longer than those after it.
_COLD = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Blocks of ``number`` calls that take ``call_s`` each, after a set-up of ``setup_s`` that is not timed.

    ``warm`` says that workers warm up before. ``once`` says that a single sample was all that a warm-up
    took: whether it was needed at all shows after the first pair.
    """

    number: int
    call_s: float
    setup_s: float = 0.0
    warm: bool = True
    once: bool = False

    @classmethod
    def of(cls, call_s: float, number: int = 0, setup_s: float = 0.0, *, once: bool = False) -> "Blocks":
        """Choose for a call that takes so long; ``number`` is the suite's own choice, or 0.

        ``setup_s`` is what the suite's ``setup`` takes before each block, as asv runs it before each sample.
        """
        return cls(number=number or max(1, round(BLOCK_S / call_s)), call_s=call_s, setup_s=setup_s, once=once)

    @classmethod
    def after(cls, warm_ups: Sequence[Message]) -> "Blocks":
        """Choose by what the workers' warm-ups have shown."""
        first, setups = warm_ups[0], [each["whole_s"] - each["seconds"] for each in warm_ups]
        return cls.of(
            max(each["seconds"] / each["number"] for each in warm_ups),
            first["number"] if first["fixed"] else 0,
            max(setups),
            once=all(each["only"] for each in warm_ups),
        )

    @property
    def most(self) -> int:
        """After how many blocks a side a pair ends."""
        return max(1, 2 * round(SIDE_S / (self.number * self.call_s + self.setup_s) / 2))

    @property
    def fewest(self) -> int:
        """From how many blocks a side on a pair may end earlier."""
        return min(self.most, max(FEWEST_TURNS, round(FEWEST_S / (self.number * self.call_s))))

    def suffice(self, seconds: Mapping[SideName, Sequence[float]]) -> bool:
        """Say whether a pair may end with these blocks: after every second turn (A B B A) its calm is known."""
        turns = len(seconds["base"])
        if turns >= self.most:
            return True
        return turns >= self.fewest and turns % 2 == 0 and log_ratio(seconds["base"], seconds["head"]).error < CALM

    def learned(self, seconds: Mapping[SideName, Sequence[float]]) -> "Blocks":
        """Return what later pairs need, given the seconds per call that the first one took."""
        if not self.once:
            return self
        call_s = median(second for side in seconds.values() for second in side)
        return replace(self, call_s=call_s, warm=self.call_s > _COLD * call_s, once=False)
