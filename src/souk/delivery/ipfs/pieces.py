"""Cutting a stream of bytes anew."""

from collections.abc import AsyncIterator, Iterable


async def cut(stream: AsyncIterator[bytes], lengths: Iterable[int]) -> AsyncIterator[bytes]:
    """The stream in pieces of exactly these lengths; a last one is shorter when it ends early.

    A piece that came as it is wanted is passed on without a copy.
    """
    rest = b""
    for length in lengths:
        parts, there = [rest] if rest else [], len(rest)
        while there < length and (more := await anext(stream, b"")):
            parts.append(more)
            there += len(more)
        together = parts[0] if len(parts) == 1 else b"".join(parts)
        yield together[:length]
        rest = together[length:]
