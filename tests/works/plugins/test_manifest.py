"""What a manifest may say, every problem at its key; modules that are none never get through."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.works.plugins.documentation import documentation
from souk.works.plugins.errors import ManifestInvalid
from souk.works.plugins.manifest import Manifest, read_manifest
from souk.works.plugins.permissions import KNOWN, permission_problem, permission_words
from souk.works.plugins.ranges import RangeError, parse_range
from souk.works.plugins.wasm import WasmError, exported_functions
from souk_client.contracts.works import ImportItem, ListingRequest, VersionFile, VersionRequest
from souk_client.sdk import SoukApiError
from tests.works.plugins.conftest import Author
from tests.works.plugins.samples import manifest, section, u32, wasm

HERE = "ada/words"


def read(text: str | bytes, version: str = "1.0.0") -> Manifest:
    raw = text.encode() if isinstance(text, str) else text
    return read_manifest(raw, address=HERE, version=version)


def problems(text: str | bytes, version: str = "1.0.0") -> dict[str, str]:
    with pytest.raises(ManifestInvalid) as caught:
        read(text, version)
    return {one.where: one.problem for one in caught.value.problems}


def entry(name: str, lines: str) -> str:
    point = f'[[entry_points]]\nname = "{name}"\n{lines}\nmodule = "m"\nfunction = "f"'
    return manifest("words", more=point)


def setting(lines: str) -> str:
    return manifest("words", more=f"[configuration.properties.x]\n{lines}")


def needing(value: object) -> str:
    return manifest("words", dependencies={"bob/cut": value})


FULL = manifest(
    "words",
    permissions=["storage", "network:*.example.org", "secrets:API_KEY", "events:listing.published"],
    dependencies={"bob/cut": "^1.2", "bob/glue": {"version": ">=1 <3", "optional": True}},
    conflicts={"eve/old": "<2"},
    more="""
[configuration]
required = ["language"]
[configuration.properties.language]
type = "string"
title = "Language"
enum = ["en", "de"]
default = "en"
[configuration.properties.depth]
type = "integer"
minimum = 1
maximum = 9
""",
).replace(
    "[[entry_points]]",
    """[[entry_points]]
name = "on-new"
hook = "event"
event = "listing.published"
module = "run.wasm"
function = "run"

