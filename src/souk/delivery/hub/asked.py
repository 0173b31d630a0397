"""What programs say of a repository that they make, change or remove."""

from typing import Literal

import msgspec


class NewRepository(msgspec.Struct, frozen=True):
    """What a client says of a new repository; what else it says is left alone."""

    name: str
    organization: str | None = None
    type: Literal["model", "dataset", "space", "kernel"] | None = None
    private: bool | None = None
    visibility: str | None = None


class NamedRepository(msgspec.Struct, frozen=True):
    """Which repository shall go."""

    name: str
    organization: str | None = None
    type: Literal["model", "dataset", "space", "kernel"] | None = None


class RepositorySettings(msgspec.Struct, frozen=True):
    """What shall change."""

    visibility: Literal["public", "private", "protected"] | None = None
    private: bool | None = None
    gated: Literal["auto", "manual"] | bool | None = None

    @property
    def wanted(self) -> Literal["public", "private"] | None:
        """Whether it shall be public."""
        if self.visibility == "public" or self.private is False:
            return "public"
        if self.visibility is not None or self.private:
            return "private"
        return None
