"""Licences: what a buyer may do with a work, for how long, how often and how many of them.

A licence's state follows from its facts (times, uses, revocation) and is never stored. The signed
licence file verifies with no server. Described in docs/reference/licences.md.
"""
