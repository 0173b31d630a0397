"""The query language behind the search box: pure, no I/O.

`reader.read_query` turns what was typed into words and filters, or says where it cannot be read.
"""
