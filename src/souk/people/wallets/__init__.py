"""Wallets that people linked to their accounts: Sign-In with Ethereum, and what they are called."""
