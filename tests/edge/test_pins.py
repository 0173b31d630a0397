"""What is pinned stays, whatever is asked for; what is not is the eviction's to decide."""

from hypothesis import given
from hypothesis import strategies as st

from souk.edge.disk import SliceKey
from souk.edge.eviction import S3Fifo
from souk.edge.pins import PINNED_SHARE, Pinned
from souk.edge.slices import SLICE_BYTES

LIMIT = 10 * SLICE_BYTES
FILES = ["a", "b", "c", "d"]
FILE_SLICES = 4

steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(FILES), st.integers(0, FILE_SLICES - 1)),
        st.tuples(st.just("pin"), st.sets(st.sampled_from(FILES)), st.just(0)),
        st.tuples(st.just("drop"), st.sampled_from(FILES), st.integers(0, FILE_SLICES - 1)),
    ),
    max_size=60,
)


@given(steps)
def test_what_is_pinned_never_has_to_go_and_all_of_it_fits(taken: list) -> None:
    cache = Pinned(S3Fifo[SliceKey](LIMIT), limit_bytes=LIMIT)
    here: dict[str, set[int]] = {}
    pinned: set[str] = set()
    for action, what, number in taken:
        gone: list[SliceKey] = []
        if action == "pin":
            pinned = what
            gone = cache.pin(dict.fromkeys(what, FILE_SLICES * SLICE_BYTES), here)
        elif action == "add":
            here.setdefault(what, set()).add(number)
            gone = cache.add(SliceKey(what, number), SLICE_BYTES)
        else:
            here.get(what, set()).discard(number)
            cache.remove(SliceKey(what, number))
        room = (cache.pinned_bytes + SLICE_BYTES) <= LIMIT * PINNED_SHARE
        for key in gone:
            assert key.sha256 not in pinned or not room or action == "pin"
            here[key.sha256].discard(key.number)
        assert cache.used_bytes == SLICE_BYTES * sum(map(len, here.values())) <= LIMIT
        assert cache.pinned_bytes <= LIMIT * PINNED_SHARE
        for name, numbers in here.items():
            assert all(cache.touch(SliceKey(name, one)) for one in numbers)


def test_a_pinned_file_outlives_a_scan_and_an_unpinned_one_does_not() -> None:
    cache = Pinned(S3Fifo[SliceKey](LIMIT), limit_bytes=LIMIT)
    kept = SliceKey("kept", 0)
    cache.add(kept, SLICE_BYTES)
    cache.pin({"kept": SLICE_BYTES}, {"kept": {0}})
    for number in range(50):
        assert kept not in cache.add(SliceKey("scan", number), SLICE_BYTES)
    assert cache.touch(kept)
    gone = cache.pin({}, {"kept": {0}})
    for number in range(50, 100):
        gone += cache.add(SliceKey("scan", number), SLICE_BYTES)
    assert kept in gone
