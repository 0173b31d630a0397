"""What the demo's seller sells: a model trained on the spot, and a small dataset."""

from typing import Final

from sklearn.ensemble import ExtraTreesClassifier

from souk.apps.catalogue.manifest import Price
from souk.apps.catalogue.recipes import SEED, Recipe

PRICE_MINOR: Final = 1999
"""$19.99 does not divide evenly by the split: 85 % are 1699.15 cents."""

CREATOR_MINOR: Final = 1699
PLATFORM_MINOR: Final = 200
AFFILIATE_MINOR: Final = 100
"""By largest remainder, worked out by hand: 1699.15, 199.90 and 99.95 floor to 1699, 199 and 99;
the two cents left over go to the two largest remainders."""

DATASET_SLUG: Final = "iris-flowers"
DATASET_PRICE: Final = "4.95"
DATASET_PRICE_MINOR: Final = 495

DIGIT_READER: Final = Recipe(
    slug="digit-reader",
    title="Handwritten digit reader",
    summary="Reads a digit from an 8 × 8 grey image with a hundred extremely randomised trees.",
    dataset="handwritten-digits",
    task="image-classification",
    family="forest of extremely randomised trees",
    estimator=lambda: ExtraTreesClassifier(n_estimators=100, random_state=SEED),
    settings="100 trees grown to the end",
    limits="The same 13 people wrote the training and the held-out digits.",
    tags=("digits", "handwriting", "optical character recognition"),
    price=Price(PRICE_MINOR, "USD"),
)
