"""Whether a city's files fit together: every name leads somewhere, every caller can be served.

Names are compared with what stands in the other files, right or wrong there, so that one slip doesn't
look like twenty. What can only be judged when nothing is missing waits until the files are whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from acd.rules import Profile
from ivr.menus import Menus, ToMenu
from rexian.engine.city_models import (
    AgentsFile,
    HotlineFile,
    MenusFile,
    PromptsFile,
    QueueModel,
    QueuesFile,
    StageModel,
)
from rexian.engine.config_reading import Reading
from rexian.engine.mistakes import Mistake, did_you_mean
from rexian.engine.strict_yaml import Document, Spot
from terms.ids import AgentId, QueueName
from terms.skills import need

ENGINE_SAYS = (
    *("q.pos.1", "q.pos.99", "q.next", "q.wait.1", "q.wait.10", "q.long", "q.still", "e.plain"),
    *("r.wait", "r.back", "r.other", "s.ask", "s.thanks", "bye", "f.queue", "f.leave"),
    *("k.in", "k.ready", "k.pause", "k.out", "k.pin", "k.wrong"),
)
"""What the engine speaks of its own accord; of a range its ends. 工号 are looked at person by person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of one city."""

    hotline: Reading[HotlineFile]
    agents: Reading[AgentsFile]
    queues: Reading[QueuesFile]
    menus: Reading[MenusFile]
    prompts: Reading[PromptsFile]
    named_prompts: frozenset[str]
    """Every sound that prompts.yaml asks for, whether or not its file is there."""


def mistakes(files: Files) -> Iterator[Mistake]:
    """Everything that keeps the city from taking calls, beyond the shape of each file."""
    yield from _agents(files)
    yield from _seats(files)
    yield from _queues(files)
    yield from _menus(files)
    yield from _numbers(files)
    yield from _said_by_the_engine(files)


def warnings(files: Files) -> Iterator[Mistake]:
    """What works, but hardly as it was meant."""
    if files.agents.content is None or not files.agents.whole:
        return
    agents, queues = files.agents, files.queues
    for agent in files.agents.content.people:
        if files.prompts.whole and f"a.gonghao.{agent}" not in files.named_prompts:
            what = f"'{agent}' has no announcement of the 工号, prompt 'a.gonghao.{agent}'"
            mend = "widen a.gonghao in prompts.yaml and run `make prompts`"
            yield agents.document.mistake(("people", agent), what, mend)
    if queues.content is None:
        return
    for name, queue in queues.content.queues.items():
        for at, stage in enumerate(queue.stages[:-1]):
            if stage.overflow is None and not _can_serve(files, name, stage):
                what = f"queue '{name}', stage {at + 1}: nobody can serve it, callers only wait it out"
                mend = "give somebody these skills, or take the stage out"
                yield queues.document.mistake(("queues", name, "stages", at), what, mend)


def has_unknown_menus(menus: Menus) -> bool:
    """Whether a number or a key leads to a menu that isn't there; then others only seem unreachable."""
    named = {line.menu for line in menus.lines.values() if line.menu is not None}
    for menu in menus.menus.values():
        named |= {to.menu for to in (*menu.options.values(), menu.silence) if isinstance(to, ToMenu)}
    return not named <= set(menus.menus)


def _unknown(document: Document, spot: Spot, kind: str, name: str, known: Iterable[str]) -> Iterator[Mistake]:
    """A mistake if `name` is not `known`.

    None if nothing is known, for then that file couldn't be read, or if `spot` is a stand-in's.
    """
    names = set(known)
    if names and name not in names and document.holds(spot):
        yield document.mistake(spot, f"unknown {kind} '{name}'", did_you_mean(name, names))


def _unknown_words(files: Files, document: Document, spot: Spot, words: Iterable[str]) -> Iterator[Mistake]:
    keys = files.prompts.names("prompts")
    for word in words:
        left_out = not files.prompts.whole and any(word == k or word.startswith(f"{k}.") for k in keys)
        if not left_out:
            yield from _unknown(document, spot, "prompt", word, files.named_prompts)


