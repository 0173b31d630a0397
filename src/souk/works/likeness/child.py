"""The process that looks at files: `python -m souk.works.likeness.child … FILE NAME …`.

Writes the features of each file to standard output as a line of JSON.
"""

import sys
from pathlib import Path

from souk.infra.children import begin


def main() -> None:
    """Arguments: for each file where it is, and its name."""
    files, _ = begin()
    import msgspec  # noqa: PLC0415  # after `begin`: everything that reads runs limited
    import numpy as np  # noqa: PLC0415

    from souk.works.likeness.sketching import sketch  # noqa: PLC0415
    from souk.works.likeness.weights import tensors_of  # noqa: PLC0415

    for where, name in zip(files[::2], files[1::2], strict=True):
        size = Path(where).stat().st_size
        content = (
            np.memmap(where, dtype=np.uint8, mode="r") if size else np.empty(0, dtype=np.uint8)
        )
        features = sketch(content, tensors_of(content, name=name))
        sys.stdout.buffer.write(msgspec.json.encode(features) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
