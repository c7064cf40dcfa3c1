"""What a process does with the machine that it runs on."""

import subprocess
import sys

import pytest

# Small blocks, of which a later one stays in use: glibc keeps all that lies below it.
_FREED = """
from pathlib import Path
from bench_models.machine import return_freed_memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

blocks = [bytes(1000) for _ in range(200_000)]
last = bytes(1000)
blocks.clear()
before = resident_mib()
return_freed_memory()
print(before, resident_mib())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the C library decides alone")
def test_freed_memory_goes_back_to_the_system() -> None:
    """What glibc would keep: 200 MB of small blocks below one that is still in use."""
    printed = subprocess.run([sys.executable, "-c", _FREED], capture_output=True, text=True, check=True).stdout
    before, after = map(int, printed.split())

    assert after < before - 100
