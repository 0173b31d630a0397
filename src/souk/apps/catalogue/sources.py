"""The datasets that scikit-learn carries: their columns, their origin and their licence."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sklearn import datasets as sklearn_datasets

CC_BY: Final = "CC-BY-4.0"
BSD: Final = "BSD-3-Clause"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the files, and what it means, with its unit."""

    name: str
    meaning: str
    is_target: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset, where it comes from and what its origin says of its licence."""

    slug: str
    title: str
    summary: str
    load: Callable[[], Any]  # scikit-learn's Bunch has no types
    columns: tuple[Column, ...]
    tasks: tuple[str, ...]
    tags: tuple[str, ...]
    licence: str
    origin: str
    licence_note: str
    class_names: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns a model reads."""
        return tuple(column for column in self.columns if not column.is_target)


def _uci(*, creators: str, year: str, name: str, page: str, doi: str) -> str:
    return (
        f"{creators} ({year}). {name} [Dataset]. UCI Machine Learning Repository, "
        f"<https://archive.ics.uci.edu/dataset/{page}>. <https://doi.org/{doi}>"
    )


_UCI_LICENCE: Final = (
    "The UCI Machine Learning Repository offers it under the Creative Commons Attribution 4.0 "
    "International licence (CC BY 4.0), which asks that the source be named when it is passed on."
)

_CELL_MEASURES: Final = (
    ("radius", "mean distance from the centre to points on the outline"),
    ("texture", "standard deviation of grey values"),
    ("perimeter", "length of the outline"),
    ("area", "area of the nucleus"),
    ("smoothness", "local variation in radius lengths"),
    ("compactness", "perimeter² / area - 1"),
    ("concavity", "severity of the concave parts of the outline"),
    ("concave_points", "number of concave parts of the outline"),
    ("symmetry", "symmetry"),
    ("fractal_dimension", "coastline approximation - 1"),
)


def _cell_columns() -> tuple[Column, ...]:
    parts = (("mean", "mean"), ("error", "standard error"), ("worst", "mean of the three largest"))
    features = tuple(
        Column(f"{part}_{name}", f"{meaning}; {words} over the nuclei of one image")
        for part, words in parts
        for name, meaning in _CELL_MEASURES
    )
    return (*features, Column("diagnosis", "0 = malignant, 1 = benign", is_target=True))


def _pixel_columns() -> tuple[Column, ...]:
    pixels = tuple(
        Column(f"pixel_{row}_{column}", f"ink in row {row}, column {column}: 0 (none) to 16")
        for row in range(8)
        for column in range(8)
    )
    return (*pixels, Column("digit", "the digit written, 0 to 9", is_target=True))


