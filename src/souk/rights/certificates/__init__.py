"""Certificates of ownership: what the holder of a licence shows of it, on a page and as PDF.

A certificate is found by its code alone. Described in docs/reference/certificates.md.
"""
