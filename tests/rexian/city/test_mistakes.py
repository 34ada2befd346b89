"""What a clerk may get wrong in agents, queues and menus: RELIABILITY rows 21 to 33, each a sentence."""

import pytest

from tests.rexian.city.town import Town


def test_the_town_as_it_is_has_no_mistakes(town: Town) -> None:
    assert town.mistakes() == []
    assert town.warnings() == []


# --- row 23, 24, 25: menus ----------------------------------------------------------------------------------

CIRCLE = """\
      1: {menu: m.more}
      0: {queue: citizen, say: q.human}
    silence: {queue: citizen}
  m.more:
    prompt: m.main
    wait_s: 3
    keys:
      1: {menu: m.main}
      0: {queue: citizen}
    silence: {queue: citizen}
"""


def test_a_circle_of_menus_is_refused_and_shown(town: Town) -> None:
    town.change(
        "menus.yaml", "      0: {queue: citizen, say: q.human}\n    silence: {queue: citizen}\n", CIRCLE
    )

    assert town.mistakes() == [
        (
            f"{town.at('menus.yaml', '1: {menu: m.main}')}: menu 'm.more': leads round in a circle: "
            "m.main → m.more → m.main; let one of them lead to a queue; * and `do: repeat` say a menu again"
        )
    ]


def test_a_menu_without_a_person_is_refused(town: Town) -> None:
    town.change("menus.yaml", "      0: {queue: citizen, say: q.human}\n", "")

    assert town.mistakes() == [
        (
            f"{town.at('menus.yaml', '    keys:')}: menu 'm.main': no way to a person: "
            "key 0 does not lead to a queue; add 0: {queue: …}"
        )
    ]


def test_a_menu_without_exit_is_refused(town: Town) -> None:
    town.change("menus.yaml", "silence: {queue: citizen}", "silence: {do: repeat}")

    assert town.mistakes() == [
        (
            f"{town.at('menus.yaml', 'silence')}: menu 'm.main': no exit for a caller who presses nothing; "
            "let silence lead to a queue; nobody is asked for ever or hung up on"
        )
    ]


def test_a_key_used_twice_is_refused_with_both_lines(town: Town) -> None:
    town.change("menus.yaml", "      7: {queue: enterprise}\n", "      7: {queue: enterprise}\n" * 2)

    assert town.mistakes() == [
        (
            "menus.yaml:11: '7' stands here a second time, the first is on line 10; "
            "delete one of them or rename it"
        )
    ]


def test_two_digits_where_one_key_is_pressed_are_refused(town: Town) -> None:
    town.change("menus.yaml", "      7: {queue: enterprise}\n", "      77: {queue: enterprise}\n")

    assert town.mistakes() == [
        (
            f"{town.at('menus.yaml', '77:')}: menus.m.main.keys.77 is '77'; "
            "callers press one key, one of 0 1 2 3 4 5 6 7 8 9 * #"
        )
    ]


def test_more_options_than_anybody_remembers_are_refused(town: Town) -> None:
    more = "".join(f"      {key}: {{queue: citizen}}\n" for key in "1234")
    town.change("menus.yaml", "      7: {queue: enterprise}\n", "      7: {queue: enterprise}\n" + more)

    assert town.mistakes() == [
        (
            f"{town.at('menus.yaml', '    keys:')}: menu 'm.main': 6 options, nobody remembers more than 5; "
            "move some into a second menu"
        )
    ]


def test_a_key_of_the_waiting_menu_that_ends_the_wait_is_refused(town: Town) -> None:
    town.change("menus.yaml", "    0: {do: stay}", "    0: {do: stay}\n    9: {do: hang_up}")

    assert town.mistakes() == [
        (
            f"{town.at('menus.yaml', 'hang_up')}: menu 'waiting': key 9 takes callers out of the "
            "queue in which they wait; name a queue, or `do: stay`"
        )
    ]


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("{say: q.human}", "leads nowhere; give it exactly one of queue, menu, do"),
        ("{queue: citizen, do: repeat}", "has queue and do; give it exactly one of queue, menu, do"),
        ("{do: repeat, say: q.human}", "has `say`, but the menu speaks for itself; delete `say`"),
        ("{do: jump}", None),
    ],
)
def test_a_key_leads_to_exactly_one_place(town: Town, target: str, what: str | None) -> None:
    town.change("menus.yaml", "7: {queue: enterprise}\n", f"7: {target}\n")

    where = town.at("menus.yaml", f"7: {target}")
    jump = f"{where}: menus.m.main.keys.7.do is 'jump'; write repeat, stay or hang_up"
    assert town.mistakes()[0] == (f"{where}: menus.m.main.keys.7 {what}" if what else jump)


