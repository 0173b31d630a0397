"""Limits of evaluations. Variables: `SOUK_EVALUATION_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class EvaluationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What running a model once may cost."""

    max_model_bytes: Annotated[int, Meta(ge=1024)] = 512 * MIB
    """The largest model file."""
    max_data_bytes: Annotated[int, Meta(ge=1024)] = 128 * MIB
    """The largest table."""
    max_rows: Annotated[int, Meta(ge=1)] = 200_000
    """The most rows a model is run on."""
    max_cells: Annotated[int, Meta(ge=1)] = 20_000_000
    """The most numbers, rows times columns, that are held at once."""
    memory_bytes: Annotated[int, Meta(ge=512 * MIB)] = 3072 * MIB
    """Address space of the process that runs a model."""
    cpu_s: Annotated[int, Meta(ge=1)] = 120
    """Processor time that a run may take."""
    timeout_s: Annotated[float, Meta(gt=0)] = 180.0
    """How long a run may take in all."""
    at_once: Annotated[int, Meta(ge=1, le=16)] = 1
    """How many models the worker runs at once."""
    max_waiting: Annotated[int, Meta(ge=1)] = 20
    """How many evaluations an organisation may have waiting."""
