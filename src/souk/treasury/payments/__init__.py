"""Money in and between wallets: payment providers, deposits, and the wallet over HTTP."""
