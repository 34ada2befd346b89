"""What the citizen hears and may press: menus as data and one pure step function.

`menus` is the data, `actions` what the line is asked to do, `step` the function from a state and an
event to the next state and its actions, `check` what makes a set of menus unfit for callers. The same
step serves live calls, the trainer and the fuzzer. Nothing here plays, waits or asks what time it is.
"""
