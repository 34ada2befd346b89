"""When a caller is told their place, and what can honestly be said about the wait."""

from acd.decisions import Announce
from acd.lines import Call
from acd.rules import QueueRule
from terms.instant import Instant, after


def next_announcement(rule: QueueRule, joined_at: Instant, at: Instant) -> Instant | None:
    """The first announcement at or after `at`, in a rhythm counted from joining, so that whoever
    takes a call over goes on in it. None if there is no further one."""
    first, every_us = _rhythm(rule, joined_at)
    if at <= first:
        return first
    if not every_us:
        return None
    return Instant(first + -(-(at - first) // every_us) * every_us)


def announcements_before(rule: QueueRule, joined_at: Instant, at: Instant) -> int:
    """How many announcements a caller has heard who joined long before `at`."""
    first, every_us = _rhythm(rule, joined_at)
    if at <= first:
        return 0
    return 1 + (at - first - 1) // every_us if every_us else 1


def announcement(call: Call, position: int) -> Announce:
    """What to say now, never worse than what was said before; the call remembers it."""
    wait_s = expected_wait_s(call, position)
    call.told_times += 1
    call.told_position = min(position, call.told_position or position)
    if wait_s is not None:
        call.told_wait_s = wait_s = min(wait_s, wait_s if call.told_wait_s is None else call.told_wait_s)
    return Announce(call=call.id, position=call.told_position, expected_wait_s=wait_s, nth=call.told_times)


def expected_wait_s(call: Call, position: int) -> float | None:
    """Seconds until an agent is free for the caller at `position`: of the agents signed in who can serve
    the call, one gets free every handling_s ÷ agents. None if there is none, or if the handling time is
    not known: then no number would be honest."""
    able, handling_s = call.requirement.able, call.queue.rule.handling_s
    return position * handling_s / able if able and handling_s else None


def _rhythm(rule: QueueRule, joined_at: Instant) -> tuple[Instant, int]:
    return after(joined_at, rule.announce_first_s), after(Instant(0), rule.announce_every_s)
