"""`python -m bewithu`."""

from bewithu.cli import main

main()
