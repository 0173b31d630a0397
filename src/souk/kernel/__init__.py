"""The vocabulary every wing shares: ids, money, time, errors, events, pages.

Pure: the standard library and msgspec only, no I/O.
"""
