"""The HTTP interface against its own description."""
