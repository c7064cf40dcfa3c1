"""Numbers as people read them, with their units."""


def show_size(size_bytes: float) -> str:
    """Return a size in MiB (2^20 bytes), or where it is smaller than one, in KiB (2^10)."""
    if size_bytes >= 2**20:
        return f"{size_bytes / 2**20:.1f} MiB"
    kib = size_bytes / 2**10
    return f"{kib:,.0f} KiB" if kib >= 10 else f"{kib:.1f} KiB"  # noqa: PLR2004  # two digits say enough


def show_ms(seconds: float) -> str:
    """Return a time in milliseconds, with three significant digits."""
    milliseconds = seconds * 1e3
    # "#" keeps trailing zeros, and with them a bare decimal point; a second and more needs no exponent.
    digits = f"{milliseconds:#.3g}".rstrip(".")
    return f"{milliseconds:,.0f} ms" if "e+" in digits else f"{digits} ms"


def show_share(share: float) -> str:
    """Return a share as a percentage."""
    return f"{share * 100:.1f} %"


def show_count(count: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{count:,.0f}"


def show_times(ratio: float) -> str:
    """Return a ratio with two decimals."""
    return f"{ratio:.2f} x"
