"""Files are text, and what could be read in two ways is refused: RELIABILITY rows 29 to 32."""

import time
from pathlib import Path

import pytest

from rexian.engine.strict_yaml import MAX_BYTES, Document, Tree, Unreadable, read_yaml

REFUSAL_S = 0.05
"""What a refusal may take at most, however large the file is."""


def read(tmp_path: Path, content: str | bytes) -> Document:
    path = tmp_path / "f.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(path, "f.yaml")


def refusals(tmp_path: Path, content: str | bytes) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, content)
    return [str(mistake) for mistake in refused.value.mistakes]


@pytest.mark.parametrize(
    "scalar",
    ["0110", "no", "yes", "12:30", "1e3", "0x1F", "1_000", "~", "null", "2026-02-30", ".inf", "=", "<<"],
)
def test_a_bare_word_stays_the_text_that_it_is(tmp_path: Path, scalar: str) -> None:
    assert read(tmp_path, f"ext: {scalar}\n").data == {"ext": scalar}


@pytest.mark.parametrize(
    ("content", "data"),
    [
        ("a: '7'\n7: b\n", {"a": "7", "7": "b"}),
        ("a:\nb: ''\n", {"a": None, "b": ""}),
        ("- x\n- [y, {z: 1}]\n", ["x", ["y", {"z": "1"}]]),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("a: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
        ("市民: 𠮷\n", {"市民": "𠮷"}),
        ("# nothing but a remark\n", {}),
        ("", {}),
    ],
)
def test_ordinary_yaml_is_read(tmp_path: Path, content: str, data: Tree) -> None:
    assert read(tmp_path, content).data == data


def test_every_key_and_element_knows_its_line(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\n\nb:\n  - x\n  - {c: 2,\n     d: 3}\n")

    spots = [("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "d")]
    assert [document.line(spot) for spot in spots] == [1, 3, 4, 5, 6]
    assert document.line(("b", 1, "nothing", "like", "it")) == 5
    assert document.line(("nowhere",)) == 1


def test_a_key_twice_is_refused_and_both_lines_are_named(tmp_path: Path) -> None:
    assert refusals(tmp_path, "a:\n  x: 1\n  'x': 2\nb: 1\nb: 2\n") == [
        "f.yaml:3: 'x' stands here a second time, the first is on line 2; delete one of them or rename it",
        "f.yaml:5: 'b' stands here a second time, the first is on line 4; delete one of them or rename it",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "a: &x 1\nb: *x\n",
            "f.yaml:1: an anchor, &x; write the value out, or put it in quotes if the & is part of a text",
        ),
        (
            "b: *x\n",
            "f.yaml:1: an alias, *x; write the value out, or put it in quotes if the * is part of a text",
        ),
        (
            "\nb: !!python/object/apply:os.system [x]\n",
            (
                "f.yaml:2: a tag, tag:yaml.org,2002:python/object/apply:os.system; "
                "delete it, or put the value in quotes if the ! is part of a text"
            ),
        ),
        ("%YAML 1.1\n---\na: 1\n", "f.yaml:2: a % line; delete it"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: a second document begins; delete the line ---"),
        ("? [a, b]\n: 1\n", "f.yaml:1: a key that is no word; begin the line with `name:`"),
        ("a:\n\tb: 1\n", "f.yaml:2: a tab; use spaces instead, and save as UTF-8"),
        ("a: b # remark\twith a tab\n", "f.yaml:1: a tab; use spaces instead, and save as UTF-8"),
        ("a: x\u202fy\u2028z\n", "f.yaml:1: an invisible character, U+2028; delete it, and save as UTF-8"),
        ("a: x\x00y\n", "f.yaml:1: an invisible character, U+0000; delete it, and save as UTF-8"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    assert refusals(tmp_path, content) == [sentence]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: [1, 2\nb: 3\n", 2),
        ("a: b: c\n", 1),
        ("a:\n  b: 1\n c: 2\n", 3),
        ("a: 'x\n", 2),
        ("- a\nb: 1\n", 2),
    ],
)
def test_a_slip_of_the_pen_is_shown_on_its_line(tmp_path: Path, content: str, line: int) -> None:
    (sentence,) = refusals(tmp_path, content)

    assert sentence.startswith(f"f.yaml:{line}: cannot be read from here: ")
    assert sentence.endswith(
        "; look for a missing colon, quote or bracket, or for other spaces in front than above"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xef\xbb\xbfa: 1\n", "f.yaml:1: begins with a byte order mark; save as UTF-8, without BOM"),
        ("a: 1\n".encode("utf-16"), "f.yaml:1: begins with a byte order mark; save as UTF-8, without BOM"),
        ("a: 1\nb: 市民\n".encode("gbk"), "f.yaml:2: is not UTF-8, but looks like GBK; save as UTF-8"),
        (b"a: 1\nb: \xff\xff\n", "f.yaml:2: is not UTF-8; save as UTF-8"),
    ],
)
def test_other_encodings_than_utf_8_are_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    assert refusals(tmp_path, content) == [sentence]


def laughs() -> str:
    """Nine levels of nine aliases: 387 million words for whoever unfolds them."""
    text = "a: &a [l, l, l, l, l, l, l, l, l]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    return text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (laughs(), "an anchor"),
        ("[" * 2000 + "]" * 2000, "nested deeper than 20 levels"),
        ("[\n" * 400_000, "nested deeper than 20 levels"),
        ("- " * 400_000, "a line of 800000 characters"),
        ("a: " + "{a: " * 200_000, "a line of 800003 characters"),
        ("".join(" " * depth + "a:\n" for depth in range(1200)), "nested deeper than 20 levels"),
        (b"a" * 50_000_000, "is larger than 1 MB"),
        ("a: !!python/object/apply:time.sleep [60]\n", "a tag"),
    ],
    ids=[
        "laughs",
        "deep flow",
        "deep flow lines",
        "deep block",
        "deep maps",
        "deep indents",
        "50 MB",
        "python",
    ],
)
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, content: str | bytes, words: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    read_yaml_warm(tmp_path)

    began = time.process_time()
    with pytest.raises(Unreadable, match=words):
        read_yaml(path, "f.yaml")
    took = time.process_time() - began

    assert took < REFUSAL_S


def read_yaml_warm(tmp_path: Path) -> None:
    """The parser compiles its patterns at the first use."""
    (tmp_path / "warm.yaml").write_text("a: 1\n")
    read_yaml(tmp_path / "warm.yaml", "warm.yaml")


def test_a_file_of_exactly_the_limit_is_still_looked_at(tmp_path: Path) -> None:
    text = "a: 1\n" + "# remark\n" * ((MAX_BYTES - 5) // 9)
    assert read(tmp_path, text).data == {"a": "1"}


def test_twenty_levels_are_enough_and_not_too_many(tmp_path: Path) -> None:
    read(tmp_path, "[" * 20 + "]" * 20)

    assert refusals(tmp_path, "[" * 21 + "]" * 21) == [
        "f.yaml:1: is nested deeper than 20 levels; flatten it"
    ]


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()

    with pytest.raises(Unreadable, match="is missing; copy the demo city's and change it"):
        read_yaml(tmp_path / "f.yaml", "f.yaml")
    with pytest.raises(Unreadable, match="is no ordinary file; put a text file in its place"):
        read_yaml(tmp_path / "folder.yaml", "folder.yaml")
    with pytest.raises(Unreadable, match="is no ordinary file"):
        read_yaml(Path("/dev/zero"), "null")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "f.yaml").write_text("a: 1\n")
    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(Unreadable, match=r"cannot be read \(Permission denied\); check its owner and rights"):
        read_yaml(tmp_path / "f.yaml", "f.yaml")


def test_what_a_file_says_cannot_move_the_cursor_of_who_reads_the_message(tmp_path: Path) -> None:
    mistake = read(tmp_path, "a: 1\n").mistake(("a",), "is 'x\u202e\x1b[2J\ny'", "delete it")

    assert str(mistake) == "f.yaml:1: is 'x<U+202E><U+001B>[2J<U+000A>y'; delete it"
