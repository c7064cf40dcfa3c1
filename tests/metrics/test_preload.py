"""What is done once, before workers are forked, so that none of them does it."""

import importlib

from bench_models import provenance
from bench_models.build import Builder
from bench_models.metrics import preload


def test_content_keys_need_no_digest_that_was_not_made_before(builder: Builder) -> None:
    """Of the code that every model is made by; a step of its own adds its own."""
    digests = (provenance.source_digest, provenance.own_digest)
    for each in digests:
        each.cache_clear()
    importlib.reload(preload)
    made = [each.cache_info().misses for each in digests]
    builder.key(builder.suite.baseline.name)
    assert [each.cache_info().misses for each in digests] == made
    assert all(each.cache_info().hits for each in digests)
