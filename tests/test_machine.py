"""What a process does with the machine that it runs on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench_models import machine

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


@pytest.mark.parametrize(
    ("flags", "emulated"),
    [
        ({"avx2"}, ("bfloat16", "float16")),
        ({"avx2", "avx512f", "avx512_bf16"}, ("float16",)),
        ({"avx512_bf16", "avx512_fp16"}, ()),
        ({"asimd"}, ("bfloat16", "float16")),
        ({"asimd", "asimdhp", "bf16"}, ()),
        (set(), ()),
    ],
)
def test_types_without_arithmetic_of_their_own_are_known(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], emulated: tuple[str, ...]
) -> None:
    """By the CPU's flags, on x86 and on ARM; a system that tells none emulates nothing that is known of."""
    monkeypatch.setattr(machine, "_cpu", lambda: ("a CPU", frozenset(flags)))

    assert machine.emulated_types() == emulated


@pytest.mark.parametrize(
    ("told", "limit"),
    [(("3000000000\n",), 3 * 10**9), (("max\n", "2000000000\n"), 2 * 10**9), (("max\n",), None), ((), None)],
)
def test_memory_of_a_container_is_what_may_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: tuple[str, ...], limit: int | None
) -> None:
    """As the kernel says; where it says no limit, or cannot be asked, it is the machine's."""
    files = [tmp_path / str(place) for place in range(len(told))]
    for file, text in zip(files, told, strict=True):
        file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(machine, "_MEMORY_LIMITS", (*files, tmp_path / "none"))
    whole = machine.this_machine().memory_bytes

    assert machine.available_memory() == min(whole, limit or whole)


@pytest.mark.parametrize(
    ("told", "cores"),
    [
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("250000 100000\n", 2),
        ("6400000 100000\n", 8),
        ("max 100000\n", 8),
    ],
)
def test_processor_time_of_a_container_is_what_may_be_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, cores: int
) -> None:
    """In whole cores, of the eight that the process may run on."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(8)}, raising=False)
    monkeypatch.setattr(machine, "_PROCESSOR_TIME", tmp_path / "cpu.max")
    assert machine.available_cores() == 8
    (tmp_path / "cpu.max").write_text(told, encoding="utf-8")

    assert machine.available_cores() == cores
