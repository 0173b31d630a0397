"""Which trees are safe, and that a revision's name says everything about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import Invalid
from souk.kernel.paths import escape_problem, path_problem
from souk.works.revisions.api import TreeFile
from souk.works.revisions.model import check_tree, revision_id, tree_hash, tree_problems

SHA = "a" * 64


def tree(*paths: str) -> list[TreeFile]:
    return [TreeFile(path=path, sha256=SHA, size_bytes=1) for path in paths]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "../x", "a/../b", "a/..", "..", ".", "./a", "a/./b", "a//b", "a/", "",
        "a\\b", "C:/x", "c:x", "a\x00b", "a\nb", "a\u202eb", "a\ufeffb", " a", "a ", "a/ b", "a.",
        "CON", "con.txt", "x/NUL", "lpt1.bin", "a<b", "a|b", 'a"b', "a?", "a*", "x" * 513,
        "é" * 200, "e\u0301",
    ],
)  # fmt: skip
def test_paths_that_are_not_safe_everywhere(path: str) -> None:
    assert path_problem(path) is not None
    with pytest.raises(Invalid) as caught:
        check_tree(tree("fine.txt", path))
    assert caught.value.code == "path_invalid"


@pytest.mark.parametrize(
    "path", ["model.onnx", "a/b/c.txt", ".gitattributes", "données/été.csv", "a b/c d", "v1..2"]
)
def test_paths_that_are(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    "paths",
    [("a", "a"), ("README.md", "readme.md"), ("a", "a/b"), ("A", "a/b"), ("Straße", "STRASSE")],
)
def test_paths_that_clash(paths: tuple[str, ...]) -> None:
    assert tree_problems(paths)


def test_an_empty_tree_is_none() -> None:
    with pytest.raises(Invalid):
        check_tree([])


SEGMENTS = st.text(st.sampled_from("abcXYZ019._-"), min_size=1, max_size=8).filter(
    lambda text: path_problem(text) is None
)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)


@given(st.text(max_size=40))
def test_a_safe_path_stays_inside(path: str) -> None:
    if path_problem(path) is None:
        assert escape_problem(path) is None
        assert not path.startswith("/")
        assert ".." not in path.split("/")


@given(st.lists(PATHS, min_size=1, max_size=8, unique_by=str.casefold), st.randoms())
def test_the_order_in_which_files_are_named_does_not_matter(paths: list[str], dice: object) -> None:
    files = tree(*paths)
    if tree_problems(paths):
        return
    shuffled = files.copy()
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random
    assert check_tree(shuffled) == check_tree(files)


@given(PATHS, PATHS, st.integers(0, 9), st.integers(0, 9))
def test_the_name_of_a_tree_says_everything_about_it(
    one: str, other: str, size: int, other_size: int
) -> None:
    first = [TreeFile(path=one, sha256=SHA, size_bytes=size)]
    second = [TreeFile(path=other, sha256=SHA, size_bytes=other_size)]
    assert (tree_hash(first) == tree_hash(second)) == (first == second)


def test_a_revision_is_named_by_its_work_its_tree_and_its_parents() -> None:
    names = {
        revision_id("lst_a", tree="t", parents=[]),
        revision_id("lst_b", tree="t", parents=[]),
        revision_id("lst_a", tree="u", parents=[]),
        revision_id("lst_a", tree="t", parents=["p"]),
        revision_id("lst_a", tree="t", parents=["p", "q"]),
    }
    assert len(names) == 5
