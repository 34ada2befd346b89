"""Who can take calls: people and seats, the table of agent states, one desk per person.

Pure: facts go in with their `now`, changes come out; nothing here waits, logs or looks at a clock.
`states` holds the one table of what may follow what, `desk` one person's situation as a frozen
fact, `book` all of them and the rules that need more than one (seats, limits, lost phones).
Import from the modules (`from agents.book import AgentBook`).
"""
