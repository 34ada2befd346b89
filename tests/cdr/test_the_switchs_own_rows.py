"""Asterisk's call list: what it tells about calls and ends that no engine saw."""

import csv
import io

import pytest

from cdr.journey import Step, StepKind, StepValue
from cdr.record import HangupBy, Outcome, Source, record_of
from cdr.switch_rows import (
    COLUMNS,
    SwitchCall,
    SwitchRow,
    calls_of,
    ending,
    parse_rows,
    record_of_switch_call,
)
from terms.ids import CallId
from terms.instant import Instant, after

BEGIN = Instant(1_795_500_000_000_000)
CITIZENS = ("from-trunk", "from-citizens")
CALL = "1795500000.12"
CHANNEL = "PJSIP/trunk-0000000c"
AGENT = "PJSIP/seat-8003-0000000d"


def row(begin: float, over: float, /, **told: str) -> str:
    """A line as Asterisk writes it, times as seconds after BEGIN."""
    values = {
        "uniqueid": CALL,
        "linkedid": CALL,
        "start": f"{(BEGIN + round(begin * 1_000_000)) / 1_000_000:.6f}",
        "answer": f"{(BEGIN + round(begin * 1_000_000)) / 1_000_000:.6f}",
        "end": f"{(BEGIN + round(over * 1_000_000)) / 1_000_000:.6f}",
        "duration": f"{over - begin}",
        "billsec": f"{over - begin}",
        "src": "13812345678",
        "dst": "12345",
        "dcontext": "from-trunk",
        "channel": CHANNEL,
        "lastapp": "AGI",
        "disposition": "ANSWERED",
        "sequence": "1",
        **told,
    }
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow([values.get(column, "") for column in COLUMNS])
    return text.getvalue()


def the_call(*lines: str) -> SwitchCall:
    rows, complaints = parse_rows(lines)
    assert not complaints
    (call,) = calls_of(rows, CITIZENS)
    return call


def at(second: float, kind: StepKind, **data: StepValue) -> Step:
    return Step(at=after(BEGIN, second), kind=kind, data=data)


LEFT_ALONE = row(0, 12.5, hangup_cause="16", hangup_source=CHANNEL)


def test_a_call_that_no_engine_saw_has_a_record_of_the_switch() -> None:
    record = record_of_switch_call(the_call(LEFT_ALONE))

    assert (record.call_id, record.source, record.outcome) == (CALL, Source.SWITCH, Outcome.ABANDONED_MENU)
    assert (record.ani, record.dnis, record.hangup_cause) == ("13812345678", "12345", 16)
    assert (record.started_at, record.answered_at, record.ended_at) == (BEGIN, BEGIN, after(BEGIN, 12.5))
    assert (record.hangup_by, record.wait_s, record.talk_s) == (HangupBy.CITIZEN, None, None)


def test_a_call_that_asterisk_itself_connected_was_served_without_an_engine() -> None:
    dialled = row(0, 60, dstchannel=AGENT, lastapp="Dial", hangup_cause="16", hangup_source=AGENT)

    record = record_of_switch_call(the_call(dialled))

    assert (record.outcome, record.hangup_by) == (Outcome.FALLBACK, HangupBy.AGENT)


def test_a_call_that_was_never_answered_has_no_answer() -> None:
    unanswered = row(0, 3, answer="0.000000", disposition="NO ANSWER", hangup_source=CHANNEL)

    assert record_of_switch_call(the_call(unanswered)).answered_at is None


def test_a_call_that_nobody_hung_up_was_ended_by_the_system() -> None:
    record = record_of_switch_call(the_call(row(0, 30, hangup_cause="44", hangup_source="")))

    assert (record.hangup_by, record.hangup_cause, record.outcome) == (HangupBy.SYSTEM, 44, Outcome.FAILED)


def test_the_id_that_the_engine_gave_stands_above_the_channels() -> None:
    assert the_call(row(0, 5, rexian_call="given")).call_id == "given"


