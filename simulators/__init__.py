"""Citizens, agents and their telephones: what stands in for the world in tests, demos and load runs.

`phone.Phone` is a whole SIP telephone in Python, `sipp/` and `crowd` are a small city of SIPp calls,
`rig` starts a private system for a test. Nothing here knows how the engine works inside: a phone
keeps its own log, so that it can testify against our records.
"""
