"""The machine below: programs that run in the background and outlive whoever started them.

Both the supervisor and the telephony door start, find again and end such programs; how that is done
safely stands here once.
"""
