"""Installing into a workspace: plans, locks, licences, permissions, roll-back, over the SDK."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.plugins import AcceptedPermission, WantedPlugin, Workspace
from souk_client.contracts.works import LicenceTerms, OfferRequest
from souk_client.sdk import Souk, SoukApiError
from tests.market import organisation_of, refused, sign_up
from tests.works.plugins.conftest import Author

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]


def want(plugin: str, versions: str = "*", channel: str = "stable") -> WantedPlugin:
    return WantedPlugin(plugin=plugin, range=versions, channel=channel)  # type: ignore[arg-type]


def versions(workspace: Workspace) -> dict[str, str]:
    return {one.plugin: one.version for one in workspace.lock.plugins}


def test_what_is_needed_comes_along_and_goes_again(
    author: Author, grace: Souk, workspace: str
) -> None:
    low = author.publish("1.0.0", "1.2.0", "2.0.0")
    middle = author.publish("1.0.0", dependencies={low: "^1"})
    top = author.publish("1.0.0", dependencies={middle: "*"})
    plan = grace.workspaces.plan(workspace, install=[want(top)])
    assert [(c.plugin, c.kind, c.to_version) for c in plan.changes] == sorted(
        [(low, "add", "1.2.0"), (middle, "add", "1.0.0"), (top, "add", "1.0.0")]
    )
    assert grace.workspaces.get(workspace).lock.number == 0, "a plan changes nothing"
    after = grace.workspaces.change(workspace, install=[want(top)], expected_lock=plan.lock)
    assert after.lock.number == 1
    assert versions(after) == {low: "1.2.0", middle: "1.0.0", top: "1.0.0"}
    needed = {one.plugin: (one.requested, one.needed_by) for one in after.lock.plugins}
    assert needed == {low: (False, [middle]), middle: (False, [top]), top: (True, [])}
    with refused("plugin_needed", 409):
        grace.workspaces.change(workspace, remove=[low])
    emptied = grace.workspaces.change(workspace, remove=[top])
    assert (emptied.lock.number, emptied.lock.plugins) == (2, [])
    assert grace.workspaces.change(workspace, remove=[top]).lock.number == 2, "nothing to do"


def test_the_lock_names_every_file_and_gives_its_bytes(
    author: Author, grace: Souk, workspace: str, base_url: str
) -> None:
    plugin = author.publish("1.0.0")
    grace.workspaces.change(workspace, install=[want(plugin)])
    author.retire(plugin)
    (one,) = grace.workspaces.get(workspace).lock.plugins
    assert [file.path for file in one.files] == ["plugin.toml", "run.wasm"]
    for file in one.files:
        content = grace.workspaces.file(workspace, one.listing_id, file.path)
        assert hashlib.sha256(content).hexdigest() == file.sha256
    with refused("locked_file_unknown", 404):
        grace.workspaces.file(workspace, one.listing_id, "other.wasm")
    with refused("workspace_unknown", 404):
        sign_up(base_url).workspaces.file(workspace, one.listing_id, "run.wasm")


def test_installing_again_changes_nothing_and_upgrading_moves(
    author: Author, grace: Souk, workspace: str
) -> None:
    low = author.publish("1.0.0")
    top = author.publish("1.0.0", dependencies={low: "*"})
    grace.workspaces.change(workspace, install=[want(top)])
    author.publish("1.1.0", address=low)
    author.publish("1.1.0", address=top, dependencies={low: "*"})
    again = grace.workspaces.change(workspace, install=[want(top)])
    assert (again.lock.number, versions(again)) == (1, {low: "1.0.0", top: "1.0.0"})
    found = {one.plugin: one for one in grace.workspaces.outdated(workspace).items}
    assert {name: (o.installed, o.upgrade) for name, o in found.items()} == {
        low: ("1.0.0", "1.1.0"), top: ("1.0.0", "1.1.0")
    }  # fmt: skip
    upgraded = grace.workspaces.change(workspace, upgrade=[top])
    assert versions(upgraded) == {low: "1.0.0", top: "1.1.0"}, "what it needs still fits"
    assert versions(grace.workspaces.change(workspace, upgrade_all=True)) == {
        low: "1.1.0", top: "1.1.0"
    }  # fmt: skip
    assert grace.workspaces.outdated(workspace).items == []
    with refused("plugin_not_installed", 404):
        grace.workspaces.change(workspace, upgrade=["nobody/knows"])


def test_pre_releases_are_for_the_beta_channel(author: Author, grace: Souk, workspace: str) -> None:
    plugin = author.publish("1.0.0", "2.0.0-beta.1")
    stable = grace.workspaces.change(workspace, install=[want(plugin)])
    assert versions(stable) == {plugin: "1.0.0"}
    beta = grace.workspaces.change(workspace, install=[want(plugin, channel="beta")])
    assert versions(beta) == {plugin: "2.0.0-beta.1"}
    back = grace.workspaces.change(workspace, install=[want(plugin)])
    assert versions(back) == {plugin: "1.0.0"}
    assert [(v.version, v.channel) for v in grace.plugins.get(plugin).versions] == [
        ("2.0.0-beta.1", "beta"), ("1.0.0", "stable")
    ]  # fmt: skip


def test_a_withdrawn_version_stays_where_it_is_and_goes_nowhere_else(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugin = author.publish("1.0.0", "1.1.0")
    grace.workspaces.change(workspace, install=[want(plugin)])
    with refused("not_listing_manager", 403):
        grace.plugins.yank(plugin, "1.1.0", reason="it is mine")
    yanked = author.client.plugins.yank(plugin, "1.1.0", reason="It loses data")
    assert (yanked.release.yanked, yanked.release.yank_reason) == (True, "It loses data")
    other = author.publish("1.0.0")
    both = grace.workspaces.change(workspace, install=[want(other)])
    assert versions(both)[plugin] == "1.1.0"
    assert [o.yanked for o in grace.workspaces.outdated(workspace).items] == [True]
    fresh = grace.workspaces.create(name=f"Fresh {plugin}").id
    assert versions(grace.workspaces.change(fresh, install=[want(plugin)])) == {plugin: "1.0.0"}
    assert versions(grace.workspaces.change(workspace, upgrade=[plugin]))[plugin] == "1.0.0"
    author.client.plugins.unyank(plugin, "1.1.0")
    assert versions(grace.workspaces.change(fresh, upgrade_all=True)) == {plugin: "1.1.0"}


def test_a_retired_plugin_stays_but_cannot_be_had_anew(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugin = author.publish("1.0.0")
    other = author.publish("1.0.0")
    grace.workspaces.change(workspace, install=[want(plugin)])
    author.retire(plugin)
    assert versions(grace.workspaces.change(workspace, install=[want(other)]))[plugin] == "1.0.0"
    fresh = grace.workspaces.create(name=f"Fresh {plugin}").id
    with refused("plugins_conflict", 409) as told:
        grace.workspaces.change(fresh, install=[want(plugin)])
    assert "retired" in str(told.problem)


def test_a_conflict_is_told_with_the_whole_chain(
    author: Author, grace: Souk, workspace: str
) -> None:
    low = author.publish("1.0.0", "2.0.0")
    left = author.publish("1.0.0", dependencies={low: "^1"})
    middle = author.publish("1.0.0", dependencies={low: "^2"})
    right = author.publish("1.0.0", dependencies={middle: "*"})
    with refused("plugins_conflict", 409) as told:
        grace.workspaces.plan(workspace, install=[want(left), want(right)])
    words = str(told.problem)
    assert f"{left} 1.0.0 needs {low} ^1." in words
    assert f"{middle} 1.0.0 needs {low} ^2 (it comes in through {right})." in words
    assert f"Of {low} there are 2.0.0, 1.0.0." in words
    enemy = author.publish("1.0.0", conflicts={low: "*"})
    with refused("plugins_conflict") as told:
        grace.workspaces.change(workspace, install=[want(left), want(enemy)])
    assert f"{enemy} 1.0.0 cannot be beside {low} *." in str(told.problem)
    future = author.publish("1.0.0", souk="^2.0")
    with refused("plugins_conflict") as told:
        grace.workspaces.change(workspace, install=[want(future)])
    assert "for plug-in API ^2.0, here it is 1.0.0" in str(told.problem)
    assert grace.workspaces.get(workspace).lock.number == 0


def test_new_permissions_are_granted_one_by_one(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugin = author.publish("1.0.0", permissions=["storage"])
    (asked,) = grace.workspaces.plan(workspace, install=[want(plugin)]).new_permissions
    assert (asked.permission, asked.accepted) == ("storage", False)
    assert asked.words == "Keep data of its own in the workspace"
    with refused("permissions_not_accepted", 409):
        grace.workspaces.change(workspace, install=[want(plugin)])
    storage = AcceptedPermission(plugin=plugin, permission="storage")
    grace.workspaces.change(workspace, install=[want(plugin)], accept_permissions=[storage])
    author.publish("1.1.0", address=plugin, permissions=["storage", "network:api.example.org"])
    plan = grace.workspaces.plan(workspace, upgrade=[plugin])
    assert [one.permission for one in plan.new_permissions] == ["network:api.example.org"]
    with refused("permissions_not_accepted"):
        grace.workspaces.change(workspace, upgrade=[plugin], accept_permissions=[storage])
    network = AcceptedPermission(plugin=plugin, permission="network:api.example.org")
    done = grace.workspaces.change(workspace, upgrade=[plugin], accept_permissions=[network])
    assert done.lock.plugins[0].permissions == ["network:api.example.org", "storage"]


def test_a_paid_plugin_is_bought_first_also_when_another_needs_it(
    author: Author, grace: Souk, workspace: str
) -> None:
    paid = author.publish("1.0.0", price_minor=700)
    free = author.publish("1.0.0", dependencies={paid: "*"})
    (bill,) = grace.workspaces.plan(workspace, install=[want(free)]).to_buy
    assert (bill.plugin, bill.price_minor, bill.currency) == (paid, 700, "USD")
    with refused("plugin_licence_needed", 402):
        grace.workspaces.change(workspace, install=[want(free)])
    order = grace.orders.create(OrderRequest(listing_id=bill.listing_id))
    done = grace.workspaces.change(workspace, install=[want(free)])
    assert versions(done) == {free: "1.0.0", paid: "1.0.0"}
    grace.workspaces.file(workspace, bill.listing_id, "run.wasm")
    author.client.licences.revoke(order.licence_id or "", reason="charge-back")
    with refused("plugin_licence_needed", 402):
        grace.workspaces.file(workspace, bill.listing_id, "run.wasm")
    own = author.client.workspaces.create(name=f"Own {paid}").id
    assert versions(author.client.workspaces.change(own, install=[want(paid)])) == {paid: "1.0.0"}


def test_a_free_trial_beside_a_paid_edition_is_no_gift(
    author: Author, grace: Souk, workspace: str
) -> None:
    trial = OfferRequest(
        edition="trial", price_minor=0, terms=LicenceTerms(kind="timed", duration_days=7)
    )
    plugin = author.name()
    author.draft(plugin, offers=[trial, OfferRequest(edition="full", price_minor=900)])
    author.publish("1.0.0", address=plugin)
    with refused("plugin_licence_needed", 402):
        grace.workspaces.change(workspace, install=[want(plugin)])
    offers = {one.edition: one.id for one in grace.listings.get(plugin).offers}
    listing_id = author.listing(plugin).id
    order = grace.orders.create(OrderRequest(listing_id=listing_id, offer_id=offers["trial"]))
    installed = grace.workspaces.change(workspace, install=[want(plugin)])
    assert versions(installed) == {plugin: "1.0.0"}
    author.client.licences.revoke(order.licence_id or "", reason="the trial is over")
    with refused("plugin_licence_needed", 402):
        grace.workspaces.file(workspace, listing_id, "run.wasm")


def test_a_plugin_that_is_sold_no_more_is_not_free_for_who_gave_it_back(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugin = author.publish("1.0.0", price_minor=700)
    listing = author.client.listings.get(author.listing(plugin).id)
    order = grace.orders.create(OrderRequest(listing_id=listing.id))
    grace.workspaces.change(workspace, install=[want(plugin)])
    author.retire(plugin)
    author.client.listings.withdraw_offer(listing.offers[0].id)
    grace.workspaces.file(workspace, listing.id, "run.wasm")
    author.client.orders.refund(order.id)
    with refused("plugin_licence_needed", 402):
        grace.workspaces.file(workspace, listing.id, "run.wasm")


def test_rolling_back_brings_the_earlier_lock_exactly(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugin = author.publish("1.0.0")
    first = grace.workspaces.change(workspace, install=[want(plugin, "^1")])
    author.publish("2.0.0", address=plugin)
    grace.workspaces.change(workspace, install=[want(plugin, "^2")])
    back = grace.workspaces.roll_back(workspace)
    assert back.lock.number == 3
    assert (back.lock.plugins, back.lock.wanted) == (first.lock.plugins, first.lock.wanted)
    assert grace.workspaces.roll_back(workspace, to=0).lock.plugins == []
    with refused("lock_unknown", 404):
        grace.workspaces.roll_back(workspace, to=9)
    with refused("workspace_moved", 409):
        grace.workspaces.roll_back(workspace, expected_lock=1)
    told = [one.summary for one in grace.workspaces.locks(workspace).items]
    assert told == [
        "rolled back to lock 0",
        "rolled back to lock 1",
        f"{plugin} 1.0.0 → 2.0.0",
        f"added {plugin} 1.0.0",
    ]
    assert grace.workspaces.lock(workspace, 2).plugins[0].version == "2.0.0"


def test_changes_at_the_same_time_wait_for_each_other(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugins = [author.publish("1.0.0") for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: grace.workspaces.change(workspace, install=[want(one)]), plugins))
    after = grace.workspaces.get(workspace)
    assert (after.lock.number, sorted(versions(after))) == (6, sorted(plugins))

    def planned(plugin: str) -> bool:
        try:
            grace.workspaces.change(workspace, remove=[plugin], expected_lock=6)
        except SoukApiError as error:
            assert error.code == "workspace_moved"
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(planned, plugins)) == 1


def test_only_members_see_a_workspace_and_only_managers_change_it(
    author: Author, grace: Souk, workspace: str, base_url: str
) -> None:
    stranger = sign_up(base_url)
    for attempt in (
        lambda: stranger.workspaces.get(workspace),
        lambda: stranger.workspaces.plan(workspace),
        lambda: stranger.workspaces.change(workspace, upgrade_all=True),
        lambda: stranger.workspaces.roll_back(workspace),
        lambda: stranger.workspaces.locks(workspace),
        lambda: stranger.workspaces.lock(workspace, 0),
        lambda: stranger.workspaces.outdated(workspace),
        lambda: stranger.workspaces.rename(workspace, name="Mine"),
    ):
        with refused("workspace_unknown", 404):
            attempt()
    with refused("organisation_unknown", 404):
        stranger.workspaces.create(name="Mine", organisation_id=organisation_of(grace))
    assert stranger.workspaces.list().items == []


def test_names_are_one_of_a_kind_in_an_organisation(grace: Souk) -> None:
    first = grace.workspaces.create(name="  Blue   room ")
    assert first.name == "Blue room"
    with refused("workspace_name_taken", 409):
        grace.workspaces.create(name="blue room")
    second = grace.workspaces.create(name="Green room")
    with refused("workspace_name_taken"):
        grace.workspaces.rename(second.id, name="BLUE ROOM")
    assert grace.workspaces.rename(second.id, name="GREEN room").name == "GREEN room"
    listed = [one.name for one in grace.workspaces.list(limit=2).items]
    assert listed == ["GREEN room", "Blue room"]


def test_use_is_counted_by_workspace_and_version(
    author: Author, grace: Souk, workspace: str
) -> None:
    plugin = author.publish("1.0.0", "1.1.0")
    other = author.publish("1.0.0", dependencies={plugin: "^1.0"})
    grace.workspaces.change(workspace, install=[want(plugin, "1.0.0")])
    elsewhere = author.client.workspaces.create(name=f"For {plugin}").id
    author.client.workspaces.change(elsewhere, install=[want(other)])
    page = grace.plugins.get(plugin)
    assert (page.installs, page.dependents) == (2, 1)
    assert {v.version: v.installs for v in page.versions} == {"1.1.0": 1, "1.0.0": 1}
    grace.workspaces.change(workspace, remove=[plugin])
    assert grace.plugins.get(plugin).installs == 1


@pytest.mark.parametrize("text", ["^", "1.2.3.4", "latest", ">=", "1 ||", "9" * 100])
def test_a_range_that_is_none_is_refused(
    author: Author, grace: Souk, workspace: str, text: str
) -> None:
    plugin = author.publish("1.0.0")
    with pytest.raises(SoukApiError) as caught:
        grace.workspaces.plan(workspace, install=[want(plugin, text)])
    assert caught.value.status in (400, 422)


def test_a_plugin_that_is_not_there_is_unknown(author: Author, grace: Souk, workspace: str) -> None:
    draft = author.name()
    author.draft(draft)
    author.add_version(draft, "1.0.0")
    for plugin in (draft, "nobody/nothing"):
        with refused("plugin_unknown", 404):
            grace.workspaces.plan(workspace, install=[want(plugin)])
        with refused("plugin_unknown", 404):
            grace.plugins.get(plugin)