# --- row 26, 27: skills and queues --------------------------------------------------------------------------


def test_a_queue_whose_last_stage_nobody_can_serve_is_refused(town: Town) -> None:
    town.change("queues.yaml", "- {after_s: 30}", "- {after_s: 30, need: {彝语: 3, citizen: 2}}")

    assert town.mistakes() == [
        (
            f"{town.at('queues.yaml', '彝语')}: queue 'citizen': nobody can serve its last stage "
            "(彝语 3, citizen 2); end with a stage that needs nothing, `need: {}`, "
            "or give somebody these skills"
        )
    ]


def test_a_queue_that_nobody_is_assigned_to_is_refused(town: Town) -> None:
    town.change("agents.yaml", "enterprise: 7}}", "enterprise: 7}, queues: [enterprise]}")
    town.change("agents.yaml", "citizen: 3}}", "citizen: 3}, queues: [enterprise]}")

    assert town.mistakes() == [
        (
            f"{town.at('queues.yaml', 'after_s: 30')}: queue 'citizen': nobody can serve its last stage; "
            "end with a stage that needs nothing, `need: {}`, or give somebody these skills"
        )
    ]


def test_a_skill_that_nobody_has_in_an_earlier_stage_is_a_warning(town: Town) -> None:
    town.change("queues.yaml", "{enterprise: 1}", "{enterprise: 1, 彝语: 1}")

    assert town.mistakes() == []
    assert town.warnings() == [
        (
            f"{town.at('queues.yaml', '彝语')}: queue 'enterprise', stage 1: nobody can serve it, "
            "callers only wait it out; give somebody these skills, or take the stage out"
        )
    ]


def test_a_typo_in_a_skill_is_answered_with_the_right_one(town: Town) -> None:
    town.change("queues.yaml", "{enterprise: 1}", "{enterprize: 1}")
    town.change("agents.yaml", "{citizen: 3}", "{citzen: 3}")

    assert town.mistakes() == [
        f"{town.at('agents.yaml', 'citzen')}: unknown skill 'citzen'; did you mean 'citizen'?",
        f"{town.at('queues.yaml', 'enterprize')}: unknown skill 'enterprize'; did you mean 'enterprise'?",
    ]


def test_names_that_lead_nowhere_are_answered_with_the_nearest(town: Town) -> None:
    town.change("hotline.yaml", "{queue: enterprise}", "{queue: entreprise}")
    town.change("hotline.yaml", "menu: m.main", "menu: m.mian")
    town.change("menus.yaml", "    0: {do: stay}", "    0: {queue: citizens}")
    town.change("queues.yaml", "- {after_s: 30}", "- {after_s: 30, overflow: Enterprise}")
    town.change("agents.yaml", 'usual_agent: "1002"', 'usual_agent: "1020"')

    assert town.mistakes() == [
        "agents.yaml:19: unknown usual_agent '1020'; did you mean '1002'?",
        "hotline.yaml:5: unknown menu 'm.mian'; did you mean 'm.main'?",
        "hotline.yaml:6: unknown queue 'entreprise'; did you mean 'enterprise'?",
        "menus.yaml:17: unknown queue 'citizens'; did you mean 'citizen'?",
        (
            "queues.yaml:6: queues.citizen.stages[2].overflow is 'Enterprise'; "
            "a queue's name is made of a-z, 0-9 and -, such as citizen"
        ),
    ]


def test_overflow_round_in_a_circle_is_refused(town: Town) -> None:
    town.change("queues.yaml", "- {after_s: 30}", "- {after_s: 30, overflow: enterprise}")
    town.change("queues.yaml", "- {after_s: 15, say: e.plain}", "- {after_s: 15, overflow: citizen}")

    assert town.mistakes() == [
        (
            "queues.yaml:2: queue 'citizen': overflow leads round in a circle: "
            "citizen → enterprise → citizen; take one overflow out"
        )
    ]


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        (
            "- {after_s: 5}",
            "queue 'citizen': its first stage begins after 5 s; the first stage begins at 0",
        ),
        (
            "- {after_s: 0}\n      - {after_s: 0}",
            (
                "queue 'citizen', stage 2 begins after 0 s, the one before it after 0 s; "
                "write the stages in order of time"
            ),
        ),
        (
            "- {after_s: 0, overflow: enterprise}\n      - {after_s: 9}",
            (
                "queue 'citizen', stage 2 is never reached: the one before it overflows; "
                "delete it, or take the overflow out"
            ),
        ),
    ],
)
def test_stages_are_a_ladder(town: Town, stages: str, sentence: str) -> None:
    town.change("queues.yaml", "- {after_s: 0, need: {citizen: 4}}\n      - {after_s: 30}\n", f"{stages}\n")

    assert [said.partition(": ")[2] for said in town.mistakes()] == [sentence]


