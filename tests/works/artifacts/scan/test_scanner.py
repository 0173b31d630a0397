"""What the safety scan lets through, what it keeps back, and that it says why."""

import gzip
import io
import json
import lzma
import pickle
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load

from souk.works.artifacts.scan.findings import Finding
from souk.works.artifacts.scan.scanner import scan_file
from tests.works.artifacts.scan import samples
from tests.works.artifacts.scan.samples import PLAIN, RunsCode, pickled

MIB = 2**20


def scan(content: bytes, name: str) -> Finding:
    return scan_file(io.BytesIO(content), name=name, size_bytes=len(content))


def refused(content: bytes, name: str) -> str:
    finding = scan(content, name)
    assert finding.state == "quarantined"
    return "; ".join(finding.reasons)


def passed(content: bytes, name: str) -> Finding:
    finding = scan(content, name)
    assert finding.state == "clean", finding.reasons
    return finding


class TestHonestFiles:
    def test_safetensors(self) -> None:
        finding = passed(samples.safetensors_file(), "model.safetensors")
        assert finding.facts == {"tensors": 2, "parameters": 17, "dtype": "F32"}

    def test_onnx(self) -> None:
        finding = passed(samples.onnx_model(), "model.onnx")
        assert finding.facts == {
            "opset": 17,
            "nodes": 1,
            "tensors": 1,
            "parameters": 4,
            "inputs": "x",
            "outputs": "y",
        }

    def test_onnx_with_weights_beside_it(self) -> None:
        finding = passed(samples.onnx_model(external="weights/model.data"), "model.onnx")
        assert finding.facts["external_files"] == "weights/model.data"

    def test_gguf(self, tmp_path: Path) -> None:
        finding = passed(samples.gguf_file(tmp_path), "model.gguf")
        assert finding.facts["architecture"] == "llama"
        assert finding.facts["parameters"] == 128

    @pytest.mark.parametrize("protocol", range(6))
    def test_a_pickle_of_plain_data(self, protocol: int) -> None:
        finding = passed(pickled(PLAIN, protocol), "data.pkl")
        assert finding.format == "pickle"

    def test_a_torch_file_of_plain_data(self) -> None:
        assert passed(samples.torch_zip(pickled(PLAIN)), "model.pt").format == "torch"

    @pytest.mark.parametrize(
        ("name", "content", "format_name", "facts"),
        [
            ("t.csv", b"a,b\n1,2\n3,4", "csv", {"columns": 2, "rows": 2}),
            ("t.tsv", b"a\tb\n1\t2\n", "csv", {"columns": 2, "rows": 1}),
            ("t.json", b'{"a": 1, "b": [2]}', "json", {"entries": 2}),
            ("t.json", b"{'a': 1", "text", {}),
            ("README.md", "# Grüße\n".encode(), "markdown", {}),
            ("notes", b"cats are\nnice\nReally\n", "text", {}),
            ("empty.txt", b"", "text", {}),
            ("numbers.txt", b"1.5\n2.5\n", "text", {}),
            ("genome.txt", b"N" * 300_000 + b"ACGT", "text", {}),
            ("x.bin", bytes(range(256)) * 10, "binary", {}),
        ],
    )
    def test_data_and_text(
        self, name: str, content: bytes, format_name: str, facts: dict[str, int]
    ) -> None:
        finding = passed(content, name)
        assert (finding.format, finding.facts) == (format_name, facts)

    def test_a_table_whose_lines_read_as_opcodes_by_chance(self) -> None:
        table = b"column,type\nchins,int64\nsitups,int64\nins,float\njumps,int64\nwaist,int64\n"
        assert passed(table, "dictionary.csv").format == "csv"

    def test_parquet(self) -> None:
        assert passed(samples.parquet_file(), "d.parquet").facts == {"rows": 3, "columns": 2}

    def test_numpy(self) -> None:
        content = samples.npy_of(np.arange(6).reshape(2, 3))
        assert passed(content, "a.npy").facts["shape"] == "(2, 3)"

    def test_archives(self) -> None:
        members = {"data/a.csv": b"1,2\n", "data/b.txt": b"b"}
        assert passed(samples.zip_of(members), "d.zip").facts["members"] == 2
        assert passed(samples.tar_of(members), "d.tar").format == "tar"
        assert passed(samples.tar_of(members, mode="w:gz"), "d.tgz").format == "tar.gzip"
        assert passed(gzip.compress(b"1,2\n" * 1000), "d.csv.gz").facts["unpacked_bytes"] == 4000
        assert passed(lzma.compress(b"hello"), "d.xz").format == "xz"

    def test_a_program_is_recognised_for_what_it_is(self) -> None:
        elf = b"\x7fELF" + bytes(100)
        assert passed(elf, "model.bin").facts == {"executable": True}
        assert passed(samples.zip_of({"a/tool": elf}), "d.zip").facts["executable"] is True


