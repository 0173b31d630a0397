"""`python -m souk.apps.cli` is `souk`."""

from souk.apps.cli.group import main

main()
