"""How a node learns of sites, keeps them, and finds the one that a request is for."""

import typing
from pathlib import Path

import msgspec

from souk.edge.sites import Site, SiteNews, SiteRules, Sites, host_name
from souk_client.contracts.sites import SiteRules as ToldRules


def site(site_id: str, *hosts: str) -> Site:
    return Site(
        id=site_id,
        organisation_id="org_1",
        kind="origin",
        hosts=hosts,
        upstream="https://origin.example.org",
    )


def news(number: int, *sites: Site, whole: bool = False, removed: tuple[str, ...] = ()) -> SiteNews:
    return SiteNews(number=number, whole=whole, more=False, sites=sites, removed=removed)


def test_a_node_goes_on_with_the_sites_it_knew(tmp_path: Path) -> None:
    sites = Sites(tmp_path / "sites.json")
    sites.load()
    assert (sites.number, sites.all()) == (0, [])
    sites.take(news(3, site("sit_1", "one.example"), site("sit_2")))
    sites.take(news(5, site("sit_3"), removed=("sit_2",)))
    again = Sites(tmp_path / "sites.json")
    again.load()
    assert again.number == 5
    assert {one.id for one in again.all()} == {"sit_1", "sit_3"}
    again.take(news(1, site("sit_9"), whole=True))
    assert [one.id for one in again.all()] == ["sit_9"]


def test_a_file_that_cannot_be_read_is_heard_anew(tmp_path: Path) -> None:
    (tmp_path / "sites.json").write_bytes(b'{"number": 7, "sites": [')
    sites = Sites(tmp_path / "sites.json")
    sites.load()
    assert sites.number == 0


def test_a_request_finds_its_site_by_host_or_path(tmp_path: Path) -> None:
    sites = Sites(tmp_path / "sites.json")
    sites.own_hosts = frozenset({"node.example"})
    sites.take(news(1, site("sit_1", "one.example", "node.example"), site("sit_2")))
    by_host = sites.find("ONE.example.:8080", "/a%2Fb")
    assert by_host is not None and (by_host.site.id, by_host.path) == ("sit_1", "/a%2Fb")
    by_path = sites.find("node.example", "/s/sit_2/x")
    assert by_path is not None and (by_path.site.id, by_path.path) == ("sit_2", "/x")
    assert sites.find("node.example", "/x") is None
    assert sites.find(None, "/s/sit_2") is None
    assert sites.find("other.example", "/s/sit_9/x") is None


def test_names_of_hosts() -> None:
    for text in ("A.example", "a.example:80", "a.example.", " a.EXAMPLE.:1 "):
        assert host_name(text) == "a.example"


def test_rules_as_told_are_rules_as_kept() -> None:
    told = {field.name for field in msgspec.structs.fields(ToldRules)}
    kept = {field.name for field in msgspec.structs.fields(SiteRules)}
    assert told == kept
    assert msgspec.convert(msgspec.to_builtins(ToldRules()), SiteRules) == SiteRules()
    assert typing.get_type_hints(SiteRules)
