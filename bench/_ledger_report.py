"""The ledger bench's findings: rates by round, whose the processor was, and the promises."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench._cpu import CpuTimes
from bench._harness import Line, Section, Table, format_duration, percentiles

CALLERS: Final = 64
WALLETS: Final = 10_000
ROUNDS: Final = 3
SINGLE_GOAL: Final = 8_000
BULK_GOAL: Final = 25_000
P99_GOAL_S: Final = 0.050
HOW: Final = f"""
Sales between {WALLETS:,} wallets, four postings each (buyer, seller, the platform's revenue, its
compliance account), on the embedded PostgreSQL with fsync and synchronous commits on. A transfer
counts once its commit was acknowledged to its caller. The callers, the ledger's Python and
PostgreSQL share the machine. Every way is measured in {ROUNDS} rounds, one after the other in each
round, and its median is given. *Ready-made batches* are the ledger's own function without any
Python: one connection, arguments made before. *Bare SQL* stores the same rows with no rule at all:
no check of sums, floors, currencies or repeats, no row-level security, no balance after each.
"""


@dataclass(slots=True)
class Found:
    """What one way reached, round by round."""

    rates: list[float] = field(default_factory=list)
    used: CpuTimes = CpuTimes(0, 0, 0, 0)  # noqa: RUF009 - frozen

    def add(self, rate: float, used: CpuTimes) -> None:
        """Notes a round."""
        self.rates.append(rate)
        self.used = self.used.plus(used)

    @property
    def rate(self) -> float:
        """The median."""
        return statistics.median(self.rates)

    @property
    def row(self) -> list[str]:
        """For the table: the rounds, the median, and who used the processor."""
        share = self.used.clock_s * (os.cpu_count() or 1)
        return [
            *(f"{rate:,.0f}" for rate in self.rates),
            f"{self.rate:,.0f}",
            f"{self.used.server_s / share:.0%}",
            f"{self.used.own_s / share:.0%}",
            f"{self.used.others_share:.0%}",
        ]


def report(
    found: dict[str, Found],
    *,
    latencies_s: Sequence[float],
    acknowledged: int,
    problems: Sequence[str],
) -> Section:
    """The promises, each beside its peers, and every round."""
    rate = {name: each.rate for name, each in found.items()}
    single, bulk = rate["submit, 64 callers"], rate["submit_many"]
    latency = percentiles(latencies_s)
    lines = [
        Line(
            what=f"transfers of {CALLERS} concurrent callers, one each",
            measured=f"{single:,.0f}/s",
            promised=f"≥ {SINGLE_GOAL:,}/s",
            reached=single >= SINGLE_GOAL,
            beside=f"{rate['post, one at a time']:,.0f}/s one at a time; "
            f"{rate['ready-made batches of 64']:,.0f}/s in ready-made batches of 64; "
            f"{rate['bare SQL, batches of 64']:,.0f}/s as bare SQL in batches of 64",
            bounded_by=_bound(found["submit, 64 callers"].used),
        ),
        Line(
            what=f"their wait for the commit ({latency.count:,} transfers)",
            measured=str(latency),
            promised=f"p99 < {format_duration(P99_GOAL_S)}",
            reached=latency.p99 < P99_GOAL_S,
            bounded_by=_bound(found["submit, 64 callers"].used),
        ),
        Line(
            what="transfers through the bulk call",
            measured=f"{bulk:,.0f}/s",
            promised=f"≥ {BULK_GOAL:,}/s",
            reached=bulk >= BULK_GOAL,
            beside=f"{rate['ready-made batches of 1,000']:,.0f}/s in ready-made batches of 1,000; "
            f"{rate['bare SQL, batches of 1,000']:,.0f}/s as bare SQL in batches of 1,000",
            bounded_by=_bound(found["submit_many"].used),
        ),
        Line(
            what=f"all rules of the books, over {acknowledged:,} acknowledged sales",
            measured="; ".join(problems) or "all hold, none is lost",
            promised="all hold",
            reached=not problems,
        ),
    ]
    table = Table(
        title="Every way, round by round: transfers a second, and whose the processor was",
        columns=(
            "way",
            *(f"round {number + 1}" for number in range(ROUNDS)),
            "median",
            "PostgreSQL",
            "this process",
            "others",
        ),
        rows=[(name, *each.row) for name, each in found.items()],
    )
    return Section(title="Ledger", how=HOW, lines=lines, tables=[table])


def _bound(used: CpuTimes) -> str:
    cores = os.cpu_count() or 1
    ours = (used.server_s + used.own_s) / (used.clock_s * cores)
    return (
        f"the processor: the books had {ours:.0%} of its {cores} cores and other programs "
        f"{used.others_share:.0%}; one connection writes, so a single core is PostgreSQL's limit"
    )
