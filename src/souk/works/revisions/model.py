"""The rules of trees: which paths are safe, and what a revision is called."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import rfc8785

from souk.kernel.errors import Invalid
from souk.kernel.paths import path_problem
from souk.works.revisions.api import TreeFile

MAX_FILES: Final = 10_000
MAX_PROBLEMS_SHOWN: Final = 10


def tree_problems(paths: Sequence[str]) -> list[str]:
    """Everything that is wrong with a tree of these paths, in words that name the path."""
    problems = [
        f"{path[:80]!r} {problem}" for path in paths if (problem := path_problem(path)) is not None
    ]
    return problems or list(_clashes(paths))


def _clashes(paths: Sequence[str]) -> Iterable[str]:
    files: dict[str, str] = {}
    for path in paths:
        folded = path.casefold()
        if folded in files:
            yield f"{path!r} is there twice, or differs from {files[folded]!r} only by case"
        files[folded] = path
    for path in paths:
        parts = path.casefold().split("/")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if above in files:
                yield f"{path!r} lies below {files[above]!r}, which is a file"


def check_tree(files: Sequence[TreeFile]) -> list[TreeFile]:
    """The files in the order of their paths, when they make a tree.

    Raises:
        Invalid: `path_invalid` naming each path that is not safe; `tree_invalid` when it is empty
            or too large.
    """
    if not 1 <= len(files) <= MAX_FILES:
        raise Invalid("tree_invalid", f"A version has from 1 to {MAX_FILES} files.")
    problems = tree_problems([file.path for file in files])
    if problems:
        shown = "; ".join(problems[:MAX_PROBLEMS_SHOWN])
        raise Invalid("path_invalid", f"{len(problems)} path(s) cannot be used: {shown}.")
    return sorted(files, key=lambda file: file.path)


def tree_hash(files: Sequence[TreeFile]) -> str:
    """The sha256 of a tree: of its canonical JSON (RFC 8785), `[[path, sha256, size], …]`."""
    listed: list[Any] = [  # the library's own name for a JSON value is private
        [file.path, file.sha256, file.size_bytes] for file in files
    ]
    return hashlib.sha256(rfc8785.dumps(listed)).hexdigest()


def revision_id(work_id: str, *, tree: str, parents: Sequence[str]) -> str:
    """What a revision is called: the sha256 of its work, tree and parents as canonical JSON."""
    named = {"parents": list(parents), "tree": tree, "work": work_id}
    return hashlib.sha256(rfc8785.dumps(named)).hexdigest()
