"""`python -m pipelines` is `kollect`."""

from pipelines.cli import main

main()