DATASETS: Final = (
    Dataset(
        slug="handwritten-digits",
        title="Handwritten digits, 8 × 8 pixels",
        summary="1,797 small grey images of digits written by 13 people, each an 8 × 8 grid of ink "
        "counts, labelled 0 to 9.",
        load=sklearn_datasets.load_digits,
        columns=_pixel_columns(),
        tasks=("image-classification", "tabular-classification"),
        tags=("images", "handwriting", "digits", "classification", "optical character recognition"),
        licence=CC_BY,
        origin=_uci(
            creators="Alpaydin, E. and Kaynak, C.",
            year="1998",
            name="Optical Recognition of Handwritten Digits",
            page="80/optical+recognition+of+handwritten+digits",
            doi="10.24432/C50P49",
        ),
        licence_note=_UCI_LICENCE + " This is the test part of the source (1,797 of 5,620 rows).",
        class_names=tuple("0123456789"),
    ),
    Dataset(
        slug="breast-cancer-wisconsin",
        title="Breast cancer Wisconsin (diagnostic)",
        summary="30 measurements of cell nuclei in 569 images of fine-needle aspirates, labelled "
        "malignant or benign.",
        load=sklearn_datasets.load_breast_cancer,
        columns=_cell_columns(),
        tasks=("tabular-classification",),
        tags=("health", "cancer", "diagnosis", "cell nuclei", "classification"),
        licence=CC_BY,
        origin=_uci(
            creators="Wolberg, W., Mangasarian, O., Street, N. and Street, W.",
            year="1993",
            name="Breast Cancer Wisconsin (Diagnostic)",
            page="17/breast+cancer+wisconsin+diagnostic",
            doi="10.24432/C5DW2B",
        ),
        licence_note=_UCI_LICENCE,
        class_names=("malignant", "benign"),
    ),
    Dataset(
        slug="wine-recognition",
        title="Wine recognition",
        summary="Chemical analyses of 178 Italian wines from three cultivars grown in one region.",
        load=sklearn_datasets.load_wine,
        columns=(
            Column("alcohol", "alcohol content"),
            Column("malic_acid", "malic acid"),
            Column("ash", "ash"),
            Column("alcalinity_of_ash", "alcalinity of ash"),
            Column("magnesium", "magnesium"),
            Column("total_phenols", "total phenols"),
            Column("flavanoids", "flavanoids"),
            Column("nonflavanoid_phenols", "nonflavanoid phenols"),
            Column("proanthocyanins", "proanthocyanins"),
            Column("color_intensity", "colour intensity"),
            Column("hue", "hue"),
            Column("od280_od315", "OD280/OD315 of diluted wine"),
            Column("proline", "proline"),
            Column("cultivar", "the cultivar, 0 to 2", is_target=True),
        ),
        tasks=("tabular-classification",),
        tags=("chemistry", "wine", "food", "classification"),
        licence=CC_BY,
        origin=_uci(
            creators="Aeberhard, S. and Forina, M.",
            year="1992",
            name="Wine",
            page="109/wine",
            doi="10.24432/C5PC7J",
        ),
        licence_note=_UCI_LICENCE + " The source states no units.",
        class_names=("cultivar 0", "cultivar 1", "cultivar 2"),
    ),
    Dataset(
        slug="iris-flowers",
        title="Iris flowers",
        summary="Sepal and petal sizes of 150 iris flowers of three species: Fisher's classic.",
        load=sklearn_datasets.load_iris,
        columns=(
            Column("sepal_length_cm", "length of the sepal, cm"),
            Column("sepal_width_cm", "width of the sepal, cm"),
            Column("petal_length_cm", "length of the petal, cm"),
            Column("petal_width_cm", "width of the petal, cm"),
            Column("species", "0 = setosa, 1 = versicolor, 2 = virginica", is_target=True),
        ),
        tasks=("tabular-classification",),
        tags=("botany", "flowers", "teaching", "classification"),
        licence=CC_BY,
        origin=_uci(
            creators="Fisher, R. A.",
            year="1936",
            name="Iris",
            page="53/iris",
            doi="10.24432/C56C76",
        ),
        licence_note=_UCI_LICENCE
        + " scikit-learn's copy follows Fisher's paper, where UCI's differs in two rows.",
        class_names=("setosa", "versicolor", "virginica"),
    ),
    Dataset(
        slug="diabetes-progression",
        title="Diabetes progression",
        summary="Ten baseline measurements of 442 diabetes patients and how far the disease had "
        "progressed a year later.",
        load=partial(sklearn_datasets.load_diabetes, scaled=False),
        columns=(
            Column("age_years", "age, years"),
            Column("sex", "sex, coded 1 or 2; the source does not say which is which"),
            Column("bmi", "body mass index, kg/m²"),
            Column("blood_pressure", "average blood pressure"),
            Column("total_cholesterol", "s1: total serum cholesterol"),
            Column("ldl", "s2: low-density lipoproteins"),
            Column("hdl", "s3: high-density lipoproteins"),
            Column("cholesterol_ratio", "s4: total cholesterol / HDL"),
            Column("log_triglycerides", "s5: possibly the log of serum triglycerides"),
            Column("glucose", "s6: blood sugar"),
            Column("progression", "disease progression after one year, a score", is_target=True),
        ),
        tasks=("tabular-regression",),
        tags=("health", "diabetes", "regression"),
        licence=BSD,
        origin="Efron, B., Hastie, T., Johnstone, I. and Tibshirani, R. (2004). Least Angle "
        "Regression. Annals of Statistics 32(2), 407-499. "
        "<https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html>",
        licence_note="The origin states no licence for the data. scikit-learn distributes its copy "
        "within a package under BSD-3-Clause, which is the licence named here; whether the data "
        "themselves carry rights of others is not known to us.",
    ),
    Dataset(
        slug="linnerud-fitness",
        title="Linnerud: exercise and body measures",
        summary="Three exercises and three body measures of 20 middle-aged men in a fitness club; "
        "tiny, for teaching multi-output regression.",
        load=sklearn_datasets.load_linnerud,
        columns=(
            Column("chins", "chin-ups, count"),
            Column("situps", "sit-ups, count"),
            Column("jumps", "jumps, count"),
            Column("weight", "body weight; the source states no unit", is_target=True),
            Column("waist", "waist; the source states no unit", is_target=True),
            Column("pulse", "resting pulse; the source states no unit", is_target=True),
        ),
        tasks=("tabular-regression",),
        tags=("fitness", "sport", "teaching", "regression"),
        licence=BSD,
        origin="Tenenhaus, M. (1998). La régression PLS: théorie et pratique. Paris: Éditions "
        "Technip. The SAS/STAT manual credits Dr A. C. Linnerud, North Carolina State University.",
        licence_note="The origin states no licence for the data. scikit-learn distributes its copy "
        "within a package under BSD-3-Clause, which is the licence named here; whether the data "
        "themselves carry rights of others is not known to us.",
    ),
)


def dataset_by_slug(slug: str) -> Dataset:
    """The dataset of this slug.

    Raises:
        KeyError: there is none.
    """
    return {dataset.slug: dataset for dataset in DATASETS}[slug]
