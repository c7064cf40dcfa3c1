"""Weights from a hub that a test serves, asked by the unmodified client."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_server import COMMIT, Hub, serving

from bench_models.errors import BenchModelsError
from bench_models.sources.checkpoints import CHECKPOINT_FILES
from bench_models.sources.hub import HubCheckpoint

# The client reads where the hub is when it is imported, so it runs in a process of its own.
_FETCH = """
import sys
from pathlib import Path
from bench_models.errors import BenchModelsError
from bench_models.sources.hub import HubCheckpoint
try:
    print(HubCheckpoint(repository=sys.argv[1], revision=sys.argv[2]).folder(Path(sys.argv[3])))
except BenchModelsError as error:
    sys.exit(f"sentence: {error}")
"""


@pytest.fixture
def hub(tiny_checkpoint: Path) -> Iterator[Hub]:
    """Serve the tiny checkpoint as ``tests/tiny``."""
    files = {name: (tiny_checkpoint / name).read_bytes() for name in CHECKPOINT_FILES}
    with serving(Hub(repositories={"tests/tiny": files})) as served:
        yield served


def fetch(
    hub: Hub, home: Path, repository: str = "tests/tiny", revision: str = COMMIT, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Ask for a checkpoint as a user's process would."""
    return run(hub, home, _FETCH, repository, revision, str(home), **more)


def run(hub: Hub, home: Path, code: str, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run code in a process whose client asks the hub of this test."""
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "HF_HUB_DOWNLOAD_TIMEOUT": "3"}
    environment.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment | more, capture_output=True, text=True, check=False)


def test_checkpoint_is_fetched_once(hub: Hub, tmp_path: Path) -> None:
    """Byte by byte, and not again."""
    folder = Path(fetch(hub, tmp_path).stdout.strip())
    assert {name: (folder / name).read_bytes() for name in CHECKPOINT_FILES} == hub.repositories["tests/tiny"]
    hub.asked.clear()
    assert Path(fetch(hub, tmp_path).stdout.strip()) == folder
    assert not hub.asked


def test_older_repository_without_tokenizer_json_gets_one(hub: Hub, tmp_path: Path) -> None:
    """It has a vocabulary, of which the same tokenizer is made."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "the"]
    files = hub.repositories["tests/tiny"]
    del files["tokenizer.json"]
    files["vocab.txt"] = "\n".join(words).encode()
    files["tokenizer_config.json"] = json.dumps({"tokenizer_class": "BertTokenizer"}).encode()
    done = fetch(hub, tmp_path)
    tokenizer = json.loads((Path(done.stdout.strip()) / "tokenizer.json").read_text(encoding="utf-8"))
    assert tokenizer["model"]["vocab"] == {word: place for place, word in enumerate(words)}


@pytest.mark.parametrize(
    ("repository", "revision", "said"),
    [
        ("tests/nothing", COMMIT, "the hub has no model tests/nothing"),
        ("tests/tiny", "f" * 40, "has no revision ffff"),
    ],
)
def test_what_the_hub_has_not_is_one_sentence(
    hub: Hub, tmp_path: Path, repository: str, revision: str, said: str
) -> None:
    """Name or revision."""
    done = fetch(hub, tmp_path, repository, revision)
    assert done.returncode == 1
    assert said in done.stderr.strip().splitlines()[-1]


def test_pickled_weights_are_refused(hub: Hub, tmp_path: Path) -> None:
    """They could run anything."""
    files = hub.repositories["tests/tiny"]
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    done = fetch(hub, tmp_path)
    assert "sentence: tests/tiny@c0ffee00 has no model.safetensors: other formats are pickles" in done.stderr
    assert not any("pytorch_model.bin" in asked for asked in hub.asked)


def test_download_that_ends_too_early_leaves_nothing_half_done(hub: Hub, tmp_path: Path) -> None:
    """The next try begins where a whole hub answers."""
    hub.cut.add("model.safetensors")
    done = fetch(hub, tmp_path)
    assert "sentence: model.safetensors of tests/tiny@c0ffee00 cannot be downloaded" in done.stderr
    hub.cut.clear()
    assert fetch(hub, tmp_path).returncode == 0


@pytest.mark.parametrize("more", [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}])
def test_hub_that_cannot_be_reached_is_one_sentence(hub: Hub, tmp_path: Path, more: dict[str, str]) -> None:
    """No network, or none wanted; what was fetched before is used."""
    done = fetch(hub, tmp_path, **more)
    assert "sentence: config.json of tests/tiny@c0ffee00 cannot be downloaded" in done.stderr
    fetch(hub, tmp_path)
    assert fetch(hub, tmp_path, **more).returncode == 0


