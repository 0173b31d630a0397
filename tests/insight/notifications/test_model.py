"""Which topic a notice belongs to, and what a user's choice makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.insight.notifications.model import BY_NAME, TOPICS, Ways, shortened, topic_of, ways_of


@pytest.mark.parametrize(
    ("kind", "topic"),
    [
        ("order_sold", "sales"),
        ("order_paid", "purchases"),
        ("review.received", "reviews"),
        ("alert.saved_search", "alerts"),
        ("seller.published", "sellers"),
        ("moderation.hidden", "moderation"),
        ("reviewer", "other"),
        ("orders", "other"),
        ("", "other"),
    ],
)
def test_a_kind_belongs_to_the_topic_of_its_first_word(kind: str, topic: str) -> None:
    assert topic_of(kind).name == topic


@given(st.text(), st.booleans(), st.booleans())
def test_a_choice_counts_for_its_topic_alone(kind: str, in_app: bool, email: bool) -> None:
    topic = topic_of(kind)
    chosen = {topic.name: Ways(in_app=in_app, email=email)}
    assert ways_of(topic, chosen) == chosen[topic.name]
    for other in TOPICS:
        if other is not topic:
            assert ways_of(other, chosen) == Ways(in_app=other.in_app, email=other.email)


def test_every_topic_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(TOPICS)


@given(st.text(), st.integers(1, 50))
def test_what_is_shortened_keeps_its_beginning(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
