"""Front matter fills what was left out, and never does harm; licences are SPDX expressions."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.kernel.errors import Invalid, SoukError
from souk.kernel.semver import best, precedence
from souk.works.listings.cards import read_card
from souk.works.listings.licences import check_licence
from souk.works.listings.model import changed_words, clean_tags, words_of_request
from souk_client.contracts.works import Compatibility, ListingRequest, ListingUpdate, Metric

CARD = """---
license: apache-2.0
pipeline_tag: image-classification
library_name: onnxruntime
tags: [Vision, vision, " Small  Model "]
summary: Tells digits apart
metrics:
  - name: accuracy
    value: 0.98
    dataset: digits
datasets: [digits]
---
# Digits
"""


def request(**changes: object) -> ListingRequest:
    return ListingRequest(**{"kind": "model", "slug": "m", "title": "M", **changes})  # type: ignore[arg-type]


def refused_line(card: str) -> int:
    with pytest.raises(Invalid) as caught:
        read_card(card)
    assert caught.value.code == "card_invalid"
    line = caught.value.extra["line"]
    assert f"Line {line}" in caught.value.detail
    return int(str(line))


def test_front_matter_fills_what_was_left_out() -> None:
    words = words_of_request(request(card=CARD))
    assert words.licence == "Apache-2.0"
    assert words.task == "image-classification"
    assert words.tags == ["vision", "small model"]
    assert words.summary == "Tells digits apart"
    assert words.metrics == [Metric(name="accuracy", value=0.98, dataset="digits")]
    assert words.compatibility.frameworks == ["onnxruntime"]
    assert words.card == CARD


def test_what_was_said_outside_the_card_wins() -> None:
    words = words_of_request(request(card=CARD, licence="MIT", tags=["own"], task="other"))
    assert (words.licence, words.tags, words.task) == ("MIT", ["own"], "other")


def test_a_card_without_front_matter_says_nothing() -> None:
    words = words_of_request(request(card="# Just words\n---\nlicense: mit\n---\n"))
    assert words.licence is None


def test_an_edited_card_fills_only_what_is_empty() -> None:
    before = words_of_request(request(tags=["kept"]))
    after = changed_words(before, ListingUpdate(card=CARD))
    assert after.tags == ["kept"]
    assert after.licence == "Apache-2.0"
    assert after.compatibility == Compatibility(frameworks=["onnxruntime"])


def test_a_licence_of_ones_own() -> None:
    assert read_card("---\nlicense: other\nlicense_name: My Terms 1\n---").licence == (
        "LicenseRef-My-Terms-1"
    )


@pytest.mark.parametrize(
    ("card", "line"),
    [
        ("---\ntitle: x\n", 1),
        ("---\n- a\n---\n", 2),
        ("---\na: 1\nb: [1\n---\n", 4),
        ("---\na: &x [1]\nb: *x\n---\n", 3),
        ("---\nx: 1\na: !!python/object/apply:os.system [ls]\n---\n", 3),
        ("---\na: 1\na: 2\n---\n", 3),
        ("---\na: " + "[" * 40 + "]" * 40 + "\n---\n", 2),
        ("---\ntags: nope\n---\n", 2),
        ("---\ntags: [[a]]\n---\n", 2),
        ("---\na: 1\ntask: {b: c}\n---\n", 3),
        ("---\nx: 1\nmetrics:\n  - name: a\n---\n", 3),
        ("---\nmetrics:\n  - {name: a, value: 1, colour: red}\n---\n", 2),
        ("---\ncompatibility: {min_memory_gb: -1}\n---\n", 2),
        ('---\nsummary: "a\\0b"\n---\n', 2),
        ("---\n" + "a" * 40_000 + ": 1\n---\n", 1),
        ("---\nk: " + "[" + "1," * 6_000 + "]\n---\n", 2),
    ],
)
def test_errors_name_the_line(card: str, line: int) -> None:
    assert refused_line(card) == line


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_front_matter_breaks_the_reader(text: str) -> None:
    try:
        read_card(f"---\n{text}\n---\n")
    except SoukError as error:
        assert error.code == "card_invalid"


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("mit", "MIT"),
        ("apache-2.0 or MIT", "Apache-2.0 OR MIT"),
        ("GPL-3.0-only", "GPL-3.0-only"),
        ("GPL-2.0-only WITH Classpath-exception-2.0",) * 2,
        ("LicenseRef-Souk-Commercial-1.0",) * 2,
        ("CC-BY-4.0 AND LicenseRef-Mine",) * 2,
    ],
)
def test_licences_that_are_known(given: str, known: str) -> None:
    assert check_licence(given) == known


@pytest.mark.parametrize(
    "given",
    ["commercial", "MIT AND", "((", "MIT; DROP TABLE", "<script>", "LicenseRef-", "MIT OR Nope"],
)
def test_licences_that_are_not(given: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_licence(given)
    assert caught.value.code == "licence_invalid"


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "\u202eevil", "   "])
def test_a_title_is_one_visible_line(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        words_of_request(request(title=text))
    assert caught.value.code == "text_invalid"


@given(st.lists(st.text(st.characters(categories=["L", "N", "Zs"]), min_size=1, max_size=9)))
def test_tags_are_clean_once(tags: list[str]) -> None:
    cleaned = clean_tags([tag for tag in tags if tag.isprintable()])
    assert clean_tags(cleaned) == cleaned
    assert len(set(cleaned)) == len(cleaned)


def test_the_order_of_versions_is_that_of_the_specification() -> None:
    ordered = [
        "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ]  # fmt: skip
    shuffled = random.Random(3).sample(ordered, len(ordered))
    assert sorted(shuffled, key=precedence) == ordered
    assert best(["1.0.0", "2.0.0-rc.1"]) == "1.0.0"
    assert best(["1.0.0-a", "1.0.0-b"]) == "1.0.0-b"
