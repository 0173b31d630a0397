"""Assets: files at public addresses, in the forms that browsers want, and owners' own domains."""
