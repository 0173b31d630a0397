from hypothesis import given
from hypothesis import strategies as st

from souk.discovery.search.engine.vocabulary import Vocabulary

words = st.text(alphabet="abcdé", min_size=1, max_size=9)


def distance(left: str, right: str) -> int:
    """Optimal string alignment, one pair at a time."""
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            if not i or not j:
                table[i][j] = i or j
                continue
            best = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (left[i - 1] != right[j - 1]),
            )
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                best = min(best, table[i - 2][j - 2] + 1)
            table[i][j] = best
    return table[len(left)][len(right)]


@given(st.dictionaries(words, st.integers(1, 99), max_size=40), words)
def test_similar_finds_exactly_the_words_within_reach(known: dict[str, int], word: str) -> None:
    found = Vocabulary(known.items()).similar(word, limit=100)
    most = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
    expected = {
        (other, distance(word, other))
        for other in known
        if len(other) >= 3 and 0 < distance(word, other) <= most
    }
    assert set(found) == expected
    assert [errors for _, errors in found] == sorted(errors for _, errors in found)


@given(st.dictionaries(words, st.integers(1, 99), max_size=40), words)
def test_completions_are_the_words_with_the_prefix_the_usual_first(
    known: dict[str, int], prefix: str
) -> None:
    vocabulary = Vocabulary(known.items())
    found = vocabulary.completions(prefix, limit=100)
    assert set(found) == {word for word in known if word.startswith(prefix)}
    assert [known[word] for word in found] == sorted((known[word] for word in found), reverse=True)
    assert all(vocabulary.count(word) == count for word, count in known.items())


def test_the_more_usual_of_two_likely_words_comes_first() -> None:
    vocabulary = Vocabulary([("sentiment", 40), ("sediment", 3), ("cat", 9)])
    assert vocabulary.similar("sentimnet")[0] == ("sentiment", 1)
    assert vocabulary.similar("cta") == [], "short words are not guessed at"
    assert Vocabulary([]).similar("anything") == []


@given(st.dictionaries(words, st.integers(1, 99), max_size=40), words)
def test_begun_like_finds_words_whose_beginning_is_one_error_away(
    known: dict[str, int], beginning: str
) -> None:
    found = Vocabulary(known.items()).begun_like(beginning, limit=100)
    expected = {
        word
        for word in known
        if len(beginning) >= 4
        and len(word) > len(beginning)
        and word[0] == beginning[0]
        and min(distance(beginning, word[:end]) for end in range(len(beginning) + 2)) <= 1
    }
    assert set(found) == expected
    assert found == sorted(found, key=lambda word: (-known[word], word))
