"""Accuracy and macro F1 of labels; R², mean absolute and root mean squared error of numbers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from souk.compute.evaluation.tables import TableUnfit


def measure(
    task: str, answers: Sequence[Any], labels: Sequence[str], *, classes: Sequence[str] = ()
) -> dict[str, float]:
    """The measures of a task, from a model's outputs and the labels as they were written.

    Args:
        classes: every label of the whole table, sorted: what scores stand for, when labels are
            words.

    Raises:
        TableUnfit: outputs and labels do not belong together.
    """
    if task == "classification":
        predicted = predicted_labels(answers, len(labels), classes=classes)
        return classification(predicted, labels)
    return regression(predicted_numbers(answers, len(labels)), labels)


def predicted_labels(
    answers: Sequence[Any], count: int, *, classes: Sequence[str] = ()
) -> list[str]:
    """The label of each row: an output of labels, else the place of the highest score.

    Where labels are words, a place stands for the word at this place of the sorted labels, as
    scikit-learn orders its classes, and there must be as many scores as words.
    """
    for answer in answers:
        array = np.asarray(answer)
        if array.size == count and array.dtype.kind in "iubUSO":
            return [canonical(value) for value in array.ravel().tolist()]
    for answer in answers:
        array = np.asarray(answer)
        is_scores = array.ndim == 2 and array.shape[0] == count and array.shape[1] > 1
        if is_scores and array.dtype.kind == "f":
            places = array.argmax(axis=1).tolist()
            if not any(_is_word(label) for label in classes):
                return [str(place) for place in places]
            if array.shape[1] != len(classes):
                raise TableUnfit(
                    f"the model gives {array.shape[1]} scores a row and no label, and the table "
                    f"names {len(classes)} classes by words: which score is which cannot be told"
                )
            return [canonical(classes[place]) for place in places]
    raise TableUnfit("the model gives neither a label nor scores for each row")


def predicted_numbers(answers: Sequence[Any], count: int) -> NDArray[np.float64]:
    """The number of each row: the first output of one number a row."""
    for answer in answers:
        array = np.asarray(answer)
        if array.size == count and array.dtype.kind in "fiu":
            return array.ravel().astype(np.float64)
    raise TableUnfit("the model does not give one number for each row")


def classification(predicted: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """Accuracy, and the plain mean over the true classes of each one's F1."""
    truth = [canonical(label) for label in labels]
    hits = Counter(one for one, other in zip(predicted, truth, strict=True) if one == other)
    named, true = Counter(predicted), Counter(truth)
    scores = [2 * hits[name] / (named[name] + true[name]) for name in true]
    return {"accuracy": hits.total() / len(truth), "macro_f1": sum(scores) / len(scores)}


def regression(predicted: NDArray[np.float64], labels: Sequence[str]) -> dict[str, float]:
    """R² (left out when all labels are the same), and both errors in the label's unit."""
    try:
        truth = np.asarray([float(label) for label in labels])
    except ValueError as error:
        raise TableUnfit(f"a label is no number: {error}") from None
    if not (np.isfinite(truth).all() and np.isfinite(predicted).all()):
        raise TableUnfit("a label, or an answer of the model, is no finite number")
    off = predicted - truth
    values = {"mae": float(np.abs(off).mean()), "rmse": float(np.sqrt((off**2).mean()))}
    spread = float(((truth - truth.mean()) ** 2).sum())
    return values | ({"r2": 1 - float((off**2).sum()) / spread} if spread else {})


def _is_word(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return True
    return False


def canonical(label: object) -> str:
    """A label in one spelling: `1`, `1.0` and 1 are the same, and so is `b"cat"` and `cat`."""
    text = label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else text