class TestPicklesThatRunCode:
    @pytest.mark.parametrize("protocol", range(6))
    @pytest.mark.parametrize("name", ["m.pkl", "m.bin", "m.txt", "m.pt", "m.joblib", "m"])
    def test_are_kept_back_under_any_name(self, tmp_path: Path, protocol: int, name: str) -> None:
        content = pickled(RunsCode(tmp_path / "trace"), protocol)
        assert "system" in refused(content, name)
        assert not (tmp_path / "trace").exists()

    def test_are_found_when_broken_off(self, tmp_path: Path) -> None:
        content = pickled(RunsCode(tmp_path / "trace"))
        assert "system" in refused(content[:-1], "m.pkl")
        assert "system" in refused(content[:-1], "m.bin")

    def test_are_found_behind_a_harmless_one(self, tmp_path: Path) -> None:
        content = pickled(PLAIN) + pickled(RunsCode(tmp_path / "trace"))
        assert "system" in refused(content, "m.pkl")

    def test_are_found_in_archives(self, tmp_path: Path) -> None:
        bad = pickled(RunsCode(tmp_path / "trace"))
        assert "archive/data.pkl" in refused(samples.torch_zip(bad), "m.pt")
        assert "x/y.bin" in refused(samples.zip_of({"x/y.bin": bad}), "m.zip")
        assert "system" in refused(samples.tar_of({"y": bad}), "m.tar")
        assert "system" in refused(samples.tar_of({"y": bad}, mode="w:gz"), "m.tgz")
        assert "system" in refused(gzip.compress(bad), "m.pkl.gz")
        inner = samples.zip_of({"y.pkl": bad})
        assert "in.zip: y.pkl" in refused(samples.zip_of({"in.zip": inner}), "m.zip")

    def test_are_found_in_arrays_of_objects(self, tmp_path: Path) -> None:
        array = np.array([RunsCode(tmp_path / "trace")], dtype=object)
        content = samples.npy_of(array, objects=True)
        assert "system" in refused(content, "a.npy")
        assert "system" in refused(samples.zip_of({"a.npy": content}), "a.npz")

    def test_are_found_behind_a_long_run_of_nothing(self, tmp_path: Path) -> None:
        content = pickled(RunsCode(tmp_path / "trace"), 0)
        assert "system" in refused(b"N0" * 300_000 + content, "m.bin")
        assert "system" in refused(b"N." * 1000 + content, "m.bin")

    def test_that_only_import_something_unknown_are_kept_back_too(self) -> None:
        content = pickled(scan_file)
        assert "scan_file" in refused(content, "m.pkl")

    def test_named_but_not_pickled(self) -> None:
        assert "no whole one" in refused(b"this is not a pickle", "m.pkl")

    @given(value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    ), protocol=st.integers(0, 5))  # fmt: skip
    @settings(max_examples=40, deadline=None)
    def test_plain_data_is_never_taken_for_code(self, value: object, protocol: int) -> None:
        passed(pickle.dumps(value, protocol=protocol), "m.pkl")


