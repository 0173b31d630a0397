"""How each ONNX model of the catalogue is trained: data, estimator, price and honest remarks.

Settings were fixed beforehand, not searched: the held-out rows are used once, to measure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR

from souk.apps.catalogue.manifest import Price

SEED: Final = 7
APACHE: Final = "Apache-2.0"
COMMERCIAL: Final = "LicenseRef-Souk-Commercial-1.0"

Task = Literal["image-classification", "tabular-classification", "tabular-regression"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One model to train; `estimator` makes a fresh, unfitted scikit-learn estimator."""

    slug: str
    title: str
    summary: str
    dataset: str
    task: Task
    family: str
    estimator: Callable[[], Any]  # scikit-learn has no types
    settings: str
    limits: str
    tags: tuple[str, ...]
    price: Price | None = None
    detects_class_zero: bool = False

    @property
    def licence(self) -> str:
        """Free models are under Apache-2.0; the priced ones under the commercial licence."""
        return APACHE if self.price is None else COMMERCIAL


_DIGITS_LIMITS: Final = (
    "The same 13 people wrote the training and the held-out digits, so the numbers above are those "
    "for known hands; expect less on a new writer. It reads only the 8 × 8 form of the dataset's "
    "preprocessing, not photographs."
)
_BREAST_LIMITS: Final = (
    "Not a medical device, and not for deciding about a patient: one clinic, 1990s imaging, 569 "
    "images. A benign answer does not rule out cancer."
)
_DIABETES_LIMITS: Final = (
    "Not for deciding about a patient. It explains about half of the variance; single predictions "
    "are far off, as the mean absolute error shows."
)

RECIPES: Final = (
    Recipe(
        slug="digits-mlp",
        title="Handwritten digit reader (neural network)",
        summary="Reads a handwritten digit from an 8 × 8 grey image with a small neural network "
        "of 4,810 weights.",
        dataset="handwritten-digits",
        task="image-classification",
        family="multi-layer perceptron",
        estimator=lambda: make_pipeline(
            MinMaxScaler(), MLPClassifier((64,), alpha=1e-3, max_iter=400, random_state=SEED)
        ),
        settings="pixels scaled to 0..1, one hidden layer of 64 units (ReLU), Adam, L2 0.001, at "
        "most 400 passes",
        limits=_DIGITS_LIMITS,
        tags=("digits", "handwriting", "optical character recognition", "neural network"),
        price=Price(900, "USD"),
    ),
    Recipe(
        slug="digits-svm",
        title="Handwritten digit reader (support vectors)",
        summary="Reads a handwritten digit from an 8 × 8 grey image with a support vector machine: "
        "the most accurate digit reader of this shelf.",
        dataset="handwritten-digits",
        task="image-classification",
        family="support vector machine",
        estimator=lambda: make_pipeline(MinMaxScaler(), SVC(C=5.0)),
        settings="pixels scaled to 0..1, RBF kernel, C = 5, gamma by the features' variance",
        limits=_DIGITS_LIMITS + " `scores` are votes, not probabilities.",
        tags=("digits", "handwriting", "optical character recognition", "kernel method"),
        price=Price(1900, "USD"),
    ),
    Recipe(
        slug="breast-cancer-logistic",
        title="Breast tumour classifier (logistic regression)",
        summary="Tells malignant from benign breast tumours by 30 measurements of cell nuclei, "
        "with probabilities from a linear model whose weights can be read.",
        dataset="breast-cancer-wisconsin",
        task="tabular-classification",
        family="logistic regression",
        estimator=lambda: make_pipeline(StandardScaler(), LogisticRegression(C=1.0)),
        settings="features standardised, L2 with C = 1",
        limits=_BREAST_LIMITS,
        tags=("health", "cancer", "diagnosis", "linear model", "interpretable"),
        price=Price(1200, "EUR"),
        detects_class_zero=True,
    ),
    Recipe(
        slug="breast-cancer-boosting",
        title="Breast tumour classifier (gradient boosting)",
        summary="Tells malignant from benign breast tumours with 300 small boosted trees that "
        "find interactions between measurements.",
        dataset="breast-cancer-wisconsin",
        task="tabular-classification",
        family="gradient boosting",
        estimator=lambda: GradientBoostingClassifier(
            n_estimators=300,
            learning_rate=0.05,
            subsample=0.6,
            max_features="sqrt",
            random_state=SEED,
        ),
        settings="300 trees of depth 3, learning rate 0.05, 60 % of the rows and the square root "
        "of the features a tree",
        limits=_BREAST_LIMITS,
        tags=("health", "cancer", "diagnosis", "trees", "ensemble"),
        price=Price(2900, "USD"),
        detects_class_zero=True,
    ),
    Recipe(
        slug="wine-forest",
        title="Wine cultivar classifier (random forest)",
        summary="Names the cultivar of an Italian wine from 13 chemical measurements with a forest "
        "of 200 trees.",
        dataset="wine-recognition",
        task="tabular-classification",
        family="random forest",
        estimator=lambda: RandomForestClassifier(n_estimators=200, random_state=SEED),
        settings="200 trees grown to the end, the square root of the features a split",
        limits="Three cultivars of one Italian region only: any other wine is still given one of "
        "the three names.",
        tags=("wine", "chemistry", "food", "trees", "ensemble"),
        price=Price(500, "USD"),
    ),
    Recipe(
        slug="iris-neighbours",
        title="Iris species classifier (nearest neighbours)",
        summary="Names the species of an iris flower by its seven nearest neighbours in Fisher's "
        "measurements; free, and small enough to read through.",
        dataset="iris-flowers",
        task="tabular-classification",
        family="k nearest neighbours",
        estimator=lambda: KNeighborsClassifier(n_neighbors=7),
        settings="7 neighbours, Euclidean distance in centimetres, equal votes",
        limits="The file holds the 105 training rows themselves. Three species only: any other "
        "flower is still given one of the three names.",
        tags=("botany", "flowers", "teaching", "neighbours"),
    ),
    Recipe(
        slug="diabetes-ridge",
        title="Diabetes progression regression (ridge)",
        summary="Estimates how far diabetes progresses within a year from ten baseline "
        "measurements with a linear model of eleven numbers.",
        dataset="diabetes-progression",
        task="tabular-regression",
        family="ridge regression",
        estimator=lambda: make_pipeline(StandardScaler(), Ridge(alpha=10.0)),
        settings="features standardised, L2 with alpha = 10",
        limits=_DIABETES_LIMITS,
        tags=("health", "diabetes", "linear model", "interpretable"),
    ),
    Recipe(
        slug="diabetes-svr",
        title="Diabetes progression regression (support vectors)",
        summary="Estimates how far diabetes progresses within a year from ten baseline "
        "measurements with support vector regression, which can bend.",
        dataset="diabetes-progression",
        task="tabular-regression",
        family="support vector regression",
        estimator=lambda: make_pipeline(StandardScaler(), SVR(C=60.0, epsilon=5.0, gamma=0.02)),
        settings="features standardised, RBF kernel, C = 60, epsilon = 5, gamma = 0.02",
        limits=_DIABETES_LIMITS,
        tags=("health", "diabetes", "kernel method"),
    ),
)
