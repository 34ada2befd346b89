"""Who gets which call: a skills-based router as a pure machine.

Facts go in with their `now`, decisions come out; nothing waits, logs, draws lots or looks at a clock,
so the same events give the same decisions in a test, in a replay and on the day. `rules` says what is
configured, `decisions` what is answered, `router` holds the verbs; the other modules are its parts:
`calls` and `lines` (who waits, in which order), `profiles` (who can serve, who is idle), `matching`
(who is offered to whom), `deadlines`, `announcements`, `explain`. Import from the modules.

Words: a *requirement* is what a call asks for (a queue and the least skills), a *line* the calls with
one requirement that the same agents have refused, a *profile* what an agent offers (skills, queues).
"""
