"""The starting catalogue: real files made on this machine, then published like anyone's.

Three kinds of work: the MiniLM sentence-embedding model, small ONNX models trained here on the real
datasets that scikit-learn carries, and those datasets themselves.

Public names: `build_catalogue` makes the files and their manifest once; `manifest` has the types.
"""

from souk.apps.catalogue.build import CATALOGUE_VERSION, build_catalogue
from souk.apps.catalogue.manifest import Catalogue, CatalogueListing

__all__ = ["CATALOGUE_VERSION", "Catalogue", "CatalogueListing", "build_catalogue"]
