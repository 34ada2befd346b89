"""What may stand in a city's files, file by file. Their meaning together is for `city_checks`."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from rexian.engine.config_fields import (
    AgentText,
    ConfigModel,
    Count,
    DialledText,
    DigitText,
    FileModel,
    KeyText,
    Label,
    Level,
    MenuText,
    PinText,
    PromptText,
    QueueText,
    SeatText,
    SkillText,
    Words,
    YesNo,
    Zone,
    choice,
    number,
    text,
    whole,
    wrong,
)

WaitS = Annotated[float, number(0, 7200, "seconds")]
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
AddressText = Annotated[str, text(rf"{_BYTE}(?:\.{_BYTE}){{3}}", "write an IPv4 address such as 127.0.0.2")]

# --- hotline.yaml -------------------------------------------------------------------------------------------


class NumberModel(ConfigModel):
    """A number that citizens dial."""

    queue: QueueText
    menu: MenuText | None = None


class RatingModel(ConfigModel):
    wait_s: Annotated[float, number(1, 60, "seconds")] = 8
    repeats: Count = 1


class HotlineFile(FileModel):
    """hotline.yaml"""

    STAND_INS: ClassVar[Mapping[str, Any]] = {
        "name": "?",
        "mode": "menu",
        "time_zone": "UTC",
        "numbers": {},
        "recording": "false",
        "trunks": [],
    }

    name: Label
    mode: Annotated[Literal["menu", "direct"], choice("menu", "direct")]
    time_zone: Zone
    numbers: dict[DialledText, NumberModel]
    answer_to_queue_s: Annotated[float, number(5, 120, "seconds")] = 15
    recording: YesNo
    rating: RatingModel = RatingModel()
    fallback_after_s: Annotated[float, number(4, 600, "seconds")] = 20
    trunks: list[AddressText]
    citizen_accounts: list[SeatText] = Field(default_factory=list)


# --- agents.yaml --------------------------------------------------------------------------------------------


class DefaultsModel(ConfigModel):
    after_call_work_s: Annotated[float, number(0, 3600, "seconds; 0 is none")]
    ring_s: Annotated[float, number(1, 120, "seconds")]
    no_answer_limit: Count
    reject_limit: Count
    busy_limit: Count
    unreachable_limit: Count


class PersonModel(ConfigModel):
    name: Label
    pin: PinText
    skills: dict[SkillText, Level]
    queues: list[QueueText] | None = None


class SeatModel(ConfigModel):
    usual_agent: AgentText | None = None


class AgentsFile(FileModel):
    """agents.yaml"""

    STAND_INS: ClassVar[Mapping[str, Any]] = {
        "defaults": dict.fromkeys(DefaultsModel.model_fields, "1"),
        "reasons": {},
        "skills": {},
        "people": {},
        "seats": {},
    }

    defaults: DefaultsModel
    reasons: dict[DigitText, Label]
    skills: dict[SkillText, Label]
    people: dict[AgentText, PersonModel]
    seats: dict[SeatText, SeatModel]


# --- queues.yaml --------------------------------------------------------------------------------------------


class StageModel(ConfigModel):
    after_s: WaitS
    need: dict[SkillText, Level] = Field(default_factory=dict)
    boost: Annotated[int, whole(0, 1_000_000, "points")] = 0
    overflow: QueueText | None = None
    say: PromptText | None = None


class QueueModel(ConfigModel):
    name: Label
    stages: Annotated[list[StageModel], Field(min_length=1, max_length=10)]
    priority: Annotated[int, whole(0, 1_000_000, "points")] = 0
    slope: Annotated[int, whole(0, 1_000_000, "points per 1000 seconds of waiting")] = 1000
    ring_s: Annotated[float, number(1, 120, "seconds")] | None = None
    announce_first_s: Annotated[float, number(1, 600, "seconds")] = 10
    announce_every_s: Annotated[float, number(0, 600, "seconds; 0 is only once")] = 30
    capacity: Annotated[int, whole(0, 100_000, "callers; 0 is no limit")] = 0
    fit: Annotated[Literal["fewest_skills", "highest_level"], choice("fewest_skills", "highest_level")] = (
        "fewest_skills"
    )
    handling_s: Annotated[float, number(1, 7200, "seconds")]


class QueuesFile(FileModel):
    """queues.yaml"""

    STAND_INS: ClassVar[Mapping[str, Any]] = {
        "queues": {"nobody": {"name": "?", "stages": [{"after_s": "0"}], "handling_s": "1"}}
    }

    queues: Annotated[dict[QueueText, QueueModel], Field(min_length=1)]


# --- menus.yaml ---------------------------------------------------------------------------------------------


class QueueTarget(ConfigModel):
    queue: QueueText
    say: Words = ()


class TargetModel(ConfigModel):
    """Where a key leads: exactly one of queue, menu, do."""

    queue: QueueText | None = None
    menu: MenuText | None = None
    do: Annotated[Literal["repeat", "stay", "hang_up"], choice("repeat", "stay", "hang_up")] | None = None
    say: Words = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("queue", "menu", "do") if getattr(self, name) is not None]
        if len(ways) != 1:
            what = f"has {' and '.join(ways)}" if ways else "leads nowhere"
            raise wrong(what, "give it exactly one of queue, menu, do")
        if self.say and (self.menu or self.do == "repeat"):
            raise wrong("has `say`, but the menu speaks for itself", "delete `say`")
        return self


class MenuModel(ConfigModel):
    prompt: PromptText
    wait_s: Annotated[float, number(1, 15, "seconds")]
    keys: dict[KeyText, TargetModel]
    silence: TargetModel


class WaitingModel(ConfigModel):
    prompt: PromptText
    keys: dict[KeyText, TargetModel]


class MenusFile(FileModel):
    """menus.yaml"""

    STAND_INS: ClassVar[Mapping[str, Any]] = {
        "notice": [],
        "connecting": [],
        "retry": [],
        "person": {"queue": "nobody"},
        "menus": {},
        "waiting": {"prompt": "nothing", "keys": {}},
    }

    notice: Words
    connecting: Words
    retry: Words
    mistakes_allowed: Annotated[int, whole(0, 5, "wrong keys")] = 1
    person: QueueTarget
    menus: Annotated[dict[MenuText, MenuModel], Field(max_length=100)]
    waiting: WaitingModel


# --- prompts.yaml: what the loader needs of it; the rest is for the command that renders the sounds ---------


class SayModel(ConfigModel):
    """One sound for each number of a range, or for each of some words."""

    first: Annotated[int, whole(0, 999_999, "the first number")] | None = Field(default=None, alias="from")
    last: Annotated[int, whole(0, 999_999, "the last number")] | None = Field(default=None, alias="to")
    reading: Annotated[Literal["count", "number", "digits"], choice("count", "number", "digits")] | None = (
        Field(default=None, alias="as")
    )
    words: dict[PromptText, Label] | None = None

    @model_validator(mode="after")
    def _range_or_words(self) -> Self:
        span = (self.first, self.last, self.reading)
        if (self.words is None) == (None in span) or (self.words is not None and span != (None,) * 3):
            raise wrong("is neither a range nor words", "write {from: 1, to: 9, as: digits} or {words: {…}}")
        if self.first is not None and self.last is not None and not 0 <= self.last - self.first < MOST_VALUES:
            what = f"counts from {self.first} to {self.last}"
            raise wrong(what, f"count upwards, at most {MOST_VALUES} values")
        return self


MOST_VALUES = 2000


class PromptModel(ConfigModel):
    text: Annotated[str, text(r"[^\x00-\x1f\x7f]{1,500}", "write 1 to 500 characters")]
    say: SayModel | None = None
    only: Annotated[Literal["agent"] | None, choice("agent", "agent")] = None
    speak: str | None = None
    pace: Annotated[float, number(0.5, 1.5, "times the usual speed")] = 1
    lead_ms: Annotated[int, whole(0, 5000, "milliseconds")] = 0
    max_s: Annotated[float, number(0.5, 60, "seconds")] = 12
    beep: YesNo = False
    part_of: list[PromptText] = Field(default_factory=list)
    note: str | None = None


class ToneModel(ConfigModel):
    hz: Annotated[int, whole(0, 3400, "hertz")] = 0
    ms: Annotated[int, whole(1, 10_000, "milliseconds")]


class PromptsFile(FileModel):
    """prompts.yaml"""

    STAND_INS: ClassVar[Mapping[str, Any]] = {"voice": "?", "prompts": {}}

    voice: Label
    prompts: dict[PromptText, PromptModel]
    tones: dict[PromptText, ToneModel] = Field(default_factory=dict)
