"""Identifiers with types, so that a seat can't be passed where a person is meant."""

from typing import NewType

CallId = NewType("CallId", str)
"""One call from outside, for its whole life; unique across restarts, sortable by start."""

AgentId = NewType("AgentId", str)
"""A person's 工号, four digits."""

SeatId = NewType("SeatId", str)
"""A phone on a desk: its extension, 8001 to 8020 in the demo city."""

OfferId = NewType("OfferId", str)
"""One attempt to hand one call to one agent; a late answer names it."""

ChannelId = NewType("ChannelId", str)
"""A channel of the switch: Asterisk's Uniqueid."""

QueueName = NewType("QueueName", str)
SkillName = NewType("SkillName", str)
MenuId = NewType("MenuId", str)
PromptId = NewType("PromptId", str)
