"""The catalogue's files: real, complete, the same twice, and what their cards say is true."""

import hashlib
import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest
import yaml

from souk.apps.catalogue.build import build_catalogue
from souk.apps.catalogue.datasets import load_table
from souk.apps.catalogue.manifest import Catalogue, CatalogueListing
from souk.apps.catalogue.sources import DATASETS

ADDRESSES = [
    "atelier/all-minilm-l6-v2",
    "openshelf/handwritten-digits",
    "openshelf/breast-cancer-wisconsin",
    "openshelf/wine-recognition",
    "openshelf/iris-flowers",
    "openshelf/diabetes-progression",
    "openshelf/linnerud-fitness",
    "atelier/digits-mlp",
    "atelier/digits-svm",
    "atelier/breast-cancer-logistic",
    "atelier/breast-cancer-boosting",
    "atelier/wine-forest",
    "atelier/iris-neighbours",
    "atelier/diabetes-ridge",
    "atelier/diabetes-svr",
]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return build_catalogue(tmp_path_factory.mktemp("catalogue"))


def _listing(catalogue: Catalogue, address: str) -> CatalogueListing:
    return {listing.address: listing for listing in catalogue.manifest.listings}[address]


def _folder(catalogue: Catalogue, listing: CatalogueListing) -> Path:
    return catalogue.root / listing.work.slug


def test_holds_the_works_that_buyers_are_promised(catalogue: Catalogue) -> None:
    assert [listing.address for listing in catalogue.manifest.listings] == ADDRESSES
    prices = [listing.work.price for listing in catalogue.manifest.listings]
    assert {price.currency for price in prices if price} == {"USD", "EUR"}
    assert prices.count(None) >= 5


def test_every_file_is_there_as_the_manifest_says(catalogue: Catalogue) -> None:
    for listing in catalogue.manifest.listings:
        for file in listing.files:
            content = catalogue.path_of(listing, file).read_bytes()
            assert len(content) == file.size_bytes
            assert hashlib.sha256(content).hexdigest() == file.sha256
        assert {"README.md", "LICENSE"} <= {file.path for file in listing.files}


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_usage_of_the_card_runs_as_written(catalogue: Catalogue, address: str) -> None:
    listing = _listing(catalogue, address)
    snippet = catalogue.card_of(listing).split("```python\n", 1)[1].split("```", 1)[0]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-B", "-c", snippet],
        cwd=_folder(catalogue, listing),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_cards_open_with_front_matter_that_agrees_with_the_manifest(catalogue: Catalogue) -> None:
    for listing in catalogue.manifest.listings:
        head = yaml.safe_load(catalogue.card_of(listing).split("---\n")[1])
        work = listing.work
        named = head.get("license_name", head["license"])
        assert work.licence.lower().removeprefix("licenseref-") == named
        if work.metrics:
            (entry,) = head["model-index"]
            (result,) = entry["results"]
            written = {metric["name"]: metric["value"] for metric in result["metrics"]}
            assert written == {metric.name: metric.value for metric in work.metrics}
            assert result["dataset"]["type"] in ADDRESSES


def test_models_are_as_good_as_their_cards_say_and_better_than_guessing(
    catalogue: Catalogue,
) -> None:
    for listing in catalogue.manifest.listings:
        for metric in listing.work.metrics:
            assert metric.low <= metric.value <= metric.high
            assert metric.low < metric.high
            assert metric.sample_count >= 45
            if metric.name == "accuracy":
                assert metric.low > 0.9
            if metric.name == "R²":
                assert metric.low > 0.3


def test_the_stated_accuracy_comes_out_again_from_the_file_and_the_dataset(
    catalogue: Catalogue,
) -> None:
    from sklearn.model_selection import train_test_split

    listing = _listing(catalogue, "atelier/digits-mlp")
    features, target = load_table(DATASETS[0])
    _, rows, _, truth = train_test_split(
        features, target, test_size=0.3, random_state=2026, stratify=target
    )
    session = onnxruntime.InferenceSession(
        str(_folder(catalogue, listing) / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    (labels,) = session.run(["label"], {"input": rows})
    (accuracy,) = (m.value for m in listing.work.metrics if m.name == "accuracy")
    assert accuracy == pytest.approx((labels == truth).mean(), abs=1e-4)


def test_datasets_hold_the_rows_of_their_source_in_both_formats(catalogue: Catalogue) -> None:
    for dataset in DATASETS:
        folder = catalogue.root / dataset.slug
        table = pa_parquet.read_table(folder / "data.parquet")
        assert table.equals(pa_csv.read_csv(folder / "data.csv"))
        features, _ = load_table(dataset)
        read = np.column_stack([table[column.name] for column in dataset.features])
        np.testing.assert_array_equal(read.astype(np.float32), features)
        dictionary = (folder / "dictionary.csv").read_text().splitlines()
        assert len(dictionary) == table.num_columns + 1


def test_embeddings_are_those_the_models_authors_publish(catalogue: Catalogue) -> None:
    """First numbers of the first example sentence, as sentence-transformers gives them."""
    from souk.apps.catalogue.minilm_encode import encode

    folder = catalogue.root / "all-minilm-l6-v2"
    rows = encode(["This is an example sentence", "Each sentence is converted"], folder)
    assert rows.shape == (2, 384)
    assert rows[0, :3] == pytest.approx([0.0676569, 0.0634960, 0.0487131], abs=1e-5)


def test_a_second_build_does_nothing(catalogue: Catalogue) -> None:
    before = {path: path.stat().st_mtime_ns for path in catalogue.root.rglob("*")}
    again = build_catalogue(catalogue.root.parent.parent)
    assert again == catalogue
    assert {path: path.stat().st_mtime_ns for path in catalogue.root.rglob("*")} == before


@pytest.mark.slow
def test_a_fresh_build_makes_the_same_bytes_also_when_two_race(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    unfinished = tmp_path / "catalogue" / catalogue.manifest.version
    (unfinished / "half-written").mkdir(parents=True)
    context = multiprocessing.get_context("spawn")
    builders = [context.Process(target=build_catalogue, args=(tmp_path,)) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(110)
    assert [builder.exitcode for builder in builders] == [0, 0]
    assert build_catalogue(tmp_path).manifest == catalogue.manifest
    assert sorted(path.name for path in (tmp_path / "catalogue").iterdir()) == ["1.1.0"]
