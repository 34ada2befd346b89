"""`python -m rexian.cli`, the same as the `rexian` command; children of the supervisor are started so."""

from rexian.cli.main import app

app()
