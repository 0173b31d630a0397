"""The linter's rule that a context is entered only through its front doors.

It looks at whatever contexts there are, so that a new one is walled without a new rule.
"""

from typing import Final

import grimp
from importlinter import Contract, ContractCheck, fields, output

DOORS: Final = ("api", "events")


class ContextsContract(Contract):
    """Outside its own context, a module imports only `X.api` and `X.events` of a context X.

    Options: `root` (the package that holds the wings), `wings` (those whose packages are contexts)
    and `free` (wings that may import anything: where the contexts are wired together).
    """

    type_name = "contexts"

    root = fields.StringField()
    wings = fields.ListField(subfield=fields.StringField())
    free = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        del verbose
        back_doors = sorted(
            (importer, imported, self._line(graph, importer, imported))
            for imported in graph.modules
            if self._is_inner(graph, imported)
            for importer in graph.find_modules_that_directly_import(imported)
            if self._is_stranger(graph, importer, imported)
        )
        return ContractCheck(kept=not back_doors, metadata={"back_doors": back_doors})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, line in check.metadata["back_doors"]:
            output.print_error(f"{importer}:{line} imports {imported}")
        output.print_error("Call it through its `api`, or listen to its `events`.")

    def _context_of(self, graph: grimp.ImportGraph, module: str) -> str | None:
        """The context a module belongs to; a module beside the contexts of a wing has none."""
        parts = module.split(".")
        if len(parts) < 3 or parts[0] != self.root or parts[1] not in self.wings:
            return None
        context = ".".join(parts[:3])
        return context if graph.find_children(context) else None

    def _is_inner(self, graph: grimp.ImportGraph, module: str) -> bool:
        context = self._context_of(graph, module)
        if context is None:
            return False
        below = module.removeprefix(context).lstrip(".").split(".")
        return below[0] not in DOORS

    def _is_stranger(self, graph: grimp.ImportGraph, importer: str, imported: str) -> bool:
        parts = importer.split(".")
        if len(parts) > 1 and parts[1] in self.free:
            return False
        return self._context_of(graph, importer) != self._context_of(graph, imported)

    def _line(self, graph: grimp.ImportGraph, importer: str, imported: str) -> int:
        details = graph.get_import_details(importer=importer, imported=imported)
        return int(details[0]["line_number"]) if details else 0