def test_only_citizens_channels_are_calls() -> None:
    leg = row(5, 60, uniqueid="1795500000.13", channel=AGENT, dcontext="agent-leg")
    feature_code = row(5, 8, uniqueid="1795500000.14", dcontext="from-seats", dst="*40")
    rows, _ = parse_rows([leg, LEFT_ALONE, feature_code])

    assert [call.call_id for call in calls_of(rows, CITIZENS)] == [CALL]


def test_stretches_in_other_contexts_belong_to_their_channels_call() -> None:
    call = the_call(row(0, 20), row(20, 50, dcontext="agi", hangup_cause="16", hangup_source=CHANNEL))

    assert (call.started_at, call.ended_at, call.cause) == (BEGIN, after(BEGIN, 50), 16)


def test_calls_come_in_the_order_of_their_starts() -> None:
    rows, _ = parse_rows([row(9, 10, uniqueid="2.2"), row(1, 30, uniqueid="1.1")])

    assert [call.call_id for call in calls_of(rows, CITIZENS)] == ["1.1", "2.2"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "half a row,because the disk was full",
        row(0, 5)[:40],
        row(0, 5).replace("1795500000.000000", "yesterday"),
        row(0, 5, end="0.000000"),
        row(0, 5, uniqueid=""),
        row(0, 5, start="1e999"),
        row(0, 5, start="NaN"),
    ],
)
def test_what_is_no_row_is_told_and_costs_no_other_row(line: str) -> None:
    rows, complaints = parse_rows([line, LEFT_ALONE])

    assert [found.channel_id for found in rows] == [CALL]
    assert len(complaints) == (1 if line.strip() else 0)


def test_a_row_keeps_every_column_to_the_microsecond() -> None:
    (found,), _ = parse_rows([row(0.000001, 5, dstchannel=AGENT, src='a"b,c', rexian_call="x")])

    assert found == SwitchRow(
        channel_id=CALL,
        channel=CHANNEL,
        context="from-trunk",
        caller='a"b,c',
        called="12345",
        started_at=Instant(BEGIN + 1),
        answered_at=Instant(BEGIN + 1),
        ended_at=after(BEGIN, 5),
        other_channel=AGENT,
        app="AGI",
        cause=None,
        hangup_source="",
        call="x",
    )


QUEUED = (
    at(0, StepKind.ARRIVED, ani="13812345678", dnis="12345"),
    at(0.1, StepKind.ANSWERED),
    at(1, StepKind.QUEUED, queue="citizen", joined_at=after(BEGIN, 1)),
)
TALKING = (*QUEUED, at(10, StepKind.CONNECTED, agent="1003", seat="8003"))


def test_a_waiting_citizen_who_left_while_no_engine_was_there_has_abandoned_the_queue_then() -> None:
    record = record_of(CallId(CALL), [*QUEUED, *ending(QUEUED, the_call(LEFT_ALONE), after(BEGIN, 99))])

    assert (record.outcome, record.source) == (Outcome.ABANDONED_QUEUE, Source.SWITCH)
    assert (record.ended_at, record.wait_s) == (after(BEGIN, 12.5), 11.5)


def test_a_talk_that_the_agent_ended_while_no_engine_was_there_lasted_as_long_as_its_stretch() -> None:
    seen = the_call(
        row(0, 70, dstchannel=AGENT),
        row(70, 75, hangup_cause="16", hangup_source=CHANNEL),
    )

    record = record_of(CallId(CALL), [*TALKING, *ending(TALKING, seen, after(BEGIN, 99))])

    assert (record.outcome, record.talk_s) == (Outcome.SERVED, 60.0)
    assert (record.hangup_by, record.ended_at) == (HangupBy.AGENT, after(BEGIN, 75))


