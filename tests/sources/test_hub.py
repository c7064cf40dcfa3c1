"""Weights from a hub that a test serves, asked by the unmodified client."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub.utils._validators import validate_repo_id
from support.checking import Run
from support.hub_server import COMMIT, Hub, serving

from bench_models.errors import BenchModelsError
from bench_models.sources.checkpoints import CHECKPOINT_FILES
from bench_models.sources.hub import HubCheckpoint
from bench_models.sources.hub_datasets import HubSentences

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
    yes = "y\n" * 9  # to whatever the client may ask
    return subprocess.run(command, env=environment | more, input=yes, capture_output=True, text=True, check=False)


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
    assert done.returncode == 0, done.stderr
    tokenizer = json.loads((Path(done.stdout.strip()) / "tokenizer.json").read_text(encoding="utf-8"))
    assert tokenizer["model"]["vocab"] == {word: place for place, word in enumerate(words)}


@pytest.mark.parametrize("known", [True, False], ids=["known-model", "unknown-model"])
def test_code_of_a_repository_is_neither_asked_about_nor_run(hub: Hub, tmp_path: Path, *, known: bool) -> None:
    """A tokenizer is made by the libraries alone, or refused."""
    files = hub.repositories["tests/tiny"]
    del files["tokenizer.json"]
    ran = tmp_path / "ran"
    files["vocab.txt"] = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm"
    files["code.py"] = f"import pathlib; pathlib.Path({str(ran)!r}).touch()".encode()
    own = {"auto_map": {"AutoTokenizer": ["code.Slow", "code.Fast"], "AutoConfig": "code.Config"}}
    files["tokenizer_config.json"] = json.dumps(own).encode()
    if not known:
        files["config.json"] = json.dumps({"model_type": "unheard-of"} | own).encode()
    done = fetch(hub, tmp_path)
    assert (done.returncode == 0) is known, done.stderr
    assert known or "a repository is never run: choose a revision with a tokenizer.json" in done.stderr
    assert "Do you wish" not in done.stdout + done.stderr
    assert not any("code.py" in asked for asked in hub.asked)
    assert not ran.exists()


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


@pytest.mark.parametrize("cut", CHECKPOINT_FILES)
def test_what_was_downloaded_whole_is_kept(hub: Hub, tmp_path: Path, cut: str) -> None:
    """The next try asks for the rest alone, and leaves nothing beside the folder."""
    hub.cut.add(cut)
    done = fetch(hub, tmp_path)
    assert f"sentence: {cut} of tests/tiny@c0ffee00 cannot be downloaded" in done.stderr
    assert done.stderr.strip().endswith("What was downloaded whole is kept")
    hub.cut.clear()
    hub.asked.clear()
    folder = Path(fetch(hub, tmp_path).stdout.strip())
    assert {name: (folder / name).read_bytes() for name in CHECKPOINT_FILES} == hub.repositories["tests/tiny"]
    whole = CHECKPOINT_FILES[: CHECKPOINT_FILES.index(cut)]
    asked = {name for name in CHECKPOINT_FILES if any(path.endswith(name) for path in hub.asked)}
    assert asked == set(CHECKPOINT_FILES).difference(whole)
    assert not list((tmp_path / "hub").iterdir())


def test_damaged_folder_is_fetched_again(hub: Hub, tmp_path: Path) -> None:
    """Nothing that was kept shares the damage."""
    folder = Path(fetch(hub, tmp_path).stdout.strip())
    (folder / "model.safetensors").write_bytes(b"damaged")
    assert Path(fetch(hub, tmp_path).stdout.strip()) == folder
    assert (folder / "model.safetensors").read_bytes() == hub.repositories["tests/tiny"]["model.safetensors"]


@pytest.mark.parametrize("more", [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}])
def test_hub_that_cannot_be_reached_is_one_sentence(hub: Hub, tmp_path: Path, more: dict[str, str]) -> None:
    """No network, or none wanted; what was fetched before is used."""
    done = fetch(hub, tmp_path, **more)
    assert "sentence: config.json of tests/tiny@c0ffee00 cannot be downloaded" in done.stderr
    fetch(hub, tmp_path)
    assert fetch(hub, tmp_path, **more).returncode == 0


def parquet(rows: Sequence[tuple[str | None, object]], names: Sequence[str] = ()) -> bytes:
    """Return a data file as the hub keeps them, with or without declared names of labels."""
    table = pa.table({"sentence": [text for text, _ in rows], "label": [value for _, value in rows]})
    if names:
        declared = {"sentence": {"dtype": "string", "_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": declared}})})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


TRAIN, TEST = (f"data/{split}-00000-of-00001.parquet" for split in ("train", "validation"))
HELD_OUT = [("Sentence 1 is good!", 1), ("another is bad", 0)]
WORDS = [(f"sentence {number} is {'good' if number % 2 else 'bad'}", number % 2) for number in range(200)]


@pytest.fixture
def dataset(hub: Hub) -> dict[str, bytes]:
    """Serve a dataset ``tests/words`` with two splits."""
    files = {TRAIN: parquet(WORDS), TEST: parquet(HELD_OUT)}
    hub.repositories["datasets/tests/words"] = files
    return files


_LOAD = """
import json, sys
from pathlib import Path
from bench_models.errors import BenchModelsError, UnavailableError
from bench_models.sources.hub_datasets import HubSentences
try:
    corpus = HubSentences(**json.loads(sys.argv[2])).load(Path(sys.argv[1]))
