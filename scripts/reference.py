"""Writes docs/reference/errors.md and settings.md from the source, or checks that they are current.

python scripts/reference.py [--check]
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "souk"
REFERENCE = ROOT / "docs" / "reference"

EDGE_PROBLEMS = {
    "body_invalid": (422, "The body or a parameter breaks a rule; `errors` names each field."),
    "route_unknown": (404, "There is nothing at this address."),
    "database_unavailable": (503, "The database does not answer; try again in a moment."),
    "value_unstorable": (422, "Text must not hold NUL, and numbers must fit 64 bits."),
    "internal_error": (500, "Something went wrong on our side and nothing was changed."),
    "method_not_allowed": (405, "This address does not take this method; `allow` names those."),
    "bad_request": (400, "The request cannot be read."),
}
"""Those that the HTTP edge makes itself."""


@dataclass(frozen=True, order=True)
class Code:
    """An error code and where it comes from."""

    name: str
    status: int
    where: str
    detail: str


def error_classes() -> dict[str, int]:
    """The base errors and their statuses."""
    tree = ast.parse((SOURCE / "kernel" / "errors.py").read_text())
    return {
        node.name: statement.value.value
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and getattr(statement.targets[0], "id", "") == "status"
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, int)
    }


def error_codes() -> list[Code]:
    """Every `SomeError("code", "detail")` in the source, also as a subclass hands it on."""
    statuses = error_classes()
    found: dict[str, Code] = {
        name: Code(name, status, "http edge", detail)
        for name, (status, detail) in EDGE_PROBLEMS.items()
    }
    for path in sorted(SOURCE.rglob("*.py")):
        where = "/".join(path.relative_to(SOURCE).parts[:2]).removesuffix(".py")
        for kind, node, meaning in _calls(ast.parse(path.read_text())):
            status = statuses.get(kind)
            first = node.args[0]
            if status and isinstance(first, ast.Constant) and isinstance(first.value, str):
                detail = (_text(node.args[1]) if len(node.args) > 1 else "") or meaning
                found.setdefault(first.value, Code(first.value, status, where, detail))
    return sorted(found.values(), key=lambda code: (code.status, code.name))


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call, str]]:
    """Calls with the class they make: `super().__init__(…)` makes that of the base, and the class
    says what it means where the words are put together elsewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.bases:
            for call in ast.walk(node):
                is_init = isinstance(call, ast.Call) and (
                    getattr(call.func, "attr", "") == "__init__"
                )
                if is_init and isinstance(call, ast.Call) and call.args:
                    meaning = (ast.get_docstring(node) or "").partition("\n\n")[0]
                    yield getattr(node.bases[0], "id", ""), call, " ".join(meaning.split())
        elif isinstance(node, ast.Call) and node.args:
            yield getattr(node.func, "id", ""), node, ""


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Subscript):
        return _text(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return ""


def errors_page() -> str:
    """The page of error codes."""
    lines = [
        "# Error codes",
        "",
        "Every error is problem details (RFC 9457): `type`, `title`, `status`, `code`, `detail`, "
        "`instance`, `request_id`, for a wrong body `errors`, and members of its own. `code` is "
        "stable. This page is made from the source by `python scripts/reference.py`.",
        "",
    ]
    status = 0
    for code in error_codes():
        if code.status != status:
            status = code.status
            lines += [f"## {status}", ""]
        lines += [f"### {code.name}", "", f"{code.detail or '—'} *({code.where})*", ""]
    return "\n".join(lines)


def settings_structs() -> Iterator[tuple[str, ast.ClassDef]]:
    """Each settings struct with the prefix of its variables."""
    for path in sorted(SOURCE.rglob("settings.py")):
        tree = ast.parse(path.read_text())
        text = ast.get_docstring(tree) or ""
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                own = ast.get_docstring(node) or ""
                prefix = (text + own).partition("`SOUK_")[2].partition("`")[0]
                yield f"SOUK_{prefix}", node


def settings_page() -> str:
    """The page of settings."""
    lines = [
        "# Settings",
        "",
        "Each is an environment variable, or the same name in lower case in `souk.toml` of the "
        "data folder. `souk check` says which are wrong. This page is made from the source by "
        "`python scripts/reference.py`.",
        "",
    ]
    for prefix, node in settings_structs():
        summary = (ast.get_docstring(node) or "").split(" Variables:")[0].split("\n")[0]
        summary = "" if summary.startswith("Variables:") else summary
        lines += [
            f"## {prefix}…",
            "",
            summary,
            "",
            "| variable | default | meaning |",
            "|---|---|---|",
        ]
        for index, statement in enumerate(node.body):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                after = node.body[index + 1] if index + 1 < len(node.body) else None
                meaning = _docstring_of(after)
                default = ast.unparse(statement.value) if statement.value else "needed"
                name = f"{prefix}{statement.target.id.upper()}"
                lines.append(f"| `{name}` | `{default}` | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _docstring_of(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split()).replace("|", "\\|")
    return ""


def main() -> None:
    """Writes both pages; with --check only says whether they are current."""
    stale = []
    for name, page in (("errors.md", errors_page()), ("settings.md", settings_page())):
        path = REFERENCE / name
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != page:
                stale.append(name)
        else:
            path.write_text(page)
    if stale:
        sys.exit(f"Not current: {', '.join(stale)}. Run `python scripts/reference.py`.")


if __name__ == "__main__":
    main()
