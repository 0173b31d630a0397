"""A shared HTTP cache (RFC 9111) for sites: what may be kept, for how long, and for whom.

`fields`, `directives`, `freshness`, `keys`, `conditions` are pure rules; `stored`, `files`,
`store`, `body` keep answers; `origin`, `filling`, `coming`, `fetching` bring them; `wanted`,
`serving`, `passing`, `sending` answer requests; `parts` puts it together.
"""
