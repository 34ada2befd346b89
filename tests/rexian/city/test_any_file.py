"""Whatever stands in the files: a city or sentences about lines that exist, never a traceback."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rexian.engine.city import City, ConfigErrors
from tests.rexian.city.town import FILES, Town

pieces = st.one_of(
    st.sampled_from(
        ["", ":", "{", "}", "[", "]", "- ", "'", '"', "\n", "\n\n", "  ", "#", "|", ">", "?", "@"]
    ),
    st.sampled_from(["null", "0", "-1", "1e9", "citizen", "m.main", "{do: stay}", "[]", "{}", "{a: {b: c}}"]),
    st.text(max_size=4),
)


@st.composite
def spoiled_files(draw: st.DrawFn) -> dict[str, str]:
    """The town's files with a few stretches of text replaced by something else."""
    files = dict(FILES)
    for name in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=4)):
        text = files[name]
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 40)))
        files[name] = text[:begin] + draw(pieces) + text[end:]
    return files


def outcome(town: Town) -> City | ConfigErrors:
    try:
        return town.load()
    except ConfigErrors as errors:
        return errors


def fits_together(city: City) -> bool:
    people = {person.agent for person in city.people}
    seated = {seat.usual_agent for seat in city.seats if seat.usual_agent}
    return seated <= people and set(city.numbers.values()) <= {rule.name for rule in city.queues}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoiled_files())
def test_every_file_is_either_taken_or_explained(recordings: Path, files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), recordings)
        for name, text in files.items():
            (town.folder / name).write_text(text, encoding="utf-8", errors="replace", newline="")

        came_of_it = outcome(town)

    if isinstance(came_of_it, City):
        assert fits_together(came_of_it)
        return
    assert came_of_it.mistakes
    for mistake in came_of_it.mistakes:
        text = files[Path(mistake.file).name]
        assert 1 <= mistake.line <= 1 + text.count("\n") + text.count("\r")
        assert "\n" not in str(mistake)
