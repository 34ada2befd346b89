"""One file against its model: every mistake in our own words, and what is left without them.

The rest is still checked against the other files, so that a clerk sees all mistakes at once instead of
one layer after another.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rexian.engine.config_fields import OWN_ERROR, FileModel, is_what
from rexian.engine.mistakes import Mistake, did_you_mean
from rexian.engine.strict_yaml import Document, Spot, Tree, Unreadable, read_yaml

Model = TypeVar("Model", bound=FileModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[Model]):
    """What came of one file."""

    document: Document
    content: Model | None
    """The file without its mistakes; None if nothing is left."""
    mistakes: tuple[Mistake, ...]
    wrong: frozenset[Spot] = frozenset()
    """Where something was left out."""

    @property
    def whole(self) -> bool:
        """Nothing had to be left out, so what isn't there is really missing."""
        return self.content is not None and not self.mistakes

    def names(self, *spot: str) -> frozenset[str]:
        """The keys at `spot` as they stand in the file, right or wrong."""
        at: Tree = self.document.data
        for key in spot:
            at = at.get(key) if isinstance(at, dict) else None
        return frozenset(at) if isinstance(at, dict) else frozenset()

    def is_sound(self, spot: Spot) -> bool:
        """Nothing was left out at `spot` or below it."""
        return not any(wrong[: len(spot)] == spot for wrong in self.wrong)


def read_file(path: Path, shown: str, model: type[Model]) -> Reading[Model]:
    """The file at `path`, called `shown` in messages, as a `model`."""
    try:
        document = read_yaml(path, shown)
    except Unreadable as unreadable:
        nothing = Document(file=shown, data=None, lines={})
        return Reading(document=nothing, content=None, mistakes=tuple(unreadable.mistakes))
    if not document.data:
        nothing_in_it = document.mistake((), "the file is empty", "copy the demo city's and change it")
        return Reading(document=document, content=None, mistakes=(nothing_in_it,))
    return _fitted(document, model)


def _fitted(document: Document, model: type[Model]) -> Reading[Model]:
    content: Model | None = None
    rest = copy.deepcopy(document.data)
    empty = sorted(_empty(rest, ()), key=len, reverse=True)
    mistakes = [document.mistake(spot, f"{label(spot)} is empty", EMPTY) for spot in empty]
    for spot in map(_with_its_list, empty):
        _dropped(rest, spot)
    told = {spot[:length] for spot in empty for length in range(len(spot) + 1)}
    wrong: set[Spot] = set(empty)
    while content is None:
        try:
            content = model.model_validate(rest)
        except ValidationError as refused:
            errors = refused.errors(include_url=False)
            if wrong == set(empty):  # the first time; later ones only miss what was taken out
                mistakes += [_sentence(document, e, model) for e in errors if _spot(e) not in told]
            wrong |= {_spot(error) for error in errors}
            if not _mended(rest, errors, model):
                break
    return Reading(document=document, content=content, mistakes=tuple(mistakes), wrong=frozenset(wrong))


def _mended(rest: Tree, errors: list[ErrorDetails], model: type[FileModel]) -> bool:
    """Take out what is wrong; False if that can't be done.

    Of a group that lacks a key the group goes, of a list with a wrong element the list (else the others
    would move, and be shown on the wrong lines). A whole section that is missing is stood in for, so
    that the others can be looked at.
    """
    spots = {_spot(error)[:-1] if error["type"] == "missing" else _spot(error) for error in errors}
    done = [_dropped(rest, spot) for spot in sorted(map(_with_its_list, spots), key=len, reverse=True)]
    if () in spots and isinstance(rest, dict):
        missing = {name for name in model.STAND_INS if name not in rest}
        rest.update({name: copy.deepcopy(model.STAND_INS[name]) for name in missing})
        done.append(bool(missing))
    return any(done)


EMPTY = "write something after the colon, or leave the line out"


def _empty(tree: Tree, spot: Spot) -> Iterator[Spot]:
    if tree is None:
        yield spot
    for part, inner in tree.items() if isinstance(tree, dict) else ():
        yield from _empty(inner, (*spot, part))
    for at, inner in enumerate(tree if isinstance(tree, list) else ()):
        yield from _empty(inner, (*spot, at))


def _with_its_list(spot: Spot) -> Spot:
    """`spot`, or the list around it."""
    return next((spot[:at] for at, part in enumerate(spot) if isinstance(part, int)), spot)


def _spot(error: ErrorDetails) -> Spot:
    """Where an error is, without pydantic's own marks: `[key]` says that the key itself is wrong."""
    return tuple(part for part in error["loc"] if part != "[key]")


def _dropped(tree: Tree, spot: Spot) -> bool:
    """Take the value at `spot` out of `tree`; False if it isn't there (any more)."""
    at: Any = tree
    if not spot:
        return False
    try:
        for part in spot[:-1]:
            at = at[part]
        del at[spot[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _sentence(document: Document, error: ErrorDetails, model: type[BaseModel]) -> Mistake:
    spot = _spot(error)
    what, mend = _words(error, spot, model)
    return document.mistake(spot, f"{label(spot)} {what}", mend)


def label(spot: Spot) -> str:
    """What people call a place in a file: people.1001.skills, trunks[1]."""
    name = ""
    for part in spot:
        name += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if name else part
    return name or "the file"


def _words(error: ErrorDetails, spot: Spot, model: type[BaseModel]) -> tuple[str, str]:
    given, kind, context = error["input"], error["type"], error.get("ctx", {})
    if kind == OWN_ERROR:
        return context["what"], context["mend"]
    if kind == "missing":
        return "is missing", "add it"
    if kind == "extra_forbidden":
        return "is an unknown key", did_you_mean(str(spot[-1]), _keys_at(model, spot[:-1]))
    if kind in ("too_short", "too_long"):
        return f"has {context['actual_length']} entries", _length(context)
    if kind in ("model_type", "dict_type"):
        known = ", ".join(f"{key}: …" for key in sorted(_keys_at(model, spot))) or "name: value"
        return is_what(given), f"write keys under it: {known}"
    if kind in ("list_type", "tuple_type"):
        return is_what(given), "write a list: [one, two]"
    return is_what(given), "write a text"


def _length(context: dict[str, Any]) -> str:
    if "min_length" in context:
        return f"write at least {context['min_length']}"
    return f"write at most {context['max_length']}"


def _keys_at(model: type[BaseModel], spot: Spot) -> set[str]:
    """The keys that may stand at `spot`; empty where any may."""
    at: Any = model
    for part in spot:
        at = next((inner for inner in _unfolded(at) if _holds(inner)), None)
        if isinstance(at, type) and issubclass(at, BaseModel):
            named = {field.alias or name: field.annotation for name, field in at.model_fields.items()}
            at = named.get(str(part))
        elif at is not None:
            at = get_args(at)[-1]
    models = [inner for inner in _unfolded(at) if isinstance(inner, type) and issubclass(inner, BaseModel)]
    return {field.alias or name for inner in models for name, field in inner.model_fields.items()}


def _holds(annotation: Any) -> bool:
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return is_model or get_origin(annotation) in (dict, list)


def _unfolded(annotation: Any) -> Iterator[Any]:
    """The types behind Annotated and `| None`."""
    yield annotation
    if get_origin(annotation) not in (dict, list):
        for inner in get_args(annotation):
            yield from _unfolded(inner)