def parquet(rows: list[tuple[str, int]], label: str = "label") -> bytes:
    """Return a data file as the hub keeps them."""
    table = pa.table({"sentence": [text for text, _ in rows], label: [value for _, value in rows]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


WORDS = [(f"sentence {number} is {'good' if number % 2 else 'bad'}", number % 2) for number in range(200)]


@pytest.fixture
def dataset(hub: Hub) -> dict[str, bytes]:
    """Serve a dataset ``tests/words`` with two splits."""
    files = {
        "data/train-00000-of-00001.parquet": parquet(WORDS),
        "data/validation-00000-of-00001.parquet": parquet([("Sentence 1 is good!", 1), ("another is bad", 0)]),
    }
    hub.repositories["datasets/tests/words"] = files
    return files


_LOAD = """
import json, sys
from pathlib import Path
from bench_models.errors import BenchModelsError
from bench_models.sources.hub import HubSentences
try:
    corpus = HubSentences(**json.loads(sys.argv[2])).load(Path(sys.argv[1]))
except BenchModelsError as error:
    sys.exit(f"sentence: {error}")
print(json.dumps({split: [s.text for s in getattr(corpus, split)] for split in ("train", "validation", "test")}))
"""


def load(hub: Hub, home: Path, **fields: str) -> "subprocess.CompletedProcess[str]":
    """Ask for the dataset as a user's process would."""
    more = {name: fields.pop(name) for name in list(fields) if name.isupper()}
    chosen = {"repository": "tests/words", "revision": COMMIT, "text": "sentence", "test_split": "validation"} | fields
    return run(hub, home, _LOAD, str(home), json.dumps(chosen), **more)


@pytest.mark.usefixtures("dataset")
def test_sentences_come_from_the_hub_once_and_stand_in_one_split(hub: Hub, tmp_path: Path) -> None:
    """One of the train split stands in the test split in other letters: it is not trained on."""
    splits = json.loads(load(hub, tmp_path).stdout)
    assert splits["test"] == ["Sentence 1 is good!", "another is bad"]
    assert sorted(splits["train"] + splits["validation"]) == sorted(t for t, _ in WORDS if t != "sentence 1 is good")
    assert splits["validation"]
    hub.asked.clear()
    assert json.loads(load(hub, tmp_path, HF_HUB_OFFLINE="1").stdout) == splits
    assert not hub.asked


@pytest.mark.usefixtures("dataset")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "review"}, "has no column review: it has sentence, label"),
        ({"test_split": "test"}, "has no split 'test': it has train, validation"),
        ({"revision": "f" * 40}, "cannot be loaded"),
        ({"config": "nothing"}, "cannot be loaded"),
        ({"repository": "tests/nothing"}, "cannot be loaded"),
    ],
)
def test_dataset_that_is_not_as_told_is_one_sentence(
    hub: Hub, tmp_path: Path, fields: dict[str, str], said: str
) -> None:
    """Column, split, revision, configuration or name."""
    done = load(hub, tmp_path, **fields)
    assert (done.returncode, said in done.stderr.strip().splitlines()[-1]) == (1, True), done.stderr


def test_split_without_labels_or_with_one_is_refused(hub: Hub, tmp_path: Path, dataset: dict[str, bytes]) -> None:
    """Accuracy would mean nothing."""
    dataset["data/validation-00000-of-00001.parquet"] = parquet([("a", -1), ("b", -1)])
    assert "has no labels: choose another as test_split" in load(hub, tmp_path / "1").stderr
    dataset["data/validation-00000-of-00001.parquet"] = parquet([("a", 1), ("b", 1)])
    assert "sentences that do not cover two labels" in load(hub, tmp_path / "2").stderr


@pytest.mark.parametrize("revision", ["main", "v1.0", "C0FFEE", ""])
def test_revision_that_can_move_is_refused(revision: str) -> None:
    """A pinned revision is a commit."""
    with pytest.raises(BenchModelsError, match="branches and tags move"):
        HubCheckpoint(repository="tests/tiny", revision=revision)
