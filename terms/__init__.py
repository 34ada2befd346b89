"""The shared words of the house: identifiers, instants, telephone numbers.

Everything else may import this package; it imports nothing of ours. Import from the modules
(`from terms.ids import CallId`), the package itself re-exports nothing.
"""