def _agents(files: Files) -> Iterator[Mistake]:
    agents = files.agents
    if agents.content is None:
        return
    for agent, person in agents.content.people.items():
        for skill in person.skills:
            spot = ("people", agent, "skills", skill)
            yield from _unknown(agents.document, spot, "skill", skill, agents.names("skills"))
        for at, queue in enumerate(person.queues or ()):
            listed = ("people", agent, "queues", at)
            yield from _unknown(agents.document, listed, "queue", queue, files.queues.names("queues"))


def _seats(files: Files) -> Iterator[Mistake]:
    """Usual agents who exist and have one seat; extensions that nothing else is called by."""
    agents, hotline = files.agents, files.hotline
    if agents.content is None:
        return
    usual: dict[AgentId, Spot] = {}
    for seat, facts in agents.content.seats.items():
        spot = ("seats", seat, "usual_agent")
        agent = facts.usual_agent
        if agent is None:
            continue
        yield from _unknown(agents.document, spot, "usual_agent", agent, agents.names("people"))
        if agent in usual:
            line = agents.document.line(usual[agent])
            what = f"seat {seat} has the usual agent {agent}, as seat {usual[agent][1]} on line {line}"
            yield agents.document.mistake(spot, what, "a person has one usual seat: change one of them")
        usual.setdefault(agent, spot)
    for at, extension in enumerate(hotline.content.citizen_accounts if hotline.content else ()):
        if extension in agents.names("seats"):
            line = agents.document.line(("seats", extension))
            what = f"extension {extension} is a seat too, {agents.document.file}:{line}"
            yield hotline.document.mistake(("citizen_accounts", at), what, "give one of them another")


def _queues(files: Files) -> Iterator[Mistake]:
    queues = files.queues
    if queues.content is None:
        return
    for name, queue in queues.content.queues.items():
        yield from _ladder(queues.document, name, queue)
        for at, stage in enumerate(queue.stages):
            top: Spot = ("queues", name, "stages", at)
            for skill in stage.need:
                spot = (*top, "need", skill)
                yield from _unknown(queues.document, spot, "skill", skill, files.agents.names("skills"))
            if stage.overflow:
                spot, known = (*top, "overflow"), queues.names("queues")
                yield from _unknown(queues.document, spot, "queue", stage.overflow, known)
            if stage.say:
                yield from _unknown_words(files, queues.document, (*top, "say"), [stage.say])
    yield from _unserved(files)
    yield from _overflow_circles(queues.document, queues.content)


def _ladder(document: Document, name: str, queue: QueueModel) -> Iterator[Mistake]:
    """Stages in order of time, the first at 0, nothing after a way out."""
    top: Spot = ("queues", name, "stages")
    stages = queue.stages
    if stages[0].after_s != 0:
        what = f"queue '{name}': its first stage begins after {stages[0].after_s:g} s"
        yield document.mistake((*top, 0), what, "the first stage begins at 0")
    for at, (before, stage) in enumerate(pairwise(stages), start=1):
        if stage.after_s <= before.after_s:
            what = f"queue '{name}', stage {at + 1} begins after {stage.after_s:g} s, "
            what += f"the one before it after {before.after_s:g} s"
            yield document.mistake((*top, at), what, "write the stages in order of time")
        if before.overflow is not None:
            what = f"queue '{name}', stage {at + 1} is never reached: the one before it overflows"
            yield document.mistake((*top, at), what, "delete it, or take the overflow out")


def _unserved(files: Files) -> Iterator[Mistake]:
    """Queues in which somebody could wait for ever."""
    queues = files.queues
    if queues.content is None or not files.agents.whole:
        return
    for name, queue in queues.content.queues.items():
        last = queue.stages[-1]
        boosted = any(stage.boost or stage.overflow for stage in queue.stages)
        if not boosted and queue.slope == 0:
            what = f"queue '{name}' has slope 0: who waits long would never come before others"
            mend = "write a slope above 0, or a last stage with a boost"
            yield queues.document.mistake(("queues", name, "slope"), what, mend)
        if last.overflow is None and not _can_serve(files, name, last):
            wanted = ", ".join(f"{skill} {level}" for skill, level in last.need.items())
            what = f"queue '{name}': nobody can serve its last stage" + (f" ({wanted})" if wanted else "")
            mend = "end with a stage that needs nothing, `need: {}`, or give somebody these skills"
            yield queues.document.mistake(("queues", name, "stages", len(queue.stages) - 1), what, mend)


