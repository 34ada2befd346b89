"""The `rexian` command: the one composition root. It puts the parts together and starts them.

`main` names the commands, `service` builds an engine process, `up` supervises everything.
"""
