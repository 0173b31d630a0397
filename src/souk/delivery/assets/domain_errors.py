"""What can be wrong with a domain or its certificate."""

from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class DomainUnknown(NotFound):
    """There is no such domain, or it is of others."""

    def __init__(self) -> None:
        super().__init__("domain_unknown", "There is no such domain.")


class DomainNotYours(Forbidden):
    """A member who does not manage the organisation."""

    def __init__(self) -> None:
        super().__init__("domain_not_yours", "Managers of the organisation see to its domains.")


class DomainClaimed(Conflict):
    """The organisation has this domain already."""

    def __init__(self, name: str) -> None:
        super().__init__("domain_claimed", f"{name} is among your domains already.")


class DomainTaken(Conflict):
    """Another organisation has proven it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "domain_taken",
            f"{name} is proven by another organisation here; its owner has to remove it there.",
        )


class DomainsFull(Conflict):
    """There is no room for another."""

    def __init__(self, limit: int) -> None:
        super().__init__("domains_full", f"An organisation has at most {limit} domains.")


class DomainUnproven(Conflict):
    """What was asked for needs the proof first."""

    def __init__(self) -> None:
        super().__init__("domain_unproven", "Prove first that the domain is yours.")


class DomainRefused(Invalid):
    """A name that is nobody's to bring."""

    def __init__(self, why: str) -> None:
        super().__init__("domain_invalid", why)


class CertificateInvalid(Invalid):
    """A certificate or key that cannot serve the domain."""

    def __init__(self, why: str) -> None:
        super().__init__("certificate_invalid", why)