[[entry_points]]""",
)


def test_a_full_manifest_is_read_and_documented() -> None:
    found = read(FULL)
    assert found.name == HERE
    assert {name: (one.range, one.optional) for name, one in found.dependencies.items()} == {
        "bob/cut": ("^1.2", False),
        "bob/glue": (">=1 <3", True),
    }
    assert [(point.name, point.on) for point in found.entry_points] == [
        ("on-new", "listing.published"),
        ("run", None),
    ]
    text = documentation(found)
    for part in ("## Permissions", "## Entry points", "## Configuration", "## Dependencies"):
        assert part in text
    said = '- `language` (string, required, default `"en"`): Language; one of `"en"`, `"de"`'
    assert said in text


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("= no toml", "plugin.toml"),
        (b"\xff\xfe", "plugin.toml"),
        ("x = " + "[" * 5000, "plugin.toml"),
        ("x = " + "9" * 5000, "plugin.toml"),
        ("#" * 70_000, "plugin.toml"),
        (manifest("other"), "name"),
        (manifest("eve/words"), "name"),
        (manifest("words", "2.0.0"), "version"),
        (manifest("words", souk="soon"), "souk"),
        (manifest("words", souk=None), "souk"),
        (manifest("words", colour="red"), "colour"),
        (manifest("words", description=7), "description"),
        (manifest("words", permissions=["fly"]), "permissions[0]"),
        (manifest("words", permissions=["network:localhost"]), "permissions[0]"),
        (manifest("words", permissions=["storage", "storage"]), "permissions[1]"),
        (manifest("words", permissions=["events:everything"]), "permissions[0]"),
        (manifest("words", dependencies={"cut": "*"}), 'dependencies."cut"'),
        (manifest("words", dependencies={HERE: "*"}), f'dependencies."{HERE}"'),
        (manifest("words", dependencies={"bob/cut": "new"}), 'dependencies."bob/cut"'),
        (manifest("words", dependencies={"bob/cut": ">=1.0.0-rc.1"}), 'dependencies."bob/cut"'),
        (needing({"optional": True}), 'dependencies."bob/cut".version'),
        (needing({"version": "*", "optional": 1}), 'dependencies."bob/cut".optional'),
        (manifest("words", conflicts={"bob/cut": 1}), 'conflicts."bob/cut"'),
        (entry("x", 'hook = "fly"'), "entry_points[1].hook"),
        (entry("run", 'hook = "command"'), "entry_points[1].name"),
        (entry("x", 'hook = "event"\nevent = "listing.published"'), "entry_points[1].event"),
        (entry("x", 'hook = "schedule"\nschedule = "daily"'), "entry_points[1].schedule"),
        (entry("x", 'hook = "command"\npath = "/x"'), "entry_points[1].path"),
        (manifest("words", more="[configuration]\ntype = 'string'"), "configuration.type"),
        (setting("type = 'date'"), "configuration.properties.x.type"),
        (setting("type = 'integer'\ndefault = 'a'"), "configuration.properties.x.default"),
        (setting("type = 'integer'\ndefault = 7\nmaximum = 3"),
         "configuration.properties.x.default"),
        (setting("type = 'string'\npattern = '(a+)+'"), "configuration.properties.x.pattern"),
        (manifest("words", more="[configuration]\nrequired = ['y']"), "configuration.required[0]"),
        (setting("type = 'string'\ndefault = \"a\\u0000b\""), "configuration.properties.x.default"),
    ],
)  # fmt: skip
def test_a_problem_points_at_its_key(text: str | bytes, where: str) -> None:
    assert where in problems(text)


def test_all_problems_are_told_at_once() -> None:
    text = manifest("other", "3.0.0", permissions=["fly"], conflicts={"x": "*"})
    assert problems(text).keys() == {"name", "version", "permissions[0]", 'conflicts."x"'}


@settings(max_examples=300)
@given(st.text(max_size=300), st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str, value: str) -> None:
    for candidate in (text, manifest("words", description=value, colour=text)):
        try:
            read(candidate)
        except ManifestInvalid as refused:
            assert all(one.where and one.problem for one in refused.problems)


@given(st.text(max_size=80))
def test_a_description_is_never_markup(words: str) -> None:
    text = documentation(read(FULL.replace("Cuts texts into words.", "plain")))
    assert "plain" in text
    shown = documentation(
        Manifest(
            name=HERE,
            version="1.0.0",
            description=words,
            souk="*",
            permissions=[],
            entry_points=[],
            dependencies={},
            conflicts={},
        )
    )
    head = shown.partition("Version `")[0]
    bare = head.replace("\\\\", "")
    for sign in "<`[*":
        assert bare.count(sign) == bare.count(f"\\{sign}")


@pytest.mark.parametrize("permission", KNOWN)
def test_every_permission_has_words(permission: str) -> None:
    assert permission_problem(permission) is None
    assert permission_words(permission)[0].isupper()


@given(st.text(max_size=40))
def test_a_text_is_a_range_or_says_why_not(text: str) -> None:
    try:
        parse_range(text).holds("1.2.3")
    except RangeError as error:
        assert str(error)


NUMBERS = st.integers(0, 4)
VERSIONS = st.builds(
    lambda a, b, c, pre: f"{a}.{b}.{c}{pre}", NUMBERS, NUMBERS, NUMBERS,
    st.sampled_from(["", "", "-alpha", "-beta.1", "-rc.2.x"]),
)  # fmt: skip


@given(VERSIONS, VERSIONS)
def test_ranges_agree_with_the_order_of_versions(bound: str, version: str) -> None:
    def holds(text: str) -> bool:
        return parse_range(text).holds(version, prereleases=True)

    assert holds(f">={bound}") == (holds(f">{bound}") or holds(f"={bound}"))
    assert holds(f">{bound}") != holds(f"<={bound}")
    assert holds(f"~{bound}") <= holds(f">={bound}")
    if "-" not in bound and "-" not in version:
        assert holds(f"<{bound}") != holds(f">={bound}")
        major, minor, patch = map(int, bound.split("."))
        same = version.split(".", maxsplit=1)[0] == str(major)
        if major:
            assert holds(f"^{bound}") == (same and holds(f">={bound}"))
        assert holds(f"{major}.{minor}") == version.startswith(f"{major}.{minor}.")
        assert holds(f"{major}.x") == same
        assert holds(f"{bound} || {patch}.9.9") == (version == bound)


@given(st.lists(st.text(min_size=1, max_size=20), unique=True, max_size=8), st.binary(max_size=40))
def test_exports_of_real_modules_are_read(names: list[str], custom: bytes) -> None:
    module = wasm(*names, memory="" if "memory" in names else "memory", custom=custom)
    assert exported_functions(module) == frozenset(names)


@settings(max_examples=400)
@given(st.data())
def test_a_broken_module_is_refused_and_never_breaks_the_reader(data: st.DataObject) -> None:
    module = bytearray(wasm("run", "stop", memory="memory", custom=b"note"))
    how = data.draw(st.sampled_from(["cut", "flip", "noise"]))
    if how == "cut":
        del module[data.draw(st.integers(0, len(module) - 1)) :]
    elif how == "flip":
        module[data.draw(st.integers(0, len(module) - 1))] = data.draw(st.integers(0, 255))
    else:
        module = bytearray(b"\0asm\x01\0\0\0" + data.draw(st.binary(max_size=200)))
    try:
        exported_functions(bytes(module))
    except WasmError as error:
        assert str(error)


@pytest.mark.parametrize(
    "module",
    [
        b"", b"MZ", b"\0asm", b"\0asm\x0d\0\x01\0", b"\0asm\x01\0\0\0\x0e\x00",
        b"\0asm\x01\0\0\0" + section(7, u32(2**32 - 1)),
        b"\0asm\x01\0\0\0" + section(7, u32(1) + u32(4000) + b"a" * 4000),
        b"\0asm\x01\0\0\0" + b"\x07\xff\xff\xff\xff\x7f",
        b"\0asm\x01\0\0\0" + section(7, b"\x02\x01a\x00\x00\x01a\x00\x00"),
        b"\0asm\x01\0\0\0" + section(7, b"\x01\x01\xff\x00\x00"),
        b"\0asm\x01\0\0\0" + section(7, b"\x00") * 2,
    ],
)  # fmt: skip
def test_what_is_no_module_is_refused(module: bytes) -> None:
    with pytest.raises(WasmError):
        exported_functions(module)


@pytest.mark.database
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_an_import_asks_the_same(author: Author, tmp_path: Path) -> None:
    (tmp_path / "run.wasm").write_bytes(wasm("run", custom=b"imported"))
    module = author.client.upload_file(tmp_path / "run.wasm").sha256
    items = []
    for said in ("1.0.0", "2.0.0"):
        address = author.name()
        (tmp_path / "plugin.toml").write_text(manifest(address, said))
        text = author.client.upload_file(tmp_path / "plugin.toml").sha256
        files = [
            VersionFile(path="plugin.toml", sha256=text),
            VersionFile(path="run.wasm", sha256=module),
        ]
        slug = address.partition("/")[2]
        listing = ListingRequest(kind="plugin", slug=slug, title=slug, licence="MIT", price_minor=0)
        version = VersionRequest(version="1.0.0", files=files)
        items.append(ImportItem(listing=listing, version=version))
    answer = author.client.listings.import_many(items)
    assert [one.code for one in answer.results] == [None, "manifest_invalid"]
    good = answer.results[0]
    author.client.listings.publish(good.listing_id or "")
    assert author.client.plugins.get(good.address or "").manifest.version == "1.0.0"


@pytest.mark.database
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_version_without_what_its_manifest_names_is_not_made(author: Author) -> None:
    address = author.name()
    author.draft(address)

    def refused(files: dict[str, bytes], **said: object) -> str:
        with pytest.raises(SoukApiError) as caught:
            author.add_version(address, "1.0.0", files=files, **said)
        assert (caught.value.status, caught.value.code) == (422, "manifest_invalid")
        return str(caught.value)

    assert "plugin.toml" in refused({"plugin.toml": b"", "a.txt": b"a"})
    assert "entry_points[0].module" in refused({"run.wasm": b""})
    assert "entry_points[0].module" in refused({"run.wasm": b"#!/bin/sh\n"})
    told = refused({"run.wasm": wasm("walk", "stop")})
    assert "entry_points[0].function" in told and "stop, walk" in told
    assert "version" in refused({"plugin.toml": manifest(address, "9.9.9").encode()})
    author.add_version(address, "1.0.0")