except UnavailableError as error:
    sys.exit(f"sentence: unavailable: {error}")
except BenchModelsError as error:
    sys.exit(f"sentence: {error}")
splits = {split: [s.text for s in getattr(corpus, split)] for split in ("train", "validation", "test")}
print(json.dumps(splits | {"labels": corpus.labels, "indices": [s.label for s in corpus.test]}))
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


@pytest.mark.usefixtures("dataset")
def test_folder_that_happens_to_have_the_name_of_a_dataset_is_not_read(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would take what lies in the working folder under that name for the dataset itself."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests" / "words").mkdir(parents=True)
    done = load(hub, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"sentence: {tmp_path}/tests/words has the name of the dataset tests/words")


@pytest.mark.parametrize(
    ("values", "names", "labels"),
    [
        (("neg", "pos"), (), ["neg", "pos"]),
        ((1, 2), (), ["1", "2"]),
        ((2, 10), (), ["2", "10"]),
        ((0, 1), ("terrible", "great"), ["terrible", "great"]),
    ],
    ids=["words", "from-one", "numbers-in-order", "declared"],
)
def test_labels_are_declared_or_the_values_in_order(
    hub: Hub, tmp_path: Path, values: tuple[object, object], names: Sequence[str], labels: list[str]
) -> None:
    """An index is a place among the names, whatever stands in the column."""
    train = parquet([(text, values[label]) for text, label in WORDS], names)
    test = parquet([("yes is good", values[1]), ("no is bad", values[0])], names)
    hub.repositories["datasets/tests/words"] = {TRAIN: train, TEST: test}
    done = load(hub, tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["labels"], found["indices"]) == (labels, [1, 0])


@pytest.mark.parametrize(
    ("split", "row", "said"),
    [
        (
            TRAIN,
            ("a text", None),
            "the split 'train' of tests/words@c0ffee00 has no label in its row 201: choose another",
        ),
        (TRAIN, (None, 1), "the split 'train' of tests/words@c0ffee00 has no text in its row 201: choose another"),
        (TEST, (" ", 1), "the split 'validation' of tests/words@c0ffee00 has no text in its row 3: choose another"),
        (TEST, ("a text", None), "the split 'validation' of tests/words@c0ffee00 has no label in its row 3: choose"),
        (TEST, ("a text", -1), "has no label in its row 3: choose another as test_split"),
    ],
)
def test_row_without_text_or_label_is_refused(
    hub: Hub, tmp_path: Path, split: str, row: tuple[str | None, object], said: str
) -> None:
    """It would be measured as something that nobody wrote."""
    files: dict[str, list[tuple[str | None, object]]] = {TRAIN: [*WORDS], TEST: [*HELD_OUT]}
    files[split].append(row)
    hub.repositories["datasets/tests/words"] = {name: parquet(rows) for name, rows in files.items()}
    done = load(hub, tmp_path)
    assert "sentence: " in done.stderr
    assert said in done.stderr


def test_empty_word_as_label_is_refused(hub: Hub, tmp_path: Path, dataset: dict[str, bytes]) -> None:
    """It is no name."""
    dataset[TEST] = parquet([("a", "good"), ("b", "")])
    dataset[TRAIN] = parquet([(text, ("bad", "good")[label]) for text, label in WORDS])
    assert "the split 'validation' of tests/words@c0ffee00 has no label in its row 2" in load(hub, tmp_path).stderr


