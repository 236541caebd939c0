"""`python -m menura` is `menura`."""

from menura.cli.main import main

main()
