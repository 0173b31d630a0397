"""The process that trains: `python -m souk.discovery.recommendations.child INPUT ROOT SETTINGS`.

A process of its own: its memory is given back, it holds up nobody, and it can be ended.
"""

import os
import sys
import time
from pathlib import Path

import msgspec
import numpy as np

from souk.discovery.recommendations import shelf
from souk.discovery.recommendations.learnt import Interactions
from souk.discovery.recommendations.settings import RecommendationSettings

_NICENESS = 10


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be learnt, beside the arrays."""

    version: str
    settings: RecommendationSettings


def write_task(folder: Path, interactions: Interactions, task: Task) -> None:
    """Puts down what `main` reads."""
    for name in Interactions.__struct_fields__:
        np.save(folder / f"{name}.npy", getattr(interactions, name), allow_pickle=False)
    (folder / "task.json").write_bytes(msgspec.json.encode(task))


def train(folder: Path, root: Path) -> shelf.About:
    """Learns what lies in a folder and puts the model on the shelf."""
    # What it learns with is slow to import, and only this process learns; others import `Task`.
    from souk.discovery.recommendations.learning import learn  # noqa: PLC0415

    task = msgspec.json.decode((folder / "task.json").read_bytes(), type=Task)
    interactions = Interactions(
        **{
            name: np.load(folder / f"{name}.npy", allow_pickle=False)
            for name in Interactions.__struct_fields__
        }
    )
    started = time.perf_counter()
    learnt = learn(interactions, task.settings)
    about = shelf.About(
        version=task.version,
        people=int(interactions.people.max()) + 1,
        listings=len(interactions.listing_ids),
        interactions=len(interactions.people),
        confidence=task.settings.confidence,
        regularisation=interactions.regularisation(task.settings.regularisation),
        took_s=round(time.perf_counter() - started, 3),
    )
    shelf.put(root, learnt, about)
    return about


def main() -> None:
    """Arguments: the folder with the task, the shelf's folder. Says what it learnt as JSON."""
    os.nice(_NICENESS)
    folder, root = map(Path, sys.argv[1:3])
    sys.stdout.buffer.write(msgspec.json.encode(train(folder, root)))


if __name__ == "__main__":
    main()
