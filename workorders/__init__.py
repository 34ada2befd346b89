"""What becomes of the citizen's matter: work orders, their numbers, their states.

Pure: days, instants and serial numbers are handed in.
"""
