"""The safety scan: what a file is, whether its structure holds, whether it could run code.

Everything here but `runner` and `workflow` runs in a child process with limits on memory, time and
files, so that no file can harm the marketplace while it is looked at.
"""
