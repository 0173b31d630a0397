"""A card that came with files: what its front matter says anew counts."""

import pytest

from souk.kernel.errors import Invalid
from souk.works.listings.model import (
    MAX_CARD_CHARACTERS,
    Words,
    changed_words,
    pushed_words,
    words_of_request,
)
from souk_client.contracts.works import ListingRequest, ListingUpdate

CARD = "---\nlicense: mit\ntags: [one]\nsummary: Short\n---\nWords.\n"


def new() -> Words:
    return words_of_request(ListingRequest(kind="model", slug="x", title="X"))


def test_the_first_card_fills_everything() -> None:
    words = pushed_words(new(), CARD)
    assert (words.licence, words.tags, words.summary) == ("MIT", ["one"], "Short")
    assert words.card == CARD


def test_what_was_edited_since_stays_until_the_card_says_something_new() -> None:
    pushed = pushed_words(new(), CARD)
    edited = changed_words(pushed, ListingUpdate(tags=["mine"], summary="Mine"))
    again = pushed_words(edited, CARD + "More.\n")
    assert (again.tags, again.summary) == (["mine"], "Mine")
    said = pushed_words(edited, CARD.replace("[one]", "[two]"))
    assert (said.tags, said.summary, said.licence) == (["two"], "Mine", "MIT")


def test_what_the_card_no_longer_says_is_kept() -> None:
    assert pushed_words(pushed_words(new(), CARD), "Words.").licence == "MIT"


def test_a_licence_of_another_hub_becomes_terms_of_ones_own() -> None:
    assert pushed_words(new(), "---\nlicense: gemma 2!\n---\n").licence == "LicenseRef-gemma-2-"


@pytest.mark.parametrize("card", ["---\na: [\n---\n", "x" * (MAX_CARD_CHARACTERS + 1)])
def test_a_card_that_cannot_be_read_is_refused(card: str) -> None:
    with pytest.raises(Invalid):
        pushed_words(new(), card)
