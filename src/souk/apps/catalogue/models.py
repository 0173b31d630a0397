"""Trains a recipe, converts it to ONNX, checks both against each other, measures the result."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
from numpy.typing import NDArray
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from souk.apps.catalogue import measure
from souk.apps.catalogue.cards import write_licence
from souk.apps.catalogue.datasets import SELLER as DATASET_SELLER
from souk.apps.catalogue.datasets import load_table
from souk.apps.catalogue.manifest import Compatibility, Metric, Rerun, Tensor, Work
from souk.apps.catalogue.model_cards import write_model_card
from souk.apps.catalogue.recipes import Recipe
from souk.apps.catalogue.sources import dataset_by_slug

SELLER: Final = "atelier"
SPLIT_SEED: Final = 2026
HELD_OUT_SHARE: Final = 0.3
TARGET_OPSETS: Final = {"": 17, "ai.onnx.ml": 3}
"""Old enough for onnxruntime 1.13 and newer."""

_NO_ZIPMAP: Final = {"zipmap": False}
"""Scores as one tensor, not as a list of dictionaries."""

SCORE_TOLERANCE: Final = 1e-4
RELATIVE_TOLERANCE: Final = 1e-5
EXAMPLE_ROWS: Final = 3
DATA_FILE: Final = "data.csv"
ROWS_FILE: Final = "held-out.json"

Floats = NDArray[np.float32]


class ConversionDiffers(RuntimeError):
    """An ONNX model does not answer as the scikit-learn model it was made from."""


@dataclass(frozen=True, slots=True)
class Split:
    """Training and held-out rows."""

    train: Floats
    held_out: Floats
    train_target: NDArray[Any]
    held_out_target: NDArray[Any]
    held_out_rows: NDArray[np.int64]
    """Their numbers in the dataset's table, from 0."""
    words: str


