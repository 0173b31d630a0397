"""Pictures of the marketplace's answers, for a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from souk_client.contracts.commerce import Order, Revenue
from souk_client.contracts.insight import Notice
from souk_client.contracts.treasury import StatementLine, Wallet
from souk_client.contracts.works import Listing
from souk_client.sdk.money import format_amount


def facts(title: str, pairs: Mapping[str, object]) -> Panel:
    """Names and values in a box."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in pairs.items():
        grid.add_row(name, Text(str(value)))
    return Panel(grid, title=title, title_align="left", border_style="cyan", expand=False)


def listing(found: Listing) -> Panel:
    """A published listing as its page would show it."""
    offer = found.offers[0]
    version = found.versions[0]
    size_kib = version.size_bytes / 1024
    return facts(
        found.title,
        {
            "address": found.address,
            "state": found.state,
            "price": format_amount(offer.price_minor, offer.currency),
            "split": offer.split,
            "licence": found.licence,
            "version": f"{version.version}, {len(version.files)} files, {size_kib:,.0f} KiB",
            "metrics": ", ".join(f"{metric.name} {metric.value:g}" for metric in found.metrics),
            "tags": ", ".join(found.tags),
        },
    )


def split(order: Order) -> Table:
    """Who gets how much of a sale."""
    table = Table("role", "who", title=f"Order {order.number}: the split", title_justify="left")
    table.add_column("share", justify="right")
    table.add_column("amount", justify="right")
    for share in order.shares:
        who = share.organisation.name if share.organisation else "the marketplace"
        amount = format_amount(share.amount_minor, order.currency)
        table.add_row(share.role, who, f"{share.basis_points / 100:g} %", amount)
    table.add_section()
    table.add_row("together", "", "", format_amount(order.price_minor, order.currency))
    return table


def wallets(rows: Iterable[tuple[str, Wallet]]) -> Table:
    """What everyone has now."""
    table = Table("wallet of", "balances", title="Wallets", title_justify="left")
    for name, wallet in rows:
        amounts = [format_amount(one.available_minor, one.currency) for one in wallet.balances]
        table.add_row(name, ", ".join(amounts) or "nothing")
    return table


def statement(title: str, lines: Sequence[StatementLine]) -> Table:
    """Movements on a wallet, newest first."""
    table = Table("kind", title=title, title_justify="left")
    table.add_column("amount", justify="right")
    table.add_column("balance after", justify="right")
    table.add_column("for", style="dim")
    for line in lines:
        table.add_row(
            line.kind,
            format_amount(line.amount_minor, line.currency),
            format_amount(line.balance_after_minor, line.currency),
            line.reference or line.note,
        )
    return table


def notices(rows: Iterable[tuple[str, Sequence[Notice]]]) -> Table:
    """What the bell of each person shows."""
    table = Table("bell of", "notice", title="Notices", title_justify="left")
    for name, told in rows:
        for notice in told:
            table.add_row(name, notice.title)
    return table


def revenue(earned: Revenue) -> Table:
    """A seller's revenue by listing."""
    table = Table("listing", title="Revenue", title_justify="left")
    table.add_column("orders", justify="right")
    table.add_column("reached the seller", justify="right")
    for row in earned.by_listing:
        table.add_row(row.title, str(row.orders), format_amount(row.net_minor, row.currency))
    return table
