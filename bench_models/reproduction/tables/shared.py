"""What several published tables are about."""

from bench_models.sources.hub import HubSentences

SST2 = HubSentences(
    repository="stanfordnlp/sst2",
    revision="8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
    text="sentence",
    test_split="validation",
)

# What an accuracy needs that no step of a table gives.
TRAINING = "its weights come from a training"