def test_column_of_many_labels_is_refused(hub: Hub, tmp_path: Path, dataset: dict[str, bytes]) -> None:
    """A sentence has one."""
    dataset[TRAIN] = parquet([(text, [label]) for text, label in WORDS])
    dataset[TEST] = parquet([(text, [label]) for text, label in HELD_OUT])
    assert "the column label of tests/words@c0ffee00 does not hold one label for each" in load(hub, tmp_path).stderr


def test_split_with_one_label_is_refused(hub: Hub, tmp_path: Path, dataset: dict[str, bytes]) -> None:
    """Accuracy would mean nothing."""
    dataset[TEST] = parquet([("a", 1), ("b", 1)])
    assert "sentences that do not cover two labels" in load(hub, tmp_path).stderr


@pytest.mark.usefixtures("dataset")
def test_dataset_that_ends_too_early_is_fetched_the_next_time(hub: Hub, tmp_path: Path) -> None:
    """The file that came whole is not asked for twice."""
    hub.cut.add(TEST)
    assert "sentence: unavailable: the dataset tests/words@c0ffee00 cannot be downloaded" in load(hub, tmp_path).stderr
    hub.cut.clear()
    hub.asked.clear()
    assert load(hub, tmp_path).returncode == 0
    assert {asked.split("/")[-1] for asked in hub.asked if asked.startswith("GET datasets")} == {TEST.split("/")[-1]}


@pytest.mark.usefixtures("dataset")
@pytest.mark.parametrize("more", [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}])
def test_dataset_out_of_reach_is_one_sentence(hub: Hub, tmp_path: Path, more: dict[str, str]) -> None:
    """No network, or none wanted; what was fetched before is used, but never for another revision."""
    unavailable = "sentence: unavailable: the dataset tests/words@{} cannot be downloaded"
    assert unavailable.format("c0ffee00") in load(hub, tmp_path, **more).stderr
    assert load(hub, tmp_path).returncode == 0
    assert load(hub, tmp_path, **more).returncode == 0
    assert unavailable.format("f" * 8) in load(hub, tmp_path, revision="f" * 40, **more).stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("build", "sst2-distilbert"), "stanfordnlp/sst2"),
        (("build", "imdb-bert"), "stanfordnlp/imdb"),
        (
            ("export", "student", "--suite", "sst2-bert", "--format", "torchscript", "--output", "out"),
            "stanfordnlp/sst2",
        ),
    ],
)
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://nowhere.invalid"])
def test_command_without_a_network_ends_at_once_with_one_line(
    bench_models: Run, tmp_path: Path, arguments: tuple[str, ...], named: str, endpoint: str
) -> None:
    """Nothing of what the client says of its tries, which take half a minute."""
    hub = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0", "BENCH_MODELS_HUB": ""}
    start = time.perf_counter()
    done = bench_models(*arguments, cwd=tmp_path, **hub)
    seconds = time.perf_counter() - start
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert f"the dataset {named}" in done.stderr
    assert seconds < 25  # the client alone tries for half a minute


@pytest.mark.parametrize("revision", ["main", "v1.0", "C0FFEE", ""])
def test_revision_that_can_move_is_refused(revision: str) -> None:
    """A pinned revision is a commit."""
    with pytest.raises(BenchModelsError, match="branches and tags move"):
        HubCheckpoint(repository="tests/tiny", revision=revision)


@pytest.mark.parametrize("source", [HubCheckpoint, HubSentences])
@pytest.mark.parametrize(
    "name", ["not a name", "", "tests/tiny/more", "../tiny", "a--b", "a.git", "-a", "tests/", "caf\u00e9", "a" * 97]
)
def test_name_that_is_none_is_refused(source: type[HubCheckpoint | HubSentences], name: str) -> None:
    """By the rule of the client, before anything is asked."""
    with pytest.raises(ValueError, match=r"(?i)repo.?id"):
        validate_repo_id(name)
    with pytest.raises(BenchModelsError, match="is not the name of a repository: give owner/name"):
        source(repository=name, revision=COMMIT)


@pytest.mark.parametrize("name", ["imdb", "google-bert/bert-base-uncased", "a_b/c.d-1", "a" * 96, "0/_"])
def test_name_that_the_client_takes_is_taken(name: str) -> None:
    """The rule here is not narrower."""
    validate_repo_id(name)
    assert HubCheckpoint(repository=name, revision=COMMIT).repository == name


