"""Orders that a wallet pays on a chain: dated prices, signed offers, what the chain made of them.

Described in docs/reference/chain.md.
"""
