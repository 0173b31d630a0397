"""Pickles: allowed only when everything they import is on a short list of plain data types.

Loading a pickle runs what it names, so anything unknown is refused, not only what is known to be
bad. picklescan finds the names (also in broken and in hidden pickles), fickling has a second look.
"""

import io
import logging
import pickletools
from typing import BinaryIO, Final

from souk.works.artifacts.scan.findings import Report

MAX_SECOND_LOOK_BYTES: Final = 4 * 2**20
_ALLOWED: Final = {
    "builtins": {
        "set", "frozenset", "bytearray", "complex", "slice", "range", "list", "dict", "tuple",
        "int", "float", "bool", "str", "bytes",
    },
    "collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
    "copyreg": {"_reconstructor"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "uuid": {"UUID"},
    "_codecs": {"encode"},
    "numpy": {"dtype", "ndarray", "float32", "float64", "int32", "int64", "bool_"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.numeric": {"_frombuffer"},
    "torch": {"Size", "device", "Tensor"},
    "torch._utils": {
        "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter", "_rebuild_qtensor",
    },
    "torch.nn.parameter": {"Parameter"},
    "torch.serialization": {"_get_layout"},
}  # fmt: skip
_OLD_NAMES: Final = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_CALLS: Final = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"})
_IMPORTS: Final = frozenset({"GLOBAL", "STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"})


def is_pickle(file: BinaryIO) -> bool:
    """Whether these bytes would call something when they were loaded as pickles, one by one.

    True also when they break off after that; a pickle that only holds plain values is no matter.
    Leaves the file at its beginning.
    """
    try:
        while not _calls_something(file):
            pass
    except Exception:  # pickletools raises whatever the bytes lead it to, also at the end
        return False
    else:
        return True
    finally:
        file.seek(0)


def _calls_something(file: BinaryIO) -> bool:
    """Walks over one pickle."""
    imported = False
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name in _IMPORTS:
            # Text reads as these two opcodes by chance, but then names nothing that exists.
            named = opcode.name not in {"GLOBAL", "INST"} or _is_dotted(str(argument))
            imported = imported or named
        if opcode.name in _CALLS and imported:
            return True
    return imported


def check_pickle(file: BinaryIO, report: Report, *, name: str) -> None:
    """Refuses a pickle that imports anything but plain data types, or is broken.

    Args:
        file: at the beginning of the pickles.
        name: what to call it in a reason: empty for the file itself.
    """
    from picklescan.scanner import scan_pickle_bytes  # noqa: PLC0415  # only for this format

    logging.getLogger("picklescan").setLevel(logging.CRITICAL)
    where = f"{name}: " if name else ""
    start = file.tell()
    if not _is_whole(file, start):
        report.refuse(f"{where}it is named like a pickle but is no whole one")
    try:
        found = scan_pickle_bytes(file, name or "file", strict=True)
    except Exception as error:  # the scanner raises on evasions it cannot follow
        report.refuse(f"{where}the pickle cannot be followed: {str(error)[:200]}")
        return
    if found.scan_err:
        report.refuse(f"{where}the pickle is broken")
    imports = sorted({(item.module, item.name) for item in found.globals})
    refused = [f"{module}.{item}" for module, item in imports if not _is_allowed(module, item)]
    for reference in refused[:10]:
        report.refuse(f"{where}loading it would call {reference}, which is not plain data")
    if imports and not refused:
        _second_look(file, start, report, where=where)
    report.facts["pickle"] = True
    report.facts["imports"] = len(imports)


def _is_allowed(module: str, name: str) -> bool:
    module = _OLD_NAMES.get(module, module)
    if module == "torch" and name.endswith("Storage") and name.isidentifier():
        return True
    return name in _ALLOWED.get(module, set())


def _is_whole(file: BinaryIO, start: int) -> bool:
    try:
        for _ in pickletools.genops(file):
            pass
    except Exception:  # as in `is_pickle`
        return False
    finally:
        file.seek(start)
    return True


def _second_look(file: BinaryIO, start: int, report: Report, *, where: str) -> None:
    """Lets fickling follow a small pickle; it cannot read every opcode, and then says nothing."""
    from fickling.analysis import Severity, check_safety  # noqa: PLC0415  # over a second
    from fickling.fickle import Pickled  # noqa: PLC0415  # likewise

    file.seek(start)
    content = file.read(MAX_SECOND_LOOK_BYTES + 1)
    if len(content) > MAX_SECOND_LOOK_BYTES:
        return
    try:
        results = check_safety(Pickled.load(io.BytesIO(content)))
    except Exception:  # an opcode it does not know
        return
    if results.severity >= Severity.LIKELY_OVERTLY_MALICIOUS:
        report.refuse(f"{where}following it shows malicious code")


def _is_dotted(text: str) -> bool:
    module, _, name = text.partition(" ")
    return all(part.isidentifier() for part in (*module.split("."), *name.split(".")))
