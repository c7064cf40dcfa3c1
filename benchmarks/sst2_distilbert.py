"""DistilBERT on SST-2; skipped where the hub cannot be reached."""

from bench_models.suites.sst2_distilbert import SUITE
from benchmarks import measures


# asv knows a setup_cache by its file and line, so each suite has its own.
def setup_cache() -> measures.Prepared:
    """Build every variant once a commit."""
    return measures.prepare(SUITE)


setup_cache.timeout = measures.SETUP_TIMEOUT_S  # type: ignore[attr-defined]  # asv reads it off the function


class Figures(measures.Figures):
    """Size, parameters, sparsity, accuracy, kernels."""

    suite = SUITE


class Latency(measures.Latency):
    """Latency, single-stream and offline."""

    suite = SUITE


class SpeedUp(measures.SpeedUp):
    """Speed-up over the baseline."""

    suite = SUITE
