"""nginx's log: each line once, whole, also where it was cut by reading or by a new log."""

import itertools
from pathlib import Path

import msgspec
import pytest

from souk.edge.clock import HomeClock
from souk.edge.nginx import figures
from souk.edge.nginx.figures import AccessLog, LogLine, first_byte_s
from souk.edge.usage import Usage

LINE = LogLine(
    at=1_795_297_422,
    seller="org_1",
    status=200,
    sent=1000,
    hit="400",
    began="0.001 : 0.004, 0.100",
    whole="OK",
    method="GET",
)


_milliseconds = itertools.cycle(range(1000))


def line(**changes: object) -> bytes:
    text = msgspec.json.encode(msgspec.structs.replace(LINE, **changes)) + b"\n"
    return text.replace(b",", b".%03d," % next(_milliseconds), 1)


class Log:
    """A log that is read as nginx writes it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "access.log"
        self.usage = Usage(first_number=0)
        self.reopened = 0
        self.read = AccessLog(
            self.file, self.usage, clock=HomeClock(own=lambda: 0.0), reopen=self.reopen
        )

    def reopen(self) -> None:
        self.reopened += 1
        self.file.write_bytes(b"")

    def write(self, text: bytes) -> None:
        with self.file.open("ab") as file:
            file.write(text)

    def sums(self) -> tuple[int, int, int, int]:
        batch = self.usage.batch()
        assert batch is not None
        (found,) = batch.lines
        return found.requests, found.bytes_sent, found.hit_bytes, found.errors


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


async def test_lines_count_once_wherever_reading_cuts_them(log: Log) -> None:
    text = line() + line(hit="", status=206, sent=7) + line(hit="5000")
    for at in range(0, len(text), 37):
        log.write(text[at : at + 37])
        await log.read.read()
        await log.read.read()
    assert log.sums() == (3, 2007, 1400, 0)


async def test_what_was_cut_off_or_failed_is_an_error(log: Log) -> None:
    log.write(line(whole="") + line(status=502, sent=99) + b"not a line\n" + line(status=403))
    await log.read.read()
    assert log.sums() == (3, 1000, 400, 2)
    assert log.read.unread_lines == 1


async def test_a_long_log_gives_way_to_another(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "ROTATE_BYTES", 1000)
    for _ in range(3):
        log.write(line() * 10)
        await log.read.read()
    assert log.reopened == 3
    assert log.sums() == (30, 30_000, 12_000, 0)
    assert log.file.read_bytes() == b""


@pytest.mark.parametrize(
    ("began", "seconds"),
    [
        ("-", 0.0),
        ("", 0.0),
        ("0.250", 0.25),
        ("0.001 : 0.004", 0.005),
        ("0.001 : 0.004, 0.100, 0.200", 0.005),
        ("0.001 : -", 0.001),
    ],
)
def test_the_first_byte_is_what_was_waited_for(began: str, seconds: float) -> None:
    assert first_byte_s(began) == pytest.approx(seconds)