def test_a_queue_in_which_the_patient_never_come_first_is_refused(town: Town) -> None:
    town.change("queues.yaml", "    ring_s: 20", "    slope: 0")

    assert town.mistakes() == [
        (
            f"{town.at('queues.yaml', 'slope')}: queue 'enterprise' has slope 0: who waits long "
            "would never come before others; write a slope above 0, or a last stage with a boost"
        )
    ]


# --- row 28, 29: extensions and numbers ---------------------------------------------------------------------


def test_the_same_extension_twice_is_refused_with_both_lines(town: Town) -> None:
    town.change("agents.yaml", '"8002":', "8001:")

    assert town.mistakes() == [
        (
            "agents.yaml:19: '8001' stands here a second time, the first is on line 18; "
            "delete one of them or rename it"
        )
    ]


def test_the_same_person_twice_is_refused_with_both_lines(town: Town) -> None:
    town.change("agents.yaml", '"1002":', '"1001":')

    assert town.mistakes() == [
        (
            "agents.yaml:16: '1001' stands here a second time, the first is on line 15; "
            "delete one of them or rename it"
        )
    ]


def test_one_usual_agent_for_two_seats_is_refused_with_both_lines(town: Town) -> None:
    town.change("agents.yaml", 'usual_agent: "1002"', 'usual_agent: "1001"')

    assert town.mistakes() == [
        (
            "agents.yaml:19: seat 8002 has the usual agent 1001, as seat 8001 on line 18; "
            "a person has one usual seat: change one of them"
        )
    ]


def test_an_extension_that_something_else_is_called_by_is_refused(town: Town) -> None:
    town.change("hotline.yaml", '["9001"]', '["8001"]')
    town.change("agents.yaml", '"8002":', '"12345":')

    assert town.mistakes() == [
        "hotline.yaml:5: number 12345 is a seat's extension too, agents.yaml:19; give one of them another",
        "hotline.yaml:9: extension 8001 is a seat too, agents.yaml:18; give one of them another",
    ]


def test_a_pin_with_a_leading_zero_stays_what_it_is(town: Town) -> None:
    town.change("agents.yaml", 'pin: "0110"', "pin: 0110")

    assert town.load().people[0].pin == "0110"


@pytest.mark.parametrize("word", ["no", "12:30", "1e3", "null"])
def test_a_reason_is_the_text_that_was_written(town: Town, word: str) -> None:
    town.change("agents.yaml", "1: 用餐", f"1: {word}")

    assert town.load().reasons == {"1": word}


# --- row 33: ranges -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key", "value", "mend"),
    [
        ("agents.yaml", "after_call_work_s", "-5", "write a number from 0 to 3600 (seconds; 0 is none)"),
        ("agents.yaml", "ring_s", "1000000000", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "ring_s", "0", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "ring_s", "15s", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "ring_s", "015", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "ring_s", "1e1", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "ring_s", "１５", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "ring_s", ".nan", "write a number from 1 to 120 (seconds)"),
        ("agents.yaml", "no_answer_limit", "1.5", "write a whole number from 0 to 100 (times; 0 is never)"),
        ("agents.yaml", "no_answer_limit", "no", "write a whole number from 0 to 100 (times; 0 is never)"),
    ],
)
def test_a_number_out_of_its_range_is_refused_with_the_range(
    town: Town, name: str, key: str, value: str, mend: str
) -> None:
    line = town.at(name, key)
    old = next(text for text in (town.folder / name).read_text().split("\n") if key in text)
    town.change(name, old, f"  {key}: {value}")

    assert town.mistakes() == [f"{line}: defaults.{key} is '{value}'; {mend}"]


@pytest.mark.parametrize(
    ("entry", "value"),
    [("priority", "-1"), ("slope", "10000000000"), ("capacity", "-3"), ("handling_s", "0"), ("boost", "-1")],
)
def test_weights_and_capacities_have_ranges_too(town: Town, entry: str, value: str) -> None:
    place = f"- {{after_s: 15, boost: {value}" if entry == "boost" else f"    {entry}: {value}"
    old = "- {after_s: 15" if entry == "boost" else "    ring_s: 20"
    if entry == "handling_s":
        town.change("queues.yaml", "    handling_s: 198\n    ring_s: 20", place)
    else:
        town.change("queues.yaml", old, place)

    (sentence,) = town.mistakes()

    assert f"{entry} is '{value}'; write a " in sentence


