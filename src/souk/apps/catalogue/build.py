"""Makes the catalogue's files once, and finds them again afterwards."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from souk.apps.catalogue.manifest import (
    MANIFEST_NAME,
    Catalogue,
    CatalogueFile,
    CatalogueListing,
    Manifest,
    Work,
)

CATALOGUE_VERSION: Final = "1.1.0"
"""Raise it when what the catalogue holds changes; each version is built once and kept."""

Progress = Callable[[str], None]


def build_catalogue(data_dir: Path, *, progress: Progress | None = None) -> Catalogue:
    """The catalogue under `<data_dir>/catalogue/<version>`, made now if it is not there yet.

    The folder appears whole or not at all, so a build that was cut off is simply made again. The
    same library versions on the same kind of processor make the same bytes.

    Raises:
        souk.apps.catalogue.embedding.WeightsMissing: the weights' package is not installed.
        souk.apps.catalogue.models.ConversionDiffers: an ONNX model disagrees with its original.
    """
    parent = data_dir / "catalogue"
    root = parent / CATALOGUE_VERSION
    if (root / MANIFEST_NAME).is_file():
        return _read(root)
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".build-") as scratch:
        draft = Path(scratch) / CATALOGUE_VERSION
        draft.mkdir()
        listings = tuple(
            CatalogueListing(work, _files_of(draft / work.slug))
            for work in _works(draft, progress or _silent)
        )
        manifest = Manifest(CATALOGUE_VERSION, listings)
        (draft / MANIFEST_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        _settle(draft, root)
    return _read(root)


def _works(root: Path, progress: Progress) -> Iterator[Work]:
    # scikit-learn and its converters take seconds to import: only a real build pays for them.
    from souk.apps.catalogue.datasets import write_dataset  # noqa: PLC0415
    from souk.apps.catalogue.embedding import write_embedding_model  # noqa: PLC0415
    from souk.apps.catalogue.models import write_model  # noqa: PLC0415
    from souk.apps.catalogue.recipes import RECIPES  # noqa: PLC0415
    from souk.apps.catalogue.sources import DATASETS  # noqa: PLC0415

    progress("Copying the MiniLM embedding model")
    yield write_embedding_model(root)
    for dataset in DATASETS:
        progress(f"Writing the dataset {dataset.title}")
        yield write_dataset(root, dataset)
    for recipe in RECIPES:
        progress(f"Training {recipe.title}")
        yield write_model(root, recipe)


def _files_of(folder: Path) -> tuple[CatalogueFile, ...]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        CatalogueFile(path.relative_to(folder).as_posix(), path.stat().st_size, _sha256(path))
        for path in paths
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _settle(draft: Path, root: Path) -> None:
    """Puts the finished build in place; one that another process finished first stands."""
    try:
        draft.rename(root)
    except OSError:
        if (root / MANIFEST_NAME).is_file():
            return
        # A folder without a manifest is nobody's finished build: a rename puts the manifest in too.
        shutil.rmtree(root)
        draft.rename(root)


def _read(root: Path) -> Catalogue:
    manifest = msgspec.json.decode((root / MANIFEST_NAME).read_bytes(), type=Manifest)
    return Catalogue(root=root, manifest=manifest)


def _silent(_line: str) -> None:
    return
