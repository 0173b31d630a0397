"""The shapes that cross the wire, shared by the server, the Python client and the command `mp`.

One module a wing. A `Request` refuses unknown fields; an `Answer` may gain fields later, and a
client ignores those it does not know. Money is in minor units, sizes in bytes, durations in the
unit that the name carries, times are RFC 3339 in UTC.
"""
