"""The client of a Souk marketplace: contracts, proofs, SDK and the command `mp`."""
