"""Numbers are shown with as many digits as they deserve."""

import pytest

from bench_models.units import show_count, show_ms, show_share, show_size


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
