"""Numbers are shown with as many digits as they deserve."""

import pytest

from bench_models.stats.estimate import Estimate
from bench_models.text import show_count, show_ms, show_points, show_share, show_size, show_times, with_interval


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.000123, "0.123 ms"),
        (0.0049, "4.90 ms"),
        (0.009997, "10.0 ms"),
        (0.0463, "46.3 ms"),
        (0.2987, "299 ms"),
        (1.2127, "1,213 ms"),
    ],
)
def test_time_has_three_digits(seconds: float, shown: str) -> None:
    """Also where rounding reaches the next power of ten."""
    assert shown == show_ms(seconds)


def test_other_quantities_have_their_units() -> None:
    """MiB are 2^20 bytes, KiB 2^10, shares are percent, thousands are apart."""
    assert show_size(90_897_000) == "86.7 MiB"
    assert show_size(2**20) == "1.0 MiB"
    assert show_size(2**20 - 1) == "1,024 KiB"
    assert show_size(104_857) == "102 KiB"
    assert show_size(700) == "0.7 KiB"
    assert show_share(0.867) == "86.7 %"
    assert show_count(22_713_986) == "22,713,986"


def test_interval_follows_its_point_without_repeating_the_unit() -> None:
    """With as many digits."""
    latency = Estimate(value=0.0116, low=0.010904, high=1.2412, level=0.95)

    assert with_interval(latency, show_ms) == "11.6 ms (10.9 to 1,241)"
    assert with_interval(latency.scaled(100), show_times) == "1.16 x (1.09 to 124.12)"


def test_exact_number_has_no_interval() -> None:
    """Nothing is uncertain about it."""
    assert with_interval(Estimate(value=-0.5, low=-0.5, high=-0.5, level=0.95), show_points) == "-0.50 points"
