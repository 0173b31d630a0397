"""A bench's findings as Markdown, in the terminal and in the benchmarks page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE_HEAD: Final = """# Benchmarks

Each promise in numbers, as last measured, beside its peer or limit from the same run. `make bench`
(or `python -m bench NAME…`) measures them again and rewrites this page. Latencies under load are
open-loop: they count from the time a request was due, so a stall shows in full.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One promise: what was measured, what was promised, and the peer or limit beside it.

    `reached` None means nothing was promised; `bounded_by` says why a promise was not reached.
    """

    what: str
    measured: str
    promised: str = ""
    reached: bool | None = None
    beside: str = ""
    bounded_by: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table beside the promises."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """What one bench found."""

    title: str
    how: str
    lines: Sequence[Line]
    tables: Sequence[Table] = ()
    machine: str = ""
    measured_on: str = ""

    @property
    def missed(self) -> Sequence[Line]:
        """The promises that were not reached."""
        return [line for line in self.lines if line.reached is False]

    def markdown(self) -> str:
        """The section as Markdown, from its heading on."""
        parts = [f"## {self.title}", self.how.strip(), _promises(self.lines)]
        for table in self.tables:
            parts.append(f"**{table.title}**\n\n{markdown_table(table.columns, table.rows)}")
        if self.machine:
            parts.append(f"Measured {self.measured_on} on: {self.machine}")
        return "\n\n".join(parts) + "\n"


def _promises(lines: Sequence[Line]) -> str:
    rows = [
        (line.what, line.measured, line.promised, _verdict(line), line.beside) for line in lines
    ]
    return markdown_table(("what", "measured", "promised", "reached", "beside it"), rows)


def _verdict(line: Line) -> str:
    if line.reached is None:
        return ""
    if line.reached:
        return "yes"
    return f"**no**: bounded by {line.bounded_by}" if line.bounded_by else "**no**"


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns also line up in a terminal."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (columns, *rows)]
    widths = [max(3, *(len(row[index]) for row in cells)) for index in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    head, *body = cells
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(head), rule, *(line(row) for row in body)])


def write_section(page: Path, name: str, markdown: str) -> None:
    """Puts a section between its markers in the page, and leaves the rest of the page alone.

    The page is made when it is not there; a section that is new goes to its end.
    """
    begin, end = f"<!-- bench {name} -->", f"<!-- end of bench {name} -->"
    text = page.read_text(encoding="utf-8") if page.exists() else PAGE_HEAD
    block = f"{begin}\n{markdown.strip()}\n{end}"
    if begin in text and end in text:
        before, rest = text.split(begin, 1)
        text = before + block + rest.split(end, 1)[1]
    else:
        text = f"{text.rstrip()}\n\n{block}\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    scratch = page.with_suffix(".new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(page)
