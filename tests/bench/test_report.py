"""Percentiles, tables and the benchmarks page."""

from pathlib import Path

import pytest
from bench._harness import Line, Section, Table, format_duration, machine_line, percentiles
from bench._report import write_section
from click.testing import CliRunner

from bench import __main__ as command

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"


def test_percentiles_are_by_nearest_rank_of_every_value() -> None:
    found = percentiles([value / 1000 for value in range(1000, 0, -1)])
    assert (found.p50, found.p90, found.p99, found.p999, found.max) == (
        0.5,
        0.9,
        0.99,
        0.999,
        1.0,
    )
    assert percentiles([3.0]).p50 == 3.0
    with pytest.raises(ValueError, match="nothing was measured"):
        percentiles([])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1.234, "1.23 s"),
        (0.0123, "12.3 ms"),
        (3.5e-6, "3.50 µs"),
        (4.12e-7, "412 ns"),
        (0, "0.00 ns"),
    ],
)
def test_durations_have_three_digits(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


def _section(measured: str) -> Section:
    lines = [
        Line("transfers", measured, "≥ 8,000/s", reached=True, beside="SQL: 9,000/s"),
        Line("upload | part", "50 %", "≥ 60 %", reached=False, bounded_by="one core hashing"),
    ]
    return Section("Ledger", "How.", lines, [Table("Rates", ("a", "b"), [("1", "2")])])


def test_a_missed_promise_stays_in_the_table_with_what_bounds_it() -> None:
    section = _section("8,500/s")
    text = section.markdown()
    assert "**no**: bounded by one core hashing" in text
    assert "upload \\| part" in text
    assert [line.what for line in section.missed] == ["upload | part"]
    table = [line for line in text.splitlines() if line.startswith("|")][:4]
    assert len({len(line) for line in table}) == 1


def test_sections_are_replaced_between_their_markers_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "reference" / "benchmarks.md"
    write_section(page, "ledger", _section("1/s").markdown())
    write_section(page, "search", "## Search\n")
    page.write_text(page.read_text() + "\nA remark by hand.\n")
    write_section(page, "ledger", _section("2/s").markdown())
    text = page.read_text()
    assert text.startswith("# Benchmarks")
    assert "2/s" in text
    assert "1/s |" not in text
    assert text.count("## Ledger") == text.count("## Search") == 1
    assert text.index("## Ledger") < text.index("## Search") < text.index("A remark by hand.")


def test_the_machine_line_names_processor_memory_kernel_and_versions() -> None:
    line = machine_line()
    assert " cores, " in line
    assert "GiB memory, Linux " in line
    assert "Python 3." in line
    assert "granian " in line


def test_the_command_names_the_benches_there_are_when_told_another() -> None:
    done = CliRunner().invoke(command.main, ["no-such-bench"])
    assert done.exit_code == 2
    assert "no-such-bench" in done.output


def test_the_page_says_of_every_promise_that_is_not_reached_what_bounds_it() -> None:
    rows = [row for row in PAGE.read_text().splitlines() if "**no**" in row]
    assert rows
    assert [row for row in rows if "**no**: bounded by " not in row] == []


def test_the_page_says_that_the_edge_nodes_were_off_where_they_were() -> None:
    sections = PAGE.read_text().split("<!-- bench ")[1:]
    for section in sections:
        words = " ".join(section.split())
        if "`souk up` starts it" in words or section.startswith("download "):
            assert "its edge nodes off" in words, section.partition(" ")[0]
