"""Rate limits and the addresses they count by."""

import pytest

from souk.infra.http.addresses import client_address
from souk.infra.http.limits import RateLimiter
from souk.kernel.errors import TooMany


class Time:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_passes_then_the_rate_holds_and_others_are_not_touched() -> None:
    time = Time()
    limiter = RateLimiter(60, monotonic_s=time)
    for _ in range(60):
        limiter.count("a")
    with pytest.raises(TooMany) as refused:
        limiter.count("a")
    assert refused.value.extra["retry_after_s"] == 1
    limiter.count("b")
    time.now_s += 1.0
    limiter.count("a")
    with pytest.raises(TooMany):
        limiter.count("a")


def test_a_small_request_counts_for_less() -> None:
    limiter = RateLimiter(60, monotonic_s=Time())
    for _ in range(236):
        limiter.count("a", cost=0.25)
    limiter.count("a")
    with pytest.raises(TooMany):
        limiter.count("a")
    limiter.count("b", cost=0.25)


@pytest.mark.parametrize(
    ("peer", "header", "expected"),
    [
        ("9.9.9.9", None, "9.9.9.9"),
        ("9.9.9.9", "1.1.1.1", "9.9.9.9"),  # an untrusted peer may write what it likes
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_forwarded_addresses_are_believed_only_from_our_proxies(
    peer: str, header: str | None, expected: str
) -> None:
    assert client_address(peer, header, {"10.0.0.1", "10.0.0.2"}) == expected