def test_local_folders_stand_for_the_hub(hub: Hub, tmp_path: Path, dataset: dict[str, bytes]) -> None:
    """Weights and sentences, under the names of their repositories; nobody is asked."""
    local = tmp_path / "local"
    _write(local / "tests" / "tiny", hub.repositories["tests/tiny"])
    _write(local / "tests" / "words", dataset)
    done = fetch(hub, tmp_path / "home", BENCH_MODELS_HUB=str(local))
    assert done.stdout.strip() == str(local / "tests" / "tiny")
    splits = json.loads(load(hub, tmp_path / "home", BENCH_MODELS_HUB=str(local)).stdout)
    assert splits["test"] == ["Sentence 1 is good!", "another is bad"]
    assert not hub.asked
    (local / "tests" / "tiny" / "tokenizer.json").unlink()
    assert "lacks tokenizer.json" in fetch(hub, tmp_path / "home", BENCH_MODELS_HUB=str(local)).stderr


def test_bars_of_a_local_dataset_are_not_drawn(hub: Hub, tmp_path: Path, dataset: dict[str, bytes]) -> None:
    """One for each split, again and again."""
    _write(tmp_path / "local" / "tests" / "words", dataset)
    done = load(hub, tmp_path / "home", BENCH_MODELS_HUB=str(tmp_path / "local"))
    assert (done.returncode, done.stderr) == (0, "")


_CONFIGURATIONS = """---
configs:
- config_name: first
  data_files: [{split: train, path: first/train.parquet}, {split: validation, path: first/validation.parquet}]
- config_name: second
  data_files: [{split: train, path: second/train.parquet}, {split: validation, path: second/validation.parquet}]
---
"""


@pytest.mark.parametrize("config", ["first", "second"])
def test_local_dataset_is_read_in_the_configuration_asked_for(hub: Hub, tmp_path: Path, config: str) -> None:
    """As the hub's would be."""
    files = {
        f"{name}/{split}.parquet": parquet([(f"{name} {text}", label) for text, label in rows])
        for name in ("first", "second")
        for split, rows in (("train", WORDS), ("validation", HELD_OUT))
    }
    _write(tmp_path / "local" / "tests" / "words", files | {"README.md": _CONFIGURATIONS.encode()})
    done = load(hub, tmp_path / "home", config=config, BENCH_MODELS_HUB=str(tmp_path / "local"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["test"] == [f"{config} {text}" for text, _ in HELD_OUT]
    absent = load(hub, tmp_path / "home", config="third", BENCH_MODELS_HUB=str(tmp_path / "local"))
    assert "sentence: the dataset tests/words (third)@c0ffee00 cannot be loaded" in absent.stderr


def test_local_dataset_of_plain_files_needs_no_configuration(
    hub: Hub, tmp_path: Path, dataset: dict[str, bytes]
) -> None:
    """There is one way to read it, whatever the suite asks the hub for."""
    _write(tmp_path / "local" / "tests" / "words", dataset)
    done = load(hub, tmp_path / "home", config="plain_text", BENCH_MODELS_HUB=str(tmp_path / "local"))
    assert json.loads(done.stdout)["test"] == [text for text, _ in HELD_OUT]


@pytest.mark.usefixtures("dataset")
@pytest.mark.parametrize(
    ("told", "said"),
    [("/nowhere/hub", "is not a folder: name one that holds"), ("hub", "is a relative path: give an absolute one")],
)
def test_local_hub_that_is_none_is_refused(hub: Hub, tmp_path: Path, told: str, said: str) -> None:
    """The hub would be asked instead, without a word."""
    for done in (
        fetch(hub, tmp_path / "home", BENCH_MODELS_HUB=told),
        load(hub, tmp_path / "home", BENCH_MODELS_HUB=told),
    ):
        assert f"sentence: BENCH_MODELS_HUB={told} {said}" in done.stderr
    assert not hub.asked


@pytest.mark.usefixtures("dataset")
def test_what_is_neither_on_the_hub_nor_in_the_local_one_says_so(hub: Hub, tmp_path: Path) -> None:
    """Both places were looked at."""
    nowhere = {"BENCH_MODELS_HUB": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    said = f"; BENCH_MODELS_HUB={tmp_path} holds no folder tests/{{}} to take instead"
    assert said.format("tiny") in fetch(hub, tmp_path / "home", **nowhere).stderr
    assert said.format("words") in load(hub, tmp_path / "home", **nowhere).stderr


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for file, content in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
