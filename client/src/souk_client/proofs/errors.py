"""What the proofs raise."""


class ProofError(ValueError):
    """Something that should be proof is malformed, or does not prove what it claims.

    The message says which part, in words fit to show to a person.
    """
