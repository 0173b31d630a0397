"""The rules of repositories."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.delivery.hub.errors import DeletedEntryUnknown
from souk.delivery.hub.model import (
    EMPTY_OID,
    Addition,
    Deletion,
    Operation,
    as_oid,
    as_version,
    changed_tree,
    git_blob_id,
    is_applied,
    is_large,
    is_text,
    lfs_pointer,
    next_version,
    oid_of,
    ref_problem,
    serves,
)
from souk.delivery.hub.trees import Tree
from souk.works.revisions.api import TreeFile

PATHS = ("a", "b/c", "b/d", "b/e/f", "bb")
SIZES = {"1" * 64: 1, "2" * 64: 2}


@st.composite
def operations(draw: st.DrawFn) -> list[Operation]:
    one = st.one_of(
        st.builds(Addition, path=st.sampled_from(PATHS), sha256=st.sampled_from(list(SIZES))),
        st.builds(Deletion, path=st.sampled_from(PATHS), folder=st.just(False)),
        st.builds(Deletion, path=st.sampled_from(("b", "b/e", "b/")), folder=st.just(True)),
    )
    return draw(st.lists(one, max_size=8))


@settings(deadline=None)
@given(operations())
def test_operations_apply_one_after_the_other_or_not_at_all(listed: list[Operation]) -> None:
    expected: dict[str, str] | None = {"b/c": "1" * 64}
    for operation in listed:
        if expected is None:
            break
        if isinstance(operation, Addition):
            expected[operation.path] = operation.sha256
            continue
        prefix = operation.path.rstrip("/") + "/"
        gone = [
            path
            for path in expected
            if (path.startswith(prefix) if operation.folder else path == operation.path)
        ]
        expected = {p: s for p, s in expected.items() if p not in gone} if gone else None
    before = [TreeFile(path="b/c", sha256="1" * 64, size_bytes=1)]
    if expected is None:
        with pytest.raises(DeletedEntryUnknown):
            changed_tree(before, listed, SIZES)
    else:
        tree = changed_tree(before, listed, SIZES)
        assert {file.path: file.sha256 for file in tree} == expected
        assert all(file.size_bytes == SIZES[file.sha256] for file in tree)
        last = {operation.path: operation for operation in listed}
        if len(last) == len(listed) and not any(isinstance(o, Deletion) for o in listed):
            assert is_applied(tree, listed)


def test_git_names_are_those_of_git() -> None:
    assert git_blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert git_blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    pointer = lfs_pointer("0" * 64, 12)
    assert pointer.startswith(b"version https://git-lfs.github.com/spec/v1\noid sha256:000")
    assert pointer.endswith(b"\nsize 12\n")


def test_commits_are_called_by_forty_digits() -> None:
    revision = hashlib.sha256(b"x").hexdigest()
    assert oid_of(revision) == revision[:40]
    assert oid_of(None) == EMPTY_OID
    assert as_oid(revision[:7]) == revision[:7]
    for name in ("main", "abc", "g" * 40, "A" * 40, "a" * 65):
        assert as_oid(name) is None


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3-rc.1+b", "1.2.3-rc.1+b"),
        ("1.2", None),
        ("01.2.3", None),
        ("vv1.2.3", None),
        (f"1.0.{'9' * 80}", None),
    ],
)
def test_versions_are_semantic(name: str, version: str | None) -> None:
    assert as_version(name) == version


def test_the_next_version_raises_the_patch() -> None:
    assert next_version([]) == "1.0.0"
    assert next_version(["1.0.0", "1.10.0", "1.9.9"]) == "1.10.1"
    assert next_version(["2.0.0-rc.1", "1.0.0"]) == "2.0.0"


@pytest.mark.parametrize("name", ["a/b", "..", "", "1.0.0", "deadbeef", "-x", "ü", "a" * 200])
def test_names_that_would_mean_something_else_are_refused(name: str) -> None:
    assert ref_problem(name) is not None


def test_names_of_branches() -> None:
    assert ref_problem("release-2") is None


@settings(deadline=None)
@given(st.text(min_size=1))
def test_text_that_is_cut_off_is_still_text(text: str) -> None:
    content = text.replace("\0", " ").encode(errors="replace")
    assert all(is_text(content[:length]) for length in range(len(content) + 1))


def test_binary_files_are_large_however_small() -> None:
    assert not is_text(b"\x80\x02}q\x00.")
    assert not is_text(b"\xff\xfe")
    assert is_large("x/model.SAFETENSORS", 10, limit=100)
    assert is_large("notes.txt", 101, limit=100)
    assert not is_large("notes.txt", 100, limit=100)
    assert not is_large("empty.bin", 0, limit=100)


def test_datasets_are_datasets_and_the_rest_are_models() -> None:
    assert serves("dataset", "dataset") and serves("model", "plugin")
    assert not serves("model", "dataset") and not serves("dataset", "model")


paths = st.text("ab/.0-", min_size=1, max_size=7).filter(lambda path: not path.startswith("/"))


@settings(deadline=None)
@given(st.sets(paths, max_size=12), paths)
def test_what_is_below_a_folder_is_what_its_paths_say(names: set[str], folder: str) -> None:
    tree = Tree([TreeFile(path=name, sha256="0" * 64, size_bytes=1) for name in names])
    found = [file.path for file in tree.below(folder)]
    assert found == sorted(name for name in names if name.startswith(f"{folder}/"))
    assert [file.path for file in tree.below("")] == sorted(names)