def test_no_after_call_work_at_all_is_allowed(town: Town) -> None:
    town.change("agents.yaml", "after_call_work_s: 60", "after_call_work_s: 0")

    assert town.load().limits.after_call_work_s == 0


# --- everything at once -------------------------------------------------------------------------------------


def test_all_mistakes_of_all_files_come_at_once_in_order(town: Town) -> None:
    town.change("agents.yaml", "ring_s: 15", "ring_s: fifteen")
    town.change("agents.yaml", "reject_limit", "reject_limits")
    town.change("agents.yaml", "{citizen: 3}", "{citizen: 3, 傣语: 4}")
    town.change("hotline.yaml", "mode: menu", "mode: manu")
    town.change("hotline.yaml", "recording: true", "recording: perhaps")
    town.change("queues.yaml", "    ring_s: 20", "    ring_s:")
    town.change("menus.yaml", "wait_s: 3", "wait_s: 30")
    town.change("menus.yaml", "retry: x.retry", "retry: x.rety")
    town.change("prompts.yaml", "{text: 再见。}", "{txt: 再见。}")

    assert town.mistakes() == [
        "agents.yaml:1: defaults.reject_limit is missing; add it",
        "agents.yaml:3: defaults.ring_s is 'fifteen'; write a number from 1 to 120 (seconds)",
        "agents.yaml:5: defaults.reject_limits is an unknown key; did you mean 'reject_limit'?",
        "agents.yaml:16: unknown skill '傣语'; known are: citizen, enterprise, 彝语",
        "hotline.yaml:2: mode is 'manu'; write menu or direct",
        "hotline.yaml:7: recording is 'perhaps'; write true or false",
        "menus.yaml:3: unknown prompt 'x.rety'; did you mean 'x.retry'?",
        "menus.yaml:8: menus.m.main.wait_s is '30'; write a number from 1 to 15 (seconds)",
        "prompts.yaml:23: prompts.bye.text is missing; add it",
        "prompts.yaml:23: prompts.bye.txt is an unknown key; did you mean 'text'?",
        (
            "queues.yaml:14: queues.enterprise.ring_s is empty; "
            "write something after the colon, or leave the line out"
        ),
    ]


def test_one_slip_is_one_sentence_however_much_depends_on_it(town: Town) -> None:
    town.change("agents.yaml", 'pin: "881002"', "pin: 88")

    assert town.mistakes() == ["agents.yaml:16: people.1002.pin is '88'; a PIN is 4 to 12 digits"]


def test_a_file_that_cannot_be_read_is_one_mistake_and_the_others_are_still_checked(town: Town) -> None:
    (town.folder / "agents.yaml").write_bytes("people: 青禾".encode("gbk"))
    town.change("hotline.yaml", "mode: menu", "mode: manu")

    assert town.mistakes() == [
        "agents.yaml:1: is not UTF-8, but looks like GBK; save as UTF-8",
        "hotline.yaml:2: mode is 'manu'; write menu or direct",
    ]


def test_files_that_are_missing_or_empty_are_named(town: Town) -> None:
    (town.folder / "queues.yaml").unlink()
    (town.folder / "menus.yaml").write_text("# later\n")

    assert town.mistakes() == [
        "menus.yaml:1: the file is empty; copy the demo city's and change it",
        "queues.yaml:1: is missing; copy the demo city's and change it",
    ]


def test_a_list_where_keys_belong_is_explained(town: Town) -> None:
    town.change("agents.yaml", "reasons:\n  1: 用餐\n", "reasons: [用餐]\n")
    town.change("hotline.yaml", "trunks: [127.0.0.2]", "trunks: 127.0.0.2")
    town.change("queues.yaml", "- {after_s: 30}", "- 30")

    assert town.mistakes() == [
        "agents.yaml:8: reasons is a list; write keys under it: name: value",
        "hotline.yaml:8: trunks is '127.0.0.2'; write a list: [one, two]",
        (
            "queues.yaml:6: queues.citizen.stages[2] is '30'; "
            "write keys under it: after_s: …, boost: …, need: …, overflow: …, say: …"
        ),
    ]


def test_what_is_found_in_a_file_is_printed_harmlessly(town: Town) -> None:
    town.change("agents.yaml", "ring_s: 15", 'ring_s: "\\e[2J\\u202E"')

    assert town.mistakes() == [
        "agents.yaml:3: defaults.ring_s is '<U+001B>[2J<U+202E>'; write a number from 1 to 120 (seconds)"
    ]
