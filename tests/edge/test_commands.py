"""Home's commands: only home's, for this node and of now; in their order, once, none left out."""

from pathlib import Path

import msgspec
import pytest

from souk.edge.commands import Commands, CommandsRefused, Revocations, read_commands
from souk.edge.disk import SliceDisk, SliceKey
from souk.edge.eviction import S3Fifo
from souk.edge.labels import Labels
from souk.edge.pins import Pinned
from souk.edge.protocol import COMMANDS_KIND, Command, CommandKind, SignedCommands
from souk.edge.store import SliceStore
from souk.edge.tickets import EdgeTicket
from souk_client.proofs.canonical import encode_base64url
from tests.edge.making import KEY, NOW, reader, ticket_for

ONE = ticket_for(b"one")
TWO = ticket_for(b"two", listing_id="lst_2", address="ada/charts")
THREE = ticket_for(b"three", listing_id="lst_3", organisation_id="org_2", address="bob/maps")


async def kept(folder: Path, *tickets: EdgeTicket) -> SliceStore:
    store = SliceStore(
        SliceDisk(folder / "slices", free_bytes_kept=0),
        Labels(folder / "labels"),
        eviction=Pinned(S3Fifo[SliceKey](10**6), limit_bytes=10**6),
        memory_bytes=10**6,
    )
    await store.load()
    for ticket in tickets:
        store.labels.add(ticket)
        content = {ONE: b"one", TWO: b"two", THREE: b"three"}[ticket]
        await store.put(SliceKey(ticket.sha256, 0), content, generation=store.generation)
    return store


def command(number: int, kind: CommandKind, value: str) -> Command:
    return Command(number=number, kind=kind, value=value)


@pytest.mark.parametrize(
    ("kind", "value", "left"),
    [
        ("artifact", ONE.sha256, {TWO.sha256, THREE.sha256}),
        ("tag", "listing:lst_2", {ONE.sha256, THREE.sha256}),
        ("tag", "organisation:org_1", {THREE.sha256}),
        ("tag", "organisation:org_9", {ONE.sha256, TWO.sha256, THREE.sha256}),
        ("prefix", "/ada/maps/", {TWO.sha256, THREE.sha256}),
        ("prefix", "/ada/", {THREE.sha256}),
        ("all", "", set()),
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_purge_drops_what_it_names(
    tmp_path: Path, kind: CommandKind, value: str, left: set[str], restarted: bool
) -> None:
    store = await kept(tmp_path, ONE, TWO, THREE)
    if restarted:
        store = await kept(tmp_path)
    commands = Commands(store, Revocations(), file=tmp_path / "applied")
    assert await commands.apply([command(1, kind, value)], after=0, now_s=NOW) == 1
    assert set(store.files()) == left
    for ticket in (ONE, TWO, THREE):
        there = await store.get(SliceKey(ticket.sha256, 0))
        assert (there is not None) == (ticket.sha256 in left)


async def test_without_labels_a_purge_by_tag_lets_nothing_escape(tmp_path: Path) -> None:
    await kept(tmp_path, ONE, THREE)
    (tmp_path / "labels").unlink()
    store = await kept(tmp_path)
    commands = Commands(store, Revocations(), file=tmp_path / "applied")
    await commands.apply([command(1, "tag", "listing:lst_1")], after=0, now_s=NOW)
    assert store.files() == []


async def test_commands_are_done_once_in_their_order_and_a_gap_waits(tmp_path: Path) -> None:
    store = await kept(tmp_path, ONE, TWO)
    revocations = Revocations()
    commands = Commands(store, revocations, file=tmp_path / "applied")
    late = [command(3, "artifact", ONE.sha256), command(4, "revoke", "lic_1")]
    assert await commands.apply(late, after=2, now_s=NOW) == 0
    assert ONE.sha256 in store.files()
    assert "lic_1" in revocations, "a revocation does not wait for what is missing"
    first = [command(1, "artifact", TWO.sha256), command(2, "tag", "listing:none")]
    assert await commands.apply([*first, *late], after=0, now_s=NOW) == 4
    assert store.files() == []
    store = await kept(tmp_path, ONE)
    again = Commands(store, Revocations(), file=tmp_path / "applied")
    assert again.load() and again.applied == 4
    assert await again.apply(late, after=2, now_s=NOW) == 4
    assert store.files() == [ONE.sha256], "what was done is not done again"
    await again.flush(9)
    assert (store.files(), again.applied) == ([], 9)


def message(**changes: object) -> bytes:
    made = SignedCommands(node_id="nod_1", issued_at=NOW, after=0, commands=())
    return msgspec.json.encode(msgspec.structs.replace(made, **changes))


def signature(body: bytes, *, kind: bytes = COMMANDS_KIND) -> str:
    return f"{KEY.public.kid}.{encode_base64url(KEY.sign(kind + body))}"


def test_only_what_home_signed_for_this_node_just_now_is_obeyed() -> None:
    body = message()
    good = {"reader": reader(), "node_id": "nod_1", "now_s": NOW + 30}
    assert read_commands(body, signature(body), **good).node_id == "nod_1"  # type: ignore[arg-type]
    other = message(node_id="nod_2")
    old = message(issued_at=NOW - 31)
    wrong = [
        (body, ""),
        (body, "x.y"),
        (body, signature(other)),
        (body, signature(body, kind=b"souk-edge-ticket-v1\0")),
        (other, signature(other)),
        (old, signature(old)),
        (b"{}", signature(b"{}")),
        (b"\xff", signature(b"\xff")),
    ]
    for text, signed in wrong:
        with pytest.raises(CommandsRefused):
            read_commands(text, signed, **good)  # type: ignore[arg-type]  # one set for all


async def test_a_restarted_node_hears_of_licences_that_ended_before(tmp_path: Path) -> None:
    revocations = Revocations()
    commands = Commands(await kept(tmp_path), revocations, file=tmp_path / "applied")
    await commands.flush(7)
    commands.revoke(["lic_1"], now_s=NOW)
    assert "lic_1" in revocations and "lic_2" not in revocations
    assert commands.applied == 7


def test_revocations_are_remembered_for_as_long_as_tickets_may_be_about() -> None:
    revocations = Revocations()
    for number in range(5000):
        revocations.add(f"old_{number}", now_s=NOW)
    for number in range(5000):
        revocations.add(f"new_{number}", now_s=NOW + 5000)
    assert "new_0" in revocations and "new_4999" in revocations
    assert "old_0" not in revocations, "and no longer"


async def test_what_is_not_here_any_more_has_no_labels(tmp_path: Path) -> None:
    store = await kept(tmp_path, ONE)
    assert store.labels.tagged("listing:lst_2", [ONE.sha256]) == set()
    await store.purge([ONE.sha256])
    assert store.labels.tagged("listing:lst_2", [ONE.sha256]) == {ONE.sha256}
    for number in range(11_000):
        store.labels.add(ticket_for(b"one", address=f"ada/n{number % 20}"))
        if number % 20 == 19:
            store.labels.forget(ONE.sha256)
    assert (tmp_path / "labels").stat().st_size < 11_000 * 150
