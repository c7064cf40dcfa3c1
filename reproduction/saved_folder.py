"""The folder that a classifier was saved to, with the files that transformers 4 put there."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_models.recipes.modules import KEPT
from reproduction.architectures import POSITIONS

if TYPE_CHECKING:
    from torch import nn

TRAINING_ARGUMENTS = "training_args.bin"

_SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "mask", "pad", "sep", "unk")}


def save(model: "nn.Module", folder: Path, *, tokenizer: Path, by_trainer: bool) -> dict[str, int]:
    """Save a model with the ``tokenizer`` and return the size of each file in bytes.

    What Trainer saves at the end of a training has the arguments of the training beside it.
    """
    from bench_models.recipes import classifier

    with classifier.quiet():
        model.save_pretrained(folder)  # type: ignore[operator]  # transformers' method, on torch's class
    _list_pruned_heads(folder / "config.json")
    _save_tokenizer(folder, tokenizer)
    if by_trainer:
        _save_training_arguments(folder / TRAINING_ARGUMENTS)
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())}


def _list_pruned_heads(path: Path) -> None:
    """Name each head that is gone, as transformers 4 did, where this project counts those that are left."""
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if KEPT in config:
        heads = config.get("num_attention_heads") or config["n_heads"]
        kept = config.pop(KEPT)["heads"]
        config["pruned_heads"] = {str(layer): list(range(count, heads)) for layer, count in enumerate(kept)}
        _write(path, config)


def _save_tokenizer(folder: Path, tokenizer: Path) -> None:
    """Write the four files that a tokenizer was saved as, after it has cut and padded sentences."""
    from tokenizers import Tokenizer

    used = Tokenizer.from_file(str(tokenizer))
    used.enable_truncation(POSITIONS)
    used.enable_padding(pad_id=used.token_to_id("[PAD]"), pad_token="[PAD]")  # noqa: S106  # no password
    used.save(str(folder / "tokenizer.json"))
    vocabulary: dict[str, int] = used.get_vocab()
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    _write(folder / "special_tokens_map.json", _SPECIAL)
    ids = {vocabulary[token]: token for token in _SPECIAL.values()}
    _write(folder / "tokenizer_config.json", _tokenizer_config(ids))


def _tokenizer_config(ids: dict[int, str]) -> dict[str, Any]:
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return _SPECIAL | {
        "added_tokens_decoder": {str(place): {"content": ids[place]} | flags for place in sorted(ids)},
        "clean_up_tokenization_spaces": True,
        "do_basic_tokenize": True,
        "do_lower_case": True,
        "model_max_length": POSITIONS,
        "never_split": None,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "tokenizer_class": "BertTokenizer",
    }


def _save_training_arguments(path: Path) -> None:
    import torch
    from transformers import TrainingArguments

    # Trainer's own way to write them, a pickle that nothing here reads.
    torch.save(TrainingArguments(output_dir="trained", report_to="none"), path)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
