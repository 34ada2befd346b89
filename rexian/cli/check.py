"""`rexian check`: prove a city's files without starting anything."""

from pathlib import Path

import typer

from rexian.engine.city import City, ConfigErrors, load_city

OK, REFUSED = 0, 1


def check(folder: Path) -> int:
    """Print what is wrong with the files in `folder`, or what is in them; the exit code.

    Mistakes go to stderr, one a line as `file:line: what; how to mend`; warnings come after them.
    """
    try:
        city = load_city(folder)
    except ConfigErrors as errors:
        for mistake in errors.mistakes:
            typer.echo(str(mistake), err=True)
        for warning in errors.warnings:
            typer.echo(f"warning: {warning}", err=True)
        typer.echo(_counted(len(errors.mistakes), "mistake"), err=True)
        return REFUSED
    for warning in city.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(summary(city))
    return OK


def summary(city: City) -> str:
    """One line about a city that can take calls."""
    parts = (
        f"mode {city.mode}",
        f"numbers {', '.join(city.numbers)}",
        _counted(len(city.people), "person", "people"),
        _counted(len(city.seats), "seat"),
        f"queues {', '.join(rule.name for rule in city.queues)}",
        _counted(len(city.menus.menus), "menu"),
        _counted(len(city.prompts.files), "prompt"),
    )
    return f"{city.name}: ok. {'; '.join(parts)}"


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
