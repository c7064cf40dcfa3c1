"""Environment variables that are the same on both sides, so that both compute alike."""

from bench_models.machine import passive_waiting

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

# glibc decides by what happened before whether to hand a large buffer back after each call and to fault
# it in again at the next. That made equal processes differ by 20 %, far more than what a check looks for;
# docs/check.md shows it. Both sides keep their memory instead. Bytes; 32 MiB is the most that glibc takes.
_ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(16 * 2**30),
    "MALLOC_TOP_PAD_": str(256 * 2**20),
}


def fixed(threads: int) -> dict[str, str]:
    """Return the variables that are the same on both sides, whatever the caller's are."""
    return {
        **dict.fromkeys(_THREADS, str(threads)),
        **(passive_waiting() if threads > 1 else {}),
        **_ALLOCATOR,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