def _can_serve(files: Files, queue: QueueName, stage: StageModel) -> bool:
    """Whether anybody can; a stage that asks for an unknown skill is given the benefit of the doubt."""
    assert files.agents.content is not None
    if not files.agents.names("skills").issuperset(stage.need):
        return True
    every = frozenset(QueueName(name) for name in files.queues.names("queues"))
    return any(
        Profile(
            skills=need(person.skills),
            queues=every if person.queues is None else frozenset(person.queues),
        ).serves(queue, need(stage.need))
        for person in files.agents.content.people.values()
    )


def _overflow_circles(document: Document, content: QueuesFile) -> Iterator[Mistake]:
    """Each circle once, at the queue of it that comes first in the alphabet."""
    ways = {name: queue.stages[-1].overflow for name, queue in content.queues.items()}
    for name in ways:
        trail = [name]
        while (onward := ways.get(trail[-1])) is not None and onward not in trail:
            trail.append(onward)
        if onward == name == min(trail):
            what = f"queue '{name}': overflow leads round in a circle: {' → '.join([*trail, name])}"
            yield document.mistake(("queues", name), what, "take one overflow out")


def _menus(files: Files) -> Iterator[Mistake]:
    menus = files.menus
    if menus.content is None:
        return
    content, document = menus.content, menus.document
    for part in ("notice", "connecting", "retry"):
        yield from _unknown_words(files, document, (part,), getattr(content, part))
    for menu_id, menu in content.menus.items():
        top: Spot = ("menus", menu_id)
        yield from _unknown_words(files, document, (*top, "prompt"), [menu.prompt])
        for key, target in menu.keys.items():
            spot = (*top, "keys", key)
            yield from _target(files, spot, target.queue, target.menu, target.say)
        silence = menu.silence
        yield from _target(files, (*top, "silence"), silence.queue, silence.menu, silence.say)
    yield from _unknown_words(files, document, ("waiting", "prompt"), [content.waiting.prompt])
    for key, target in content.waiting.keys.items():
        yield from _target(files, ("waiting", "keys", key), target.queue, target.menu, target.say)
    yield from _target(files, ("person",), content.person.queue, None, content.person.say)


def _target(
    files: Files, spot: Spot, queue: str | None, menu: str | None, say: Iterable[str]
) -> Iterator[Mistake]:
    document = files.menus.document
    if queue is not None:
        yield from _unknown(document, spot, "queue", queue, files.queues.names("queues"))
    if menu is not None:
        yield from _unknown(document, spot, "menu", menu, files.menus.names("menus"))
    yield from _unknown_words(files, document, spot, say)


def _numbers(files: Files) -> Iterator[Mistake]:
    hotline = files.hotline
    if hotline.content is None:
        return
    for number, line in hotline.content.numbers.items():
        spot = ("numbers", number)
        yield from _unknown(hotline.document, spot, "queue", line.queue, files.queues.names("queues"))
        if line.menu is not None:
            yield from _unknown(hotline.document, spot, "menu", line.menu, files.menus.names("menus"))
        if number in files.agents.names("seats"):
            at = files.agents.document.line(("seats", number))
            what = f"number {number} is a seat's extension too, {files.agents.document.file}:{at}"
            yield hotline.document.mistake(spot, what, "give one of them another")


def _said_by_the_engine(files: Files) -> Iterator[Mistake]:
    if not files.prompts.whole:
        return
    document = files.prompts.document
    for prompt in ENGINE_SAYS:
        if prompt not in files.named_prompts:
            entry = prompt if prompt in files.prompts.names("prompts") else prompt.rpartition(".")[0]
            what = f"prompt '{prompt}' is not there, and the engine speaks it"
            yield document.mistake(("prompts", entry), what, "take the demo city's entry")
