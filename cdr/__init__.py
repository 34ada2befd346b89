"""What happened to a call: its journey step by step, and the one record folded from the steps.

Pure: facts come in with their instants, nothing here asks for the time, waits or writes.
`journey` names the steps, `record` folds them, `shown` renders a record for people and scripts,
`switch_rows` reads the switch's own call list for the calls that nobody else could tell.
"""
