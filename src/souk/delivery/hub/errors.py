"""What can be wrong with a request of a hub client.

Clients go by the header `X-Error-Code`; `CLIENT_CODES` says which of our codes it is.
"""

from typing import Final

from souk.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    PreconditionFailed,
)


class RepositoryUnknown(NotFound):
    """There is no such repository of this type for this caller."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "repository_unknown", f"There is no repository {address!r}, or it is not public."
        )


class RepositoryTaken(Conflict):
    """The owner has a listing of this name."""

    def __init__(self, address: str, *, url: str) -> None:
        super().__init__(
            "repository_taken", f"You have {address!r} already.", url=url, name=address
        )


class RevisionUnknown(NotFound):
    """The repository has no such version, tag, branch or commit that this caller may see."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "revision_not_found",
            f"{name[:80]!r} is no version, tag, branch or commit of this repository.",
        )


class EntryUnknown(NotFound):
    """The revision has no such file."""

    def __init__(self, path: str, *, commit: str | None = None) -> None:
        super().__init__("entry_not_found", f"There is no {path[:200]!r} in this revision.")
        self.commit = commit


class DeletedEntryUnknown(NotFound):
    """A commit deletes what is not there."""

    def __init__(self, path: str, *, folder: bool) -> None:
        what = "folder" if folder else "file"
        super().__init__(
            "deletion_unknown",
            f"A {what} with this name doesn't exist: {path[:200]!r}; nothing was committed.",
        )


class Gated(Forbidden):
    """The caller has no licence for these files."""

    def __init__(self, reason: str, *, page: str) -> None:
        super().__init__("repository_gated", f"{reason} Get access at {page}", page=page)


class Disabled(Forbidden):
    """Moderators took the listing down."""

    def __init__(self) -> None:
        super().__init__("repository_disabled", "Access to this resource is disabled.")


class FileQuarantined(Forbidden):
    """The safety scan keeps a file back."""

    def __init__(self, path: str, reasons: list[str]) -> None:
        super().__init__(
            "file_quarantined",
            f"The safety scan keeps {path[:200]!r} back: {', '.join(reasons)[:2000]}.",
        )


class CommitQuarantined(Conflict):
    """The safety scan found something unsafe among the files of a commit."""

    def __init__(self, found: dict[str, list[str]]) -> None:
        shown = "; ".join(f"{path}: {', '.join(reasons)}" for path, reasons in found.items())
        super().__init__(
            "commit_quarantined",
            f"Not committed, because the safety scan refused: {shown[:4000]}.",
            files=found,
        )


class Moved(PreconditionFailed):
    """Another commit came first."""

    def __init__(self, branch: str, *, head: str | None) -> None:
        super().__init__(
            "commit_raced",
            f"A commit has happened since on {branch!r}. Please refresh and try again; nothing of "
            "this one was kept.",
            head=head,
        )


class CommitMalformed(Malformed):
    """The body of a commit is not what the protocol says."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__("commit_malformed", f"Line {line} of the commit: {why}.", line=line)


class FilesUnsent(Invalid):
    """A commit names large files that were not uploaded."""

    def __init__(self, paths: list[str]) -> None:
        shown = ", ".join(repr(path[:80]) for path in paths[:5])
        super().__init__(
            "files_unsent",
            f"{len(paths)} file(s) name content that your organisation has not uploaded: {shown}. "
            "Upload them first.",
        )


class NotOffered(Invalid):
    """The protocol has it; a marketplace's listing does not."""

    def __init__(self, why: str) -> None:
        super().__init__("hub_not_offered", why)


CLIENT_CODES: Final = {
    "repository_unknown": "RepoNotFound",
    "listing_unknown": "RepoNotFound",
    "organisation_unknown": "RepoNotFound",
    "revision_not_found": "RevisionNotFound",
    "revision_unknown": "RevisionNotFound",
    "version_unknown": "RevisionNotFound",
    "entry_not_found": "EntryNotFound",
    "deletion_unknown": "EntryNotFound",
    "repository_gated": "GatedRepo",
}
"""`X-Error-Code` by code."""
