"""Trust: what keeps the market honest; it looks at every wing below and owns none of their data."""
