"""The card of an ONNX model of the catalogue."""

from pathlib import Path
from typing import Final

from souk.apps.catalogue.cards import (
    licence_front_matter,
    metrics_table,
    tensors_table,
    write_card,
)
from souk.apps.catalogue.manifest import Metric, Work
from souk.apps.catalogue.recipes import Recipe
from souk.apps.catalogue.sources import Dataset

METRIC_TYPES: Final = {
    "accuracy": "accuracy",
    "macro F1": "f1",
    "ROC AUC": "roc_auc",
    "recall of malignant": "recall",
    "R²": "r_squared",
    "mean absolute error": "mae",
    "root mean squared error": "rmse",
}
"""Our words → the metric ids that front matter uses."""


def write_model_card(
    folder: Path,
    *,
    recipe: Recipe,
    dataset: Dataset,
    work: Work,
    split: str,
    versions: str,
    note: str,
) -> None:
    """Writes the card: use, measured quality, training, inputs and outputs, limits, licence."""
    columns = ", ".join(f"`{column.name}`" for column in dataset.features)
    address = str(work.trained_on)
    write_card(
        folder,
        front_matter=_front_matter(recipe, dataset, work, address=address),
        sections=(
            f"# {recipe.title}",
            recipe.summary,
            "## Use it\n\nIn the folder of the downloaded files, with `onnxruntime` and `numpy`:"
            f"\n\n```python\n{_usage(recipe, dataset)}```",
            "## How good it is\n\n"
            + metrics_table(work.metrics)
            + f"\n\nMeasured on the ONNX file itself, on rows it never saw: {split}. Intervals: "
            "percentile bootstrap, 2,000 resamples of the held-out rows. Their numbers in the "
            f"dataset's `data.csv`, counted from 0, are in `held-out.json`. {note}".rstrip(),
            f"## How it was made\n\nA {recipe.family} ({recipe.settings}), trained on "
            f"[{dataset.title}](/{address}) with {versions}. The settings were chosen beforehand "
            "and not searched; the held-out rows were used once. On every row of the dataset the "
            "ONNX file gives the answers of the scikit-learn model it was made from.",
            "## Inputs and outputs\n\n"
            + tensors_table(work.compatibility.inputs, work.compatibility.outputs)
            + f"\n\nThe input's columns, in order: {columns}."
            + _classes(dataset),
            f"## Limits\n\n{recipe.limits}",
            _licence_section(recipe, dataset),
        ),
    )


def _front_matter(
    recipe: Recipe, dataset: Dataset, work: Work, *, address: str
) -> dict[str, object]:
    return {
        **licence_front_matter(recipe.licence),
        "library_name": "onnx",
        "pipeline_tag": recipe.task,
        "tags": list(work.tags),
        "datasets": [address],
        "metrics": [METRIC_TYPES[metric.name] for metric in work.metrics],
        "model-index": [
            {
                "name": recipe.slug,
                "results": [
                    {
                        "task": {"type": recipe.task},
                        "dataset": {"name": dataset.title, "type": address, "split": "held out"},
                        "metrics": [_result(metric) for metric in work.metrics],
                    }
                ],
            }
        ],
    }


def _result(metric: Metric) -> dict[str, object]:
    return {
        "type": METRIC_TYPES[metric.name],
        "name": metric.name,
        "value": metric.value,
        "args": {"interval_95": [metric.low, metric.high], "rows": metric.sample_count},
    }


def _usage(recipe: Recipe, dataset: Dataset) -> str:
    opening = (
        "import json\nfrom pathlib import Path\n\n"
        "import numpy as np\nimport onnxruntime\n\n"
        'session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])\n'
        'example = json.loads(Path("example.json").read_text())\n'
        'rows = np.array(example["input"], dtype=np.float32)\n'
    )
    if recipe.task == "tabular-regression":
        return opening + (
            '(predictions,) = session.run(["prediction"], {"input": rows})\n\n'
            "print(predictions.ravel())\n"
            'assert np.allclose(predictions, example["prediction"], rtol=1e-3)\n'
        )
    return opening + (
        f"names = {list(dataset.class_names)!r}\n"
        '(labels,) = session.run(["label"], {"input": rows})\n\n'
        "print([names[label] for label in labels])\n"
        'assert labels.tolist() == example["label"]\n'
    ).replace("'", '"')


def _classes(dataset: Dataset) -> str:
    if not dataset.class_names:
        return ""
    listed = ", ".join(f"{number} = {name}" for number, name in enumerate(dataset.class_names))
    return f" The labels: {listed}."


def _licence_section(recipe: Recipe, dataset: Dataset) -> str:
    return (
        f"## Licence\n\n{recipe.licence}; the text is in `LICENSE`. Trained on data under "
        f"{dataset.licence}: {dataset.origin}. {dataset.licence_note}"
    )
