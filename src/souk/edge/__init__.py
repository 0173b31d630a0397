"""An edge node of the CDN: a process of its own that keeps what is fetched near those who fetch it.

It knows home (the marketplace) by its address and public keys only: no database, no secret that
opens anything by itself. What it serves it has checked against hashes that home has signed.
"""