def test_a_talk_that_the_citizen_ended_while_no_engine_was_there_is_the_citizens_hangup() -> None:
    seen = the_call(row(0, 70, dstchannel=AGENT, hangup_cause="16", hangup_source=CHANNEL))

    record = record_of(CallId(CALL), [*TALKING, *ending(TALKING, seen, after(BEGIN, 99))])

    assert (record.outcome, record.talk_s, record.hangup_by) == (Outcome.SERVED, 60.0, HangupBy.CITIZEN)


def test_what_an_adopter_noted_before_it_looked_does_not_lengthen_the_talk() -> None:
    known = (*TALKING, at(90, StepKind.WRAPPED_UP, agent="1003", acw_s=0.0))
    seen = the_call(row(0, 70, dstchannel=AGENT), row(75, 75, hangup_cause="16", hangup_source=AGENT))

    record = record_of(CallId(CALL), [*known, *ending(known, seen, after(BEGIN, 99))])

    assert (record.talk_s, record.hangup_by, record.ended_at) == (60.0, HangupBy.AGENT, after(BEGIN, 75))
    assert [step.kind for step in record.journey[-3:]] == ["talk_ended", "ended", "wrapped_up"]


def test_an_earlier_talk_is_not_taken_for_the_open_one() -> None:
    second = (*TALKING, at(40, StepKind.TALK_ENDED, by="agent"), at(50, StepKind.CONNECTED, agent="1004"))
    seen = the_call(row(0, 40, dstchannel=AGENT), row(40, 80, hangup_cause="16", hangup_source=CHANNEL))

    record = record_of(CallId(CALL), [*second, *ending(second, seen, after(BEGIN, 99))])

    assert (record.talk_s, record.agent) == (60.0, "1004")


def test_a_call_of_which_the_switch_wrote_nothing_was_lost_with_the_switch() -> None:
    record = record_of(CallId(CALL), [*TALKING, *ending(TALKING, None, after(BEGIN, 99))])

    assert (record.outcome, record.source, record.hangup_by) == (
        Outcome.SWITCH_LOST,
        Source.SWITCH,
        HangupBy.SYSTEM,
    )
    assert record.ended_at == after(BEGIN, 10)


def test_a_lost_call_did_not_live_until_somebody_looked() -> None:
    known = (*TALKING, at(90, StepKind.ADOPTED, stage="talk"))

    (ended,) = ending(known, None, after(BEGIN, 99))

    assert ended.at == after(BEGIN, 10)


# Written by Asterisk 22.10.1 with our templates: a feature code; a talk that the agent ended, with the
# citizen gone two seconds later; a citizen who left during the greeting.
REAL = """\
"1.0","1.0","1795562360.164842","1795562360.165748","1795562361.603063","1.438221","1.437315","8001","","",\
"PJSIP/seat-8001-00000000","","AGI","ANSWERED","","","","0"
"1.14","1.14","1795562451.792998","1795562451.793522","1795562478.152140","26.359142","26.358618",\
"13900004444","12345","from-trunk","PJSIP/trunk-6","PJSIP/seat-8001-7","Bridge","ANSWERED","","","","8"
"1.14","1.14","1795562480.154027","1795562480.154027","1795562480.154384","0.000357","0.000357",\
"13900004444","12345","from-trunk","PJSIP/trunk-6","","Return","ANSWERED","16","PJSIP/seat-8001-7","","10"
"1.19","1.19","1795562480.154936","1795562480.155543","1795562482.158165","2.003229","2.002622",\
"13900005555","12345","from-trunk","PJSIP/trunk-8","","Return","ANSWERED","0","PJSIP/trunk-8","","11"
"""


def test_rows_that_a_real_asterisk_wrote() -> None:
    rows, complaints = parse_rows(REAL.splitlines(keepends=True))

    talked, left = calls_of(rows, CITIZENS)

    assert complaints == []
    assert (talked.call_id, talked.hangup_by, talked.cause) == ("1.14", HangupBy.AGENT, 16)
    assert [talk.over_at for talk in talked.talks] == [Instant(1795562478152140)]
    assert (left.call_id, left.hangup_by, left.cause) == ("1.19", HangupBy.CITIZEN, 16)
