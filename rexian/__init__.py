"""The running house: telephony, store and push are its doors, engine its mind, cli its bell.

Import from the modules; the package itself re-exports nothing.
"""
