"""A city: everything its five files say, proved to fit together, as the domain's own frozen facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from acd.rules import QueueRule
from agents.people import Limits, Person, Seat
from ivr.check import Finding, findings, silent_s
from ivr.menus import Menus, Mode
from rexian.engine import city_build, city_checks
from rexian.engine.city_checks import Files
from rexian.engine.city_models import AgentsFile, HotlineFile, MenusFile, PromptsFile, QueuesFile
from rexian.engine.config_reading import read_file
from rexian.engine.mistakes import ConfigErrors as ConfigErrors
from rexian.engine.mistakes import Mistake, shown
from rexian.engine.prompt_files import OWN_SOUNDS, SHIPPED_SOUNDS, Prompts, check_prompts
from rexian.engine.strict_yaml import Spot
from terms.ids import PromptId, QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """One city's hotline, as configured."""

    name: str
    zone: ZoneInfo
    recording: bool
    rating_wait_s: float
    rating_repeats: int
    fallback_after_s: float
    """How long no engine may serve before the switch rings the seats by itself."""
    trunks: tuple[str, ...]
    """Addresses that calls from outside come from."""
    citizen_accounts: tuple[str, ...]
    """Extensions of the accounts that may only dial the city's own numbers."""
    people: tuple[Person, ...]
    seats: tuple[Seat, ...]
    limits: Limits
    reasons: Mapping[str, str]
    """Not-ready reasons by the digit dialled after *41."""
    queues: tuple[QueueRule, ...]
    queue_labels: Mapping[QueueName, str]
    stage_words: Mapping[QueueName, tuple[PromptId | None, ...]]
    """By queue and index of the stage: what a caller is told who is served by it."""
    menus: Menus
    prompts: Prompts
    warnings: tuple[Mistake, ...]
    """What works, but hardly as it was meant."""

    @property
    def mode(self) -> Mode:
        """Whether callers hear the menu first or are queued at once."""
        return self.menus.mode

    @property
    def numbers(self) -> Mapping[str, QueueName]:
        """The queue of each number that citizens dial."""
        return {number: line.queue for number, line in self.menus.lines.items()}


def load_city(folder: Path, sounds: Path = SHIPPED_SOUNDS) -> City:
    """The city whose files are in `folder`; its own recordings win over those in `sounds`.

    ConfigErrors with all mistakes of all files if there is any.
    """
    if not folder.is_dir():
        mend = "copy the demo city's config/ there, or let REXIAN_CONFIG name another"
        raise ConfigErrors([Mistake(file=shown(folder), line=1, what="there is no such folder", mend=mend)])

    def place(name: str) -> tuple[Path, str]:
        return folder / name, shown(folder / name)

    prompts_file = read_file(*place("prompts.yaml"), PromptsFile)
    heard = check_prompts(prompts_file, own=folder / OWN_SOUNDS, shipped=sounds)
    files = Files(
        hotline=read_file(*place("hotline.yaml"), HotlineFile),
        agents=read_file(*place("agents.yaml"), AgentsFile),
        queues=read_file(*place("queues.yaml"), QueuesFile),
        menus=read_file(*place("menus.yaml"), MenusFile),
        prompts=prompts_file,
        named_prompts=heard.named,
    )
    readings = (files.hotline, files.agents, files.queues, files.menus, files.prompts)
    mistakes = [mistake for reading in readings for mistake in reading.mistakes]
    mistakes += [*heard.mistakes, *city_checks.mistakes(files), *_unfit_menus(files)]
    warnings = (*heard.warnings, *city_checks.warnings(files), *_slow_numbers(files, heard.prompts))
    if mistakes:
        raise ConfigErrors(mistakes, warnings)
    return _city(files, heard.prompts, warnings)


def _menus(files: Files) -> Menus | None:
    """The menus, if nothing had to be left out of them and every menu that is named is there."""
    hotline, menus = files.hotline, files.menus
    if hotline.content is None or menus.content is None or not (hotline.whole and menus.whole):
        return None
    built = city_build.menus(hotline.content, menus.content)
    return None if city_checks.has_unknown_menus(built) else built


def _unfit_menus(files: Files) -> Iterator[Mistake]:
    menus = _menus(files)
    for finding in findings(menus) if menus else ():
        what = f"menu '{finding.menu}': {finding.what}"
        yield files.menus.document.mistake(_spot(finding), what, finding.mend)


def _spot(finding: Finding) -> Spot:
    top: Spot = ("waiting",) if finding.menu == city_build.WAITING else ("menus", finding.menu)
    return (*top, *finding.spot)


def _slow_numbers(files: Files, prompts: Prompts) -> Iterator[Mistake]:
    """A caller who presses nothing has to be queued soon after the answer."""
    hotline, menus = files.hotline.content, _menus(files)
    if hotline is None or menus is None:
        return
    for line in menus.lines.values():
        after_s = silent_s(menus, line, prompts.seconds)
        if after_s > hotline.answer_to_queue_s:
            what = f"number {line.number}: who presses nothing is queued after {after_s:.1f} s, "
            what += f"{hotline.answer_to_queue_s:g} s are promised"
            mend = "shorten the notice, the menu's prompt or its wait_s"
            yield files.hotline.document.mistake(("numbers", line.number), what, mend)


def _city(files: Files, prompts: Prompts, warnings: tuple[Mistake, ...]) -> City:
    hotline, agents, queues = files.hotline.content, files.agents.content, files.queues.content
    menus = _menus(files)
    assert hotline is not None  # each would have been a mistake
    assert agents is not None
    assert queues is not None
    assert menus is not None
    return City(
        name=hotline.name,
        zone=hotline.time_zone,
        recording=hotline.recording,
        rating_wait_s=hotline.rating.wait_s,
        rating_repeats=hotline.rating.repeats,
        fallback_after_s=hotline.fallback_after_s,
        trunks=tuple(hotline.trunks),
        citizen_accounts=tuple(hotline.citizen_accounts),
        people=city_build.people(agents, queues),
        seats=city_build.seats(agents),
        limits=city_build.limits(agents),
        reasons=dict(agents.reasons),
        queues=city_build.rules(queues, agents),
        queue_labels={name: queue.name for name, queue in queues.queues.items()},
        stage_words={name: tuple(stage.say for stage in q.stages) for name, q in queues.queues.items()},
        menus=menus,
        prompts=prompts,
        warnings=warnings,
    )
