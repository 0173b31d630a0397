"""Cards: Markdown with YAML front matter, by the conventions of Hugging Face."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import yaml

from souk.apps.catalogue.manifest import CARD_NAME, LICENCE_NAME, Metric, Tensor

FrontMatter = Mapping[str, object]


def write_card(folder: Path, *, front_matter: FrontMatter, sections: Sequence[str]) -> None:
    """Writes `README.md`: the front matter, then the sections with a blank line between them."""
    head = yaml.safe_dump(dict(front_matter), sort_keys=False, allow_unicode=True, width=100)
    body = "\n\n".join(section.strip() for section in sections)
    (folder / CARD_NAME).write_text(f"---\n{head}---\n\n{body}\n", encoding="utf-8")


def write_licence(folder: Path, licence: str) -> None:
    """Writes the text of a licence of the catalogue, named by its SPDX id, as `LICENSE`."""
    texts = resources.files("souk.apps.catalogue") / "licences"
    text = (texts / f"{licence}.txt").read_text(encoding="utf-8")
    (folder / LICENCE_NAME).write_text(text, encoding="utf-8")


def licence_front_matter(licence: str) -> dict[str, object]:
    """The licence in the words that front matter uses."""
    if licence.startswith("LicenseRef-"):
        name = licence.removeprefix("LicenseRef-").lower()
        return {"license": "other", "license_name": name, "license_link": LICENCE_NAME}
    return {"license": licence.lower()}


def metrics_table(metrics: Sequence[Metric]) -> str:
    """Metrics as a Markdown table with their intervals."""
    rows = [
        f"| {metric.name} | {metric.value:.4g} | {metric.low:.4g} to {metric.high:.4g} "
        f"| {metric.sample_count} |"
        for metric in metrics
    ]
    return "\n".join(["| metric | value | 95 % interval | rows |", "|---|---|---|---|", *rows])


def tensors_table(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> str:
    """Inputs and outputs as a Markdown table."""
    rows = [
        f"| {side} | `{tensor.name}` | {tensor.dtype} | {_shape(tensor)} |"
        for side, tensors in (("input", inputs), ("output", outputs))
        for tensor in tensors
    ]
    return "\n".join(["| | name | type | shape |", "|---|---|---|---|", *rows])


def _shape(tensor: Tensor) -> str:
    return " × ".join("any" if length is None else str(length) for length in tensor.shape)
