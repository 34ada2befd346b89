"""Writes the agent states' diagram and table into docs/architecture.md, from the one table of the code.

.venv/bin/python docs/draw_agent_states.py            writes what changed
.venv/bin/python docs/draw_agent_states.py --check    exit 1 if something would change
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from agents.states import LABELS, TRANSITIONS, AgentEvent, AgentState

DOCUMENT = Path(__file__).with_name("architecture.md")
BEGIN = "<!-- agent states: written by docs/draw_agent_states.py -->"
END = "<!-- end of agent states -->"


def diagram() -> Iterator[str]:
    """The moves of a working day for Mermaid. Wishes that are only kept, and doubt, are left out."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield "    [*] --> off"
    for state in AgentState:
        if state is not AgentState.IN_DOUBT:
            yield f"    {state}: {state} {LABELS[state]}"
    for (here, there), events in _arrows().items():
        yield f"    {here} --> {there}: {', '.join(events)}"
    yield "```"


def _arrows() -> dict[tuple[AgentState, AgentState], list[AgentEvent]]:
    arrows: dict[tuple[AgentState, AgentState], list[AgentEvent]] = {}
    for (here, event), there in TRANSITIONS.items():
        if here is not there and AgentState.IN_DOUBT not in (here, there):
            arrows.setdefault((here, there), []).append(event)
    return arrows


def table() -> Iterator[str]:
    """Every legal move. `·` means that the event is legal and leads nowhere else; empty, that it is not."""
    yield "| event | " + " | ".join(AgentState) + " |"
    yield "|---|" + "---|" * len(AgentState)
    for event in AgentEvent:
        cells = []
        for state in AgentState:
            there = TRANSITIONS.get((state, event))
            cells.append("" if there is None else "·" if there is state else str(there))
        yield f"| `{event}` | " + " | ".join(cells) + " |"


def drawn(document: str) -> str:
    """`document` with the part between the marks written anew. ValueError if a mark is missing."""
    before, mark, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{DOCUMENT}: the marks '{BEGIN}' and '{END}' are not there; put them back")
    return "\n".join([before + BEGIN, "", *diagram(), "", *table(), "", END + after])


def main() -> int:
    """Exit status: 1 if --check finds the document stale."""
    present = DOCUMENT.read_text(encoding="utf-8")
    fresh = drawn(present)
    if "--check" in sys.argv[1:]:
        return int(fresh != present)
    if fresh != present:
        DOCUMENT.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