def write_model(root: Path, recipe: Recipe) -> Work:
    """Writes the model, an example, the held-out rows' numbers, card and licence; measures it.

    Training runs in one thread, so that sums come out in the same order every time.

    Raises:
        ConversionDiffers: when the ONNX model's answers are not those of the original.
    """
    dataset = dataset_by_slug(recipe.dataset)
    features, target = load_table(dataset)
    split = _split(features, target, stratified=recipe.task != "tabular-regression")
    with threadpool_limits(limits=1):
        model = recipe.estimator()
        model.fit(split.train, split.train_target)
        onnx_model = _convert(recipe, model, feature_count=features.shape[1])
        session = onnxruntime.InferenceSession(
            onnx_model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        _check_same(recipe, model, session, features)
    metrics = _measure(recipe, session, split)

    folder = root / recipe.slug
    folder.mkdir()
    (folder / "model.onnx").write_bytes(onnx_model.SerializeToString(deterministic=True))
    example = _example(session, split.held_out)
    (folder / "example.json").write_bytes(msgspec.json.encode(example))
    held_out = {"file": DATA_FILE, "rows": sorted(split.held_out_rows.tolist())}
    (folder / ROWS_FILE).write_bytes(msgspec.json.encode(held_out))
    write_licence(folder, recipe.licence)
    work = _work(recipe, session, metrics, target=dataset.columns[-1].name)
    write_model_card(
        folder,
        recipe=recipe,
        dataset=dataset,
        work=work,
        split=split.words,
        versions=f"scikit-learn {sklearn.__version__}, skl2onnx {skl2onnx.__version__}",
        note=_perfect_score_note(metrics),
    )
    return work


def _split(features: Floats, target: NDArray[Any], *, stratified: bool) -> Split:
    train, held_out, train_target, held_out_target, _, rows = train_test_split(
        features,
        target,
        np.arange(len(features)),
        test_size=HELD_OUT_SHARE,
        random_state=SPLIT_SEED,
        stratify=target if stratified else None,
    )
    how = ", stratified by class" if stratified else ""
    words = (
        f"{len(train)} rows to train, {len(held_out)} held out ({HELD_OUT_SHARE:.0%}), drawn by "
        f"train_test_split with random_state={SPLIT_SEED}{how}"
    )
    return Split(train, held_out, train_target, held_out_target, rows, words)


def _convert(recipe: Recipe, model: Any, *, feature_count: int) -> Any:
    inputs = [("input", FloatTensorType([None, feature_count]))]
    if recipe.task == "tabular-regression":
        outputs, options = [("prediction", FloatTensorType([None, 1]))], {}
    else:
        # A support vector machine gives votes; everything else here gives probabilities.
        name = "probabilities" if hasattr(model, "predict_proba") else "scores"
        classes = FloatTensorType([None, len(model.classes_)])
        outputs, options = [("label", Int64TensorType([None])), (name, classes)], _NO_ZIPMAP
    with warnings.catch_warnings():
        # The converter still looks at two attributes of SVC that scikit-learn is retiring.
        warnings.filterwarnings("ignore", "Attribute `prob[AB]_` was deprecated", FutureWarning)
        converted = skl2onnx.to_onnx(
            model,
            name=recipe.slug,
            initial_types=inputs,
            final_types=outputs,
            options={id(model): options} if options else None,
            target_opset=TARGET_OPSETS,
        )
    # The converter lists them in the order of a set, which differs from run to run.
    opsets = sorted(converted.opset_import, key=lambda opset: opset.domain)
    del converted.opset_import[:]
    converted.opset_import.extend(opsets)
    onnx.helper.set_model_props(converted, {"title": recipe.title, "license": recipe.licence})
    onnx.checker.check_model(converted, full_check=True)
    return converted


def _check_same(
    recipe: Recipe, model: Any, session: onnxruntime.InferenceSession, features: Floats
) -> None:
    """Every row of the dataset must get the same label, and nearly the same numbers."""
    answers = session.run(None, {"input": features})
    expected = [model.predict(features)]
    if recipe.task == "tabular-regression":
        answers = [answers[0].ravel()]
    elif hasattr(model, "predict_proba"):
        expected.append(model.predict_proba(features))
    elif not np.array_equal(answers[0], expected[0]):
        raise ConversionDiffers(f"{recipe.slug}: labels differ")
    for answer, wanted in zip(answers, expected, strict=False):
        if not np.allclose(answer, wanted, rtol=RELATIVE_TOLERANCE, atol=SCORE_TOLERANCE):
            worst = float(np.abs(answer - wanted).max())
            raise ConversionDiffers(f"{recipe.slug}: answers differ by up to {worst}")


def _measure(
    recipe: Recipe, session: onnxruntime.InferenceSession, split: Split
) -> tuple[Metric, ...]:
    answers = session.run(None, {"input": split.held_out})
    truth, words = split.held_out_target, "held out"
    if recipe.task == "tabular-regression":
        predicted = answers[0].ravel().astype(np.float64)
        return tuple(measure.regression_metrics(truth, predicted, split=words, seed=SPLIT_SEED))
    metrics = measure.classification_metrics(truth, answers[0], split=words, seed=SPLIT_SEED)
    if recipe.detects_class_zero:
        scores = answers[1][:, 0].astype(np.float64)
        metrics += measure.detection_metrics(
            truth == 0, scores, answers[0] == 0, split=words, seed=SPLIT_SEED
        )
    return tuple(metrics)


def _perfect_score_note(metrics: tuple[Metric, ...]) -> str:
    for metric in metrics:
        if metric.name == "accuracy" and metric.value == 1.0:
            bound = measure.exact_lower_bound(metric.sample_count, metric.sample_count)
            return (
                f"All {metric.sample_count} held-out rows were right. That says only that the true "
                f"accuracy is probably above {bound:.3f} (exact 95 % bound): a resample of a "
                "perfect score never sees a miss."
            )
    return ""


def _example(session: onnxruntime.InferenceSession, rows: Floats) -> dict[str, Any]:
    """A few held-out rows with the model's answers: for trying, and for checking a port."""
    inputs = rows[:EXAMPLE_ROWS]
    answers = session.run(None, {"input": inputs})
    names = [output.name for output in session.get_outputs()]
    return {
        "input": inputs.tolist(),
        **{name: answer.tolist() for name, answer in zip(names, answers, strict=True)},
    }


def _work(
    recipe: Recipe,
    session: onnxruntime.InferenceSession,
    metrics: tuple[Metric, ...],
    *,
    target: str,
) -> Work:
    return Work(
        seller=SELLER,
        slug=recipe.slug,
        kind="model",
        title=recipe.title,
        summary=recipe.summary,
        licence=recipe.licence,
        tags=(*recipe.tags, recipe.task, "onnx"),
        category="classification" if recipe.task.endswith("classification") else "regression",
        task=recipe.task,
        trained_on=f"{DATASET_SELLER}/{recipe.dataset}",
        version="1.0.0",
        price=recipe.price,
        metrics=metrics,
        compatibility=Compatibility(
            formats=("onnx",),
            libraries=("onnxruntime>=1.13",),
            inputs=tuple(_tensor(item) for item in session.get_inputs()),
            outputs=tuple(_tensor(item) for item in session.get_outputs()),
        ),
        rerun=Rerun(data_file=DATA_FILE, target=target, rows_file=ROWS_FILE),
    )


def _tensor(item: Any) -> Tensor:
    dtype = {"tensor(float)": "float32", "tensor(int64)": "int64"}[item.type]
    shape = tuple(length if isinstance(length, int) else None for length in item.shape)
    return Tensor(item.name, dtype, shape)
