"""What Souk's contracts announced on chains: followed, kept, and undone when a chain takes it back.

Also which contracts and tokens there are, vouchers in the registrar's name, licences as tokens, and
their resale. Described in docs/reference/chain.md.
"""
