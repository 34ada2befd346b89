"""The demo city that comes with Rexian is right, and is what the documentation promises."""

import re
from pathlib import Path

import pytest

from acd.rules import Profile
from agents.people import Limits
from ivr.check import silent_s
from ivr.menus import Mode
from rexian.engine.city import City, load_city
from rexian.engine.city_checks import ENGINE_SAYS
from rexian.engine.config_schema import MODELS, schema
from terms.ids import QueueName

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def yuxi() -> City:
    return load_city(ROOT / "config")


def test_it_loads_without_a_mistake_or_a_warning(yuxi: City) -> None:
    assert yuxi.warnings == ()
    assert yuxi.mode is Mode.MENU
    assert yuxi.zone.key == "Asia/Shanghai"
    assert yuxi.recording


def test_it_has_twenty_people_at_twenty_seats_of_their_own(yuxi: City) -> None:
    assert [person.agent for person in yuxi.people] == [str(n) for n in range(1001, 1021)]
    assert [(seat.seat, seat.usual_agent) for seat in yuxi.seats] == [
        (str(n + 7000), str(n)) for n in range(1001, 1021)
    ]
    assert all(person.pin == f"88{person.agent}" for person in yuxi.people)


def test_its_house_rules_are_the_documented_ones(yuxi: City) -> None:
    assert yuxi.limits == Limits(
        after_call_work_s=60,
        ring_s=15,
        no_answer_limit=1,
        reject_limit=2,
        busy_limit=2,
        unreachable_limit=1,
    )
    assert dict(yuxi.reasons) == {
        "1": "用餐",
        "2": "休息",
        "3": "如厕",
        "4": "培训",
        "5": "会议",
        "6": "故障",
    }


def test_its_numbers_lead_to_their_queues(yuxi: City) -> None:
    assert dict(yuxi.numbers) == {"12345": "citizen", "123457": "enterprise"}
    assert [rule.name for rule in yuxi.queues] == ["citizen", "enterprise", "language"]
    assert yuxi.trunks == ("127.0.0.2",)
    assert yuxi.citizen_accounts == ("9001", "9002")


def test_everybody_can_serve_every_queue_in_the_end(yuxi: City) -> None:
    for rule in yuxi.queues:
        last = rule.stages[-1].need
        assert all(Profile(skills=p.skills, queues=p.queues).serves(rule.name, last) for p in yuxi.people)


def test_companies_wait_for_their_specialists_first_and_are_told_when_another_helps(yuxi: City) -> None:
    enterprise = next(rule for rule in yuxi.queues if rule.name == "enterprise")
    first = enterprise.stages[0].need

    able = [
        p for p in yuxi.people if Profile(skills=p.skills, queues=p.queues).serves(enterprise.name, first)
    ]
    assert 4 <= len(able) < len(yuxi.people)
    assert yuxi.stage_words[QueueName("enterprise")] == (None, "e.plain")


def test_announcements_begin_after_10_s_and_reckon_with_the_usual_talk(yuxi: City) -> None:
    for rule in yuxi.queues:
        assert (rule.announce_first_s, rule.announce_every_s) == (10, 30)
        assert (rule.handling_s, rule.ring_s) == (150 + 48, 15)


def test_a_caller_who_presses_nothing_is_queued_within_15_s(yuxi: City) -> None:
    line = yuxi.menus.lines["12345"]

    assert silent_s(yuxi.menus, line, yuxi.prompts.seconds) <= 15
    assert yuxi.menus.menus[line.menu or yuxi.menus.waiting.id].wait_s == 3


def test_the_notice_takes_at_most_6_s(yuxi: City) -> None:
    assert sum(yuxi.prompts.seconds[prompt] for prompt in yuxi.menus.notice) <= 6


def test_the_mode_is_one_line(tmp_path: Path) -> None:
    for file in (ROOT / "config").glob("*.yaml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    hotline = tmp_path / "hotline.yaml"
    text, changed = re.subn("^mode: menu$", "mode: direct", hotline.read_text(), flags=re.MULTILINE)
    hotline.write_text(text)

    assert changed == 1
    assert load_city(tmp_path).mode is Mode.DIRECT


def test_every_prompt_that_the_engine_names_is_demanded_of_a_city() -> None:
    sources = (ROOT / "rexian" / "engine").glob("*.py")
    named = {one for path in sources for one in re.findall(r'PromptId\("([^"]+)"', path.read_text())}

    assert named - set(ENGINE_SAYS) == set()


@pytest.mark.parametrize("name", MODELS)
def test_the_schema_for_editors_is_the_loaders_own(name: str) -> None:
    assert (ROOT / "config" / "schema" / f"{name}.json").read_text(encoding="utf-8") == schema(name)
