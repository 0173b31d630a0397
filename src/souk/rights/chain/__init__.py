"""Chains: transactions that are neither lost nor sent twice, and the log's heads anchored by them.

What the contracts do is in contracts/; how chains are configured: docs/reference/chain.md.
"""