class TestBrokenModels:
    @pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c + b"x", lambda c: c[:20]])
    def test_safetensors_of_another_length(self, change: object) -> None:
        assert refused(change(samples.safetensors_file()), "m.safetensors")  # type: ignore[operator]

    @pytest.mark.parametrize(
        ("tensors", "reason"),
        [
            ({"a": ("F32", [2], [0, 8]), "b": ("F32", [2], [4, 12])}, "overlaps"),
            ({"a": ("F32", [1], [0, 4]), "b": ("F32", [1], [8, 12])}, "hole"),
            ({"a": ("F32", [2, 3], [0, 12])}, "another length"),
            ({"a": ("F33", [3], [0, 12])}, "unknown type"),
            ({"a": ("F32", [-3], [0, 12])}, "impossible shape"),
            ({"a": ("F32", [3], [0, 2**62])}, "another length"),
            ({"a": ("F32", [3], [12, 0])}, "hole"),
        ],
    )
    def test_safetensors_that_lie(
        self, tensors: dict[str, tuple[str, list[int], list[int]]], reason: str
    ) -> None:
        header = {
            name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}
            for name, (dtype, shape, offsets) in tensors.items()
        }
        content = raw_safetensors(json.dumps(header).encode(), bytes(12))
        assert reason in refused(content, "m.safetensors")

    def test_safetensors_with_a_hidden_second_header(self) -> None:
        entry = b'"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
        twice = b"{" + entry + b"," + entry + b"}"
        assert "twice" in refused(raw_safetensors(twice, b"x"), "m.safetensors")

    def test_safetensors_with_an_endless_header(self) -> None:
        assert "longer than the file" in refused(struct.pack("<Q", 2**63) + b"{}", "m.safetensors")

    @given(seed=st.integers(0, 2**32), flips=st.integers(1, 4))
    @settings(max_examples=60, deadline=None)
    def test_what_we_pass_the_reference_reader_reads(self, seed: int, flips: int) -> None:
        content = bytearray(samples.safetensors_file())
        dice = random.Random(seed)
        for _ in range(flips):
            content[dice.randrange(len(content))] = dice.randrange(256)
        if scan(bytes(content), "m.safetensors").state == "clean":
            try:
                load(bytes(content))
            except SafetensorError as error:
                pytest.fail(f"the reference reader refuses it: {error}")
            except KeyError:
                pass  # a type that NumPy has no name for

    def test_onnx_that_is_none(self) -> None:
        assert "no ONNX model" in refused(b"junk" * 100, "m.onnx")
        assert "no ONNX model" in refused(b"", "m.onnx")
        assert refused(samples.onnx_model()[:-9], "m.onnx")

    @pytest.mark.parametrize(
        "location", ["../../etc/passwd", "/etc/passwd", "C:\\secret", "a/../../b", ""]
    )
    def test_onnx_data_outside_its_folder(self, location: str) -> None:
        assert "external data" in refused(samples.onnx_model(external=location), "m.onnx")

    def test_onnx_with_foreign_operators(self) -> None:
        assert "'evil.ops'" in refused(samples.onnx_model(domain="evil.ops"), "m.onnx")
        assert "'evil.ops'" in refused(samples.onnx_with_function_body(), "m.onnx")

    def test_onnx_without_its_name_is_known_by_how_it_begins(self) -> None:
        assert passed(samples.onnx_model(), "").format == "onnx"
        assert "'evil.ops'" in refused(samples.onnx_model(domain="evil.ops"), "")

    def test_gguf_that_lies(self, tmp_path: Path) -> None:
        good = samples.gguf_file(tmp_path)
        assert "outside the file" in refused(good[:-5], "m.gguf")
        assert "ends inside" in refused(good[:60], "m.gguf")
        assert "impossible number" in refused(good[:8] + b"\xff" * 16 + good[24:], "m.gguf")
        assert "not known" in refused(b"GGUF" + struct.pack("<I", 99) + good[8:], "m.gguf")

    @given(seed=st.integers(0, 2**32))
    @settings(max_examples=40, deadline=None)
    def test_gguf_noise_never_breaks_the_scan(self, seed: int) -> None:
        dice = random.Random(seed)
        content = b"GGUF" + struct.pack("<IQQ", 3, dice.randrange(5), dice.randrange(5))
        finding = scan(content + dice.randbytes(200), "m.gguf")
        assert not any("could not be checked" in reason for reason in finding.reasons)

    def test_keras_code(self) -> None:
        config = b'{"layers": [{"class_name": "Lambda", "config": {"function": "..."}}]}'
        assert "Lambda" in refused(b"\x89HDF\r\n\x1a\n" + config, "m.h5")
        assert "Lambda" in refused(samples.zip_of({"config.json": config}), "m.keras")


class TestArchives:
    @pytest.mark.parametrize(
        "name", ["../x", "a/../../x", "/etc/x", "..\\x", "C:/x", "a/b/../../../x"]
    )
    def test_names_that_lead_outside(self, name: str) -> None:
        assert "outside its folder" in refused(samples.zip_of({name: b"x"}), "d.zip")
        assert "outside its folder" in refused(samples.tar_of({name: b"x"}), "d.tar")
        assert "outside its folder" in refused(samples.tar_of({name: b"x"}, mode="w:gz"), "d.tgz")

    def test_links(self) -> None:
        assert "link" in refused(samples.tar_of({}, link_to="/etc/passwd"), "d.tar")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        assert "link" in refused(packed.getvalue(), "d.zip")

    def test_bombs(self) -> None:
        assert "bomb" in refused(samples.zip_of({"a": bytes(200 * MIB)}), "d.zip")
        assert "bomb" in refused(gzip.compress(bytes(200 * MIB)), "d.gz")
        assert "bomb" in refused(samples.tar_of({"a": bytes(200 * MIB)}, mode="w:gz"), "d.tgz")

    def test_overlapping_members(self) -> None:
        content = bytearray(samples.zip_of({"a": b"x" * 100, "b": b"x" * 100}, compress=False))
        entry = content.rindex(b"PK\x01\x02")
        content[entry + 42 : entry + 46] = struct.pack("<I", 5)
        assert refused(bytes(content), "d.zip")

    def test_nesting(self) -> None:
        content = b"x"
        for depth in range(4):
            content = samples.zip_of({f"{depth}.zip": content})
        assert "nested" in refused(content, "d.zip")

    def test_what_cannot_be_looked_into(self) -> None:
        assert "cannot be looked into" in refused(b"7z\xbc\xaf\x27\x1c" + bytes(50), "d.7z")
        assert "cannot be looked into" in refused(b"Rar!\x1a\x07\x00" + bytes(50), "d.rar")

    def test_that_are_broken(self) -> None:
        assert "no whole ZIP" in refused(samples.zip_of({"a": b"x"})[:-30], "d.zip")
        assert "broken" in refused(gzip.compress(b"hello" * 1000)[:-12], "d.gz")


class TestActivePictures:
    @pytest.mark.parametrize(
        "body", ["<script>x</script>", "<g onload='x'/>", "<a href='javascript:x'/>"]
    )
    def test_svg(self, body: str) -> None:
        assert "active" in refused(f"<svg>{body}</svg>".encode(), "p.svg")
        assert passed(b"<svg><path d='M0 0'/></svg>", "p.svg").format == "svg"


def raw_safetensors(header: bytes, data: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + data
