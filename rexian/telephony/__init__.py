"""The only door to Asterisk.

`link` speaks AMI (through panoramisk) and keeps the stream honest, `switch` is what the engine sees of
it: commands out, typed `events` in. `process` renders asterisk-config/ and keeps one Asterisk running.
Nothing outside this package knows a header name, and nothing in it knows a citizen's call.
"""
