"""What can be wrong with what a client sends or asks for by Xet."""

from souk.kernel.errors import Conflict, Forbidden, Malformed, NotFound, TooLarge, Unauthenticated


class XorbInvalid(Malformed):
    """A xorb is not one, or is not what its hash says."""

    def __init__(self, why: str) -> None:
        super().__init__("xorb_invalid", f"This xorb was refused: {why}. Nothing of it was kept.")


class ShardInvalid(Malformed):
    """A shard cannot be read, or what it says of a file is not true."""

    def __init__(self, why: str) -> None:
        super().__init__("shard_invalid", f"This shard was refused: {why}. Nothing of it was kept.")


class XorbUnknown(Malformed):
    """A shard builds on a xorb that is not there, or that the sender may not read."""

    def __init__(self, xorb: str) -> None:
        super().__init__(
            "xorb_unknown",
            f"The file is built on xorb {xorb}, which is not stored, or was not sent by an "
            "organisation of yours. Send its chunks: empty the client's cache of shards (the "
            "folder `xet` in HF_HOME) and upload again.",
            xorb=xorb,
        )


class XorbTooLarge(TooLarge):
    """A xorb is longer than one may be."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__("xorb_too_large", f"A xorb may have at most {limit_bytes} bytes.")


class XorbsWaiting(Conflict):
    """Too much was sent that no file is built on."""

    def __init__(self, waiting_bytes: int) -> None:
        super().__init__(
            "xorbs_waiting",
            f"Your organisation has sent {waiting_bytes} bytes of xorbs that no file is built on. "
            "Finish those uploads, or wait until what they left is removed.",
            waiting_bytes=waiting_bytes,
        )


class ShardTooLarge(TooLarge):
    """A shard is longer than one may be."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__("shard_too_large", f"A shard may have at most {limit_bytes} bytes.")


class BodyInterrupted(Malformed):
    """The connection ended, or went silent, before the body was whole."""

    def __init__(self) -> None:
        super().__init__(
            "xet_body_interrupted", "The body did not arrive whole; nothing of it was kept."
        )


class HashMalformed(Malformed):
    """The address names no hash."""

    def __init__(self) -> None:
        super().__init__(
            "hash_malformed", "A hash is written as 64 lowercase hexadecimal digits here."
        )


class RangeMalformed(Malformed):
    """The header `Range` cannot be read."""

    def __init__(self) -> None:
        super().__init__("range_malformed", "Send one range of bytes, as in `Range: bytes=0-1023`.")


class XetTokenInvalid(Unauthenticated):
    """The token was not made here, or its time is over: clients then ask for a new one."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "xet_token_invalid", f"The Xet token {why}; get a new one from the repository."
        )


class XetTokenNarrow(Forbidden):
    """A reading token was used for writing."""

    def __init__(self) -> None:
        super().__init__(
            "xet_token_narrow", "This token reads only; ask for the repository's write token."
        )


class XetRightOver(Forbidden):
    """The token is good, and what it was given out for has ended since."""

    def __init__(self) -> None:
        super().__init__(
            "xet_right_over",
            "The right to these files has ended since this was given out; ask the repository for a "
            "new token, and it says why.",
        )


class XetFileUnknown(NotFound):
    """There is no such file under this token."""

    def __init__(self) -> None:
        super().__init__(
            "xet_file_unknown", "This token opens no file of this hash, or there is none."
        )


class ChunkUnknown(NotFound):
    """No chunk to build on."""

    def __init__(self) -> None:
        super().__init__("chunk_unknown", "There is nothing of yours with this chunk.")


class XorbAddressInvalid(Forbidden):
    """A signed address does not cover this."""

    def __init__(self, why: str) -> None:
        super().__init__("xorb_address_invalid", f"This address {why}.")


class XorbAddressExpired(Forbidden):
    """A signed address is too old: clients ask for a new one when they are told 403."""

    def __init__(self) -> None:
        super().__init__(
            "xorb_address_expired", "This address has expired; ask for the reconstruction again."
        )
