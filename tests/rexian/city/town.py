"""A small town whose files are right, to be spoiled by a test in one place or in many."""

import re
import wave
from pathlib import Path

from rexian.engine.city import City, ConfigErrors, load_city

FILES = {
    "hotline.yaml": """\
name: 小镇12345
mode: menu
time_zone: Asia/Shanghai
numbers:
  "12345": {queue: citizen, menu: m.main}
  "123457": {queue: enterprise}
recording: true
trunks: [127.0.0.2]
citizen_accounts: ["9001"]
""",
    "agents.yaml": """\
defaults:
  after_call_work_s: 60
  ring_s: 15
  no_answer_limit: 1
  reject_limit: 2
  busy_limit: 2
  unreachable_limit: 1
reasons:
  1: 用餐
skills:
  citizen: 市民
  enterprise: 企业
  彝语: 彝语
people:
  "1001": {name: 青禾, pin: "0110", skills: {citizen: 5, enterprise: 7}}
  "1002": {name: 云舒, pin: "881002", skills: {citizen: 3}}
seats:
  "8001": {usual_agent: "1001"}
  "8002": {usual_agent: "1002"}
""",
    "queues.yaml": """\
queues:
  citizen:
    name: 市民
    stages:
      - {after_s: 0, need: {citizen: 4}}
      - {after_s: 30}
    handling_s: 198
  enterprise:
    name: 企业
    stages:
      - {after_s: 0, need: {enterprise: 1}}
      - {after_s: 15, say: e.plain}
    handling_s: 198
    ring_s: 20
""",
    "menus.yaml": """\
notice: g.notice
connecting: q.connect
retry: x.retry
person: {queue: citizen, say: x.human}
menus:
  m.main:
    prompt: m.main
    wait_s: 3
    keys:
      7: {queue: enterprise}
      0: {queue: citizen, say: q.human}
    silence: {queue: citizen}
waiting:
  prompt: w.options
  keys:
    7: {queue: enterprise, say: e.enter}
    0: {do: stay}
""",
    "prompts.yaml": """\
voice: nobody
prompts:
  g.notice: {text: 您好。}
  m.main: {text: 请按键。}
  q.connect: {text: 请稍候。}
  q.human: {text: 转人工。}
  q.pos: {text: "您前面还有{n}位。", say: {from: 1, to: 99, as: count}}
  q.next: {text: 您是下一位。}
  q.wait: {text: "预计等待{n}分钟左右。", say: {from: 1, to: 10, as: count}}
  q.long: {text: 预计等待超过十分钟。}
  q.still: {text: 话务员仍在忙。}
  w.options: {text: 等待时您也可以按7。}
  e.enter: {text: 已转到企业服务专席。}
  e.plain: {text: 企业专席正忙。}
  x.retry: {text: 请再按一次。}
  x.human: {text: 正在为您转人工。}
  a.gonghao: {text: "{n}号为您服务。", say: {from: 1001, to: 1002, as: digits}}
  r.wait: {text: 通话短暂中断。}
  r.back: {text: 已重新接通。}
  r.other: {text: 正在为您优先转接。}
  s.ask: {text: 请评价本次服务。}
  s.thanks: {text: 谢谢您的评价。}
  bye: {text: 再见。}
  f.queue: {text: 系统正在切换。}
  f.leave: {text: 暂时无法接通。}
  k.in: {text: 已签入。, only: agent}
  k.ready: {text: 已置闲。, only: agent}
  k.pause: {text: 已置忙。, only: agent}
  k.out: {text: 已签出。, only: agent}
  k.pin: {text: 请输入密码。, only: agent}
  k.wrong: {text: 不对。, only: agent}
tones:
  beep: {hz: 1000, ms: 300}
""",
}


def write_wav(path: Path, samples: bytes = bytes(1600), rate: int = 8000, channels: int = 1) -> None:
    """0.1 s of silence in the right format, unless told otherwise."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)


def record_everything(folder: Path) -> None:
    """A sound file for each prompt of the town."""
    ids = re.findall(r"^  ([a-z.]+): \{(?!.*say:)", FILES["prompts.yaml"], flags=re.MULTILINE)
    ids += [f"q.pos.{n}" for n in range(1, 100)] + [f"q.wait.{n}" for n in range(1, 11)]
    for one in [*ids, "a.gonghao.1001", "a.gonghao.1002"]:
        write_wav(folder / f"{one}.wav")


class Town:
    """The files of the town in a folder of their own."""

    def __init__(self, folder: Path, shipped: Path) -> None:
        self.folder, self.shipped = folder, shipped
        for name, text in FILES.items():
            (folder / name).write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the one place where `old` stands in a file."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def at(self, name: str, words: str) -> str:
        """`name:line` of the first line with `words` in it."""
        lines = (self.folder / name).read_text(encoding="utf-8").split("\n")
        return f"{name}:{next(n for n, line in enumerate(lines, start=1) if words in line)}"

    def load(self) -> City:
        return load_city(self.folder, sounds=self.shipped)

    def mistakes(self) -> list[str]:
        """What is said against the files, without the folder in front; empty if nothing is."""
        try:
            self.load()
        except ConfigErrors as errors:
            return [self._plain(str(mistake)) for mistake in errors.mistakes]
        return []

    def warnings(self) -> list[str]:
        return [self._plain(str(warning)) for warning in self.load().warnings]

    def _plain(self, text: str) -> str:
        return text.replace(f"{self.folder}/", "").replace(str(self.shipped), "shipped")
