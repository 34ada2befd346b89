"""`python -m rexian.cli`, the same as the `rexian` command; children of the supervisor are started so."""

import gc

gc.disable()  # nothing that is imported is garbage, and looking for some costs a sixth of the start
from rexian.cli.main import app  # noqa: E402

gc.freeze()
gc.enable()
app()
