"""A shared HTTP cache (RFC 9111) for sites: what may be kept, for how long, and for whom.

`fields`, `directives`, `freshness`, `keys`, `conditions` are pure rules; `stored`, `files`, `store`
keep answers; `origin`, `filling` fetch them; `serving` answers requests.
"""
