"""What people and scripts may ask of a running engine, and what a board shows of it."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from agents.errors import AgentError
from agents.states import LABELS, AgentState
from rexian.engine.city import City
from rexian.engine.clock import Clock
from rexian.engine.control import Command, Refused
from rexian.engine.engine import Engine
from rexian.engine.floor import Floor
from rexian.engine.state import Stage
from terms.ids import AgentId, SeatId
from terms.instant import seconds_between, to_iso
from terms.numbers import mask


class Commands:
    """The commands of one engine. `leaving` is set when the process shall end."""

    def __init__(self, engine: Engine, city: City, clock: Clock) -> None:
        self._engine, self._city, self._clock = engine, city, clock
        self.leaving = asyncio.Event()

    def table(self) -> Mapping[str, Command]:
        """By name, for the control door."""
        return {
            "status": lambda _: self.status(),
            "snapshot": lambda _: self.snapshot(),
            "agent": self.agent,
            "stop": lambda _: self.stop(),
        }

    def stop(self) -> Mapping[str, Any]:
        """End all calls with outcome `stopped`, then the process."""
        self._engine.end_all()
        self.leaving.set()
        return {}

    def agent(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sign in, ready, pause or sign out the person at a seat: the same as the feature codes."""
        dispatch = self._floor().dispatch
        seat, verb = SeatId(str(asked["seat"])), asked["verb"]
        if all(known.seat != seat for known in self._city.seats):
            raise Refused(f"there is no seat {seat}; seats are listed in agents.yaml")
        try:
            if verb == "in":
                agent = self._who_signs_in(seat, asked.get("agent"))
                dispatch.sign_in(agent, seat)
            else:
                agent = self._who_sits_at(seat, asked.get("agent"))
                self._change(verb, agent, asked.get("reason"))
        except AgentError as why:
            raise Refused(str(why)) from why
        desk = dispatch.book.desk(agent)
        return {"agent": agent, "seat": desk.seat, "state": desk.state.value, "reason": desk.reason}

    def _change(self, verb: str, agent: AgentId, reason: str | None) -> None:
        dispatch = self._floor().dispatch
        match verb:
            case "ready":
                dispatch.set_ready(agent)
            case "out":
                dispatch.sign_out(agent)
            case "pause":
                dispatch.pause(agent, self._reason(reason))
            case _:
                raise Refused(f"agent {verb}: unknown; say in, ready, pause or out")

    def _reason(self, reason: str | None) -> str:
        reasons = self._city.reasons
        if reason is None:
            return reasons.get("2") or next(iter(reasons.values()))
        if reason in reasons:
            return reasons[reason]
        if reason in reasons.values():
            return reason
        listed = ", ".join(f"{digit} {name}" for digit, name in reasons.items())
        raise Refused(f"'{reason}' is no reason; reasons are {listed}")

    def _who_signs_in(self, seat: SeatId, agent: str | None) -> AgentId:
        if agent is not None:
            if all(person.agent != agent for person in self._city.people):
                raise Refused(f"no person has the number {agent}; people are listed in agents.yaml")
            return AgentId(agent)
        usual = next(known.usual_agent for known in self._city.seats if known.seat == seat)
        if usual is None:
            raise Refused(f"seat {seat} has no usual person; say who signs in with --agent")
        return usual

    def _who_sits_at(self, seat: SeatId, agent: str | None) -> AgentId:
        desk = self._floor().dispatch.book.at_seat(seat)
        if desk is None:
            raise Refused(f"nobody is signed in at seat {seat}")
        if agent is not None and agent != desk.agent:
            raise Refused(f"at seat {seat} sits {desk.agent}, not {agent}")
        return desk.agent

    def _floor(self) -> Floor:
        if self._engine.floor is None:
            raise Refused("the engine has no link to Asterisk at the moment; try again in a second")
        return self._engine.floor

    def status(self) -> Mapping[str, Any]:
        """In figures. `ready` says whether calls can be taken."""
        floor = self._engine.floor
        if floor is None:
            return {
                "ready": False,
                "engine_pid": os.getpid(),
                "channels": 0,
                "calls": 0,
                "waiting": 0,
                "talking": 0,
            }
        stages = [call.state.stage for call in floor.calls.values()]
        desks = floor.dispatch.book.desks()
        return {
            "ready": True,
            "engine_pid": os.getpid(),
            "channels": floor.channels,
            "calls": len(stages),
            "in_menu": stages.count(Stage.MENU),
            "waiting": stages.count(Stage.QUEUE),
            "talking": stages.count(Stage.TALK),
            "agents_signed_in": sum(desk.state is not AgentState.OFF for desk in desks),
            "agents_ready": sum(floor.dispatch.book.may_take_calls(desk.agent) for desk in desks),
            "dropped_events": sum(floor.switch.dropped.values()),
        }

    def snapshot(self) -> Mapping[str, Any]:
        """Everything a board shows, telephone numbers masked."""
        floor, now = self._engine.floor, self._clock.now()
        shown: dict[str, Any] = {
            "at": to_iso(now, self._city.zone),
            "status": self.status(),
            "waiting": [],
            "agents": [],
        }
        if floor is None:
            return shown
        for view in floor.dispatch.router.waiting(now):
            call = floor.calls.get(view.call)
            shown["waiting"].append(
                {
                    "call": view.call,
                    "ani": mask(call.state.ani) if call else "",
                    "queue": view.queue,
                    "wait_s": round(seconds_between(view.joined_at, now), 1),
                    "agent": view.agent,
                }
            )
        names = {person.agent: person.name for person in self._city.people}
        for desk in floor.dispatch.book.desks():
            if desk.state is not AgentState.OFF:
                shown["agents"].append(
                    {
                        "agent": desk.agent,
                        "name": names.get(desk.agent, ""),
                        "seat": desk.seat,
                        "state": desk.state.value,
                        "label": desk.reason or LABELS[desk.state],
                        "since_s": round(seconds_between(desk.since, now), 1),
                        "call": desk.call,
                    }
                )
        return shown
