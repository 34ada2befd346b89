"""The router's books, recomputed from scratch: whoever keeps masks and sorted lists must not drift."""

from acd.deadlines import Due
from acd.profiles import Standing
from acd.router import Router
from terms.instant import Instant


def check_books(router: Router, now: Instant) -> None:
    """Each call in exactly one line or offered, each agent in exactly one place, every mask, count and
    order equal to what it is made from, every deadline somebody's and in the future."""
    floor = router._floor
    lines, bench = floor.lines, floor.bench
    in_lines = [key[3] for needed in lines.requirements for line in needed.lines.values() for key in line]
    in_offers = [call.id for call in floor.offers.values()]
    assert sorted(in_lines + in_offers) == sorted(lines.calls), "a call is nowhere, or twice"

    for queue in lines.queues.values():
        mine = [call for call in lines.calls.values() if call.queue is queue]
        assert queue.filed == sorted(call.key for call in mine if call.offer is None)
        assert queue.offered == sorted(call.key for call in mine if call.offer is not None)
    for needed in lines.requirements:
        for tried, line in needed.lines.items():
            assert line, "an empty line is left over"
            assert line == sorted(line)
            for key in line:
                call = lines.calls[key[3]]
                assert (call.requirement, call.tried, call.key) == (needed, tried, key)
        assert bool(lines.nonempty & needed.bit) == bool(needed.lines)
        able = [agent for agent in bench.agents.values() if agent.group.serves & needed.bit]
        assert needed.able == len(able)
        for agent in able:
            fits = [fit for fit, mask in needed.groups if mask & agent.group.bit]
            assert fits == [needed.queue.rule.fit.of(needed.need, agent.group.profile)]
        assert needed.groups == sorted(needed.groups)

    groups = {id(agent.group): agent.group for agent in bench.agents.values()}.values()
    for group in groups:
        idle = [a for a in bench.agents.values() if a.group is group and a.standing is Standing.IDLE]
        assert group.idle == sorted((agent.idle_since, agent.id) for agent in idle)
        assert bool(bench.idle & group.bit) == bool(idle)
        for needed in lines.requirements:
            serves = group.profile.serves(needed.queue.rule.name, needed.need)
            assert bool(group.serves & needed.bit) == serves
    for agent in bench.agents.values():
        rests = (Due.REST_ENDS, agent.id) in floor.deadlines._at
        assert rests == (agent.standing is Standing.RESTING)
        rings = [call for call in floor.offers.values() if call.offer and call.offer.agent == agent.id]
        assert (agent.standing is Standing.OFFERED) == (len(rings) == 1), "two phones, or none, for one agent"
        assert agent.call == (rings[0].id if rings else None)
    assert set(floor.offers) == {call.offer.offer for call in lines.calls.values() if call.offer}
    assert router.next_deadline is None or router.next_deadline >= now
