"""`menura teach`: tags of the user's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from menura.cli.answer import Answer, clean, columns, named
from menura.cli.options import (
    FromOption,
    JsonOption,
    LibraryOption,
    ToOption,
    library_path,
    seconds_of,
)

if TYPE_CHECKING:
    from menura.library import Library
    from menura.library.teaching import Report, Teacher
    from menura.metrics.bootstrap import Interval

TracksOption = Optional[list[str]]  # noqa: UP045
NameOption = Optional[str]  # noqa: UP045
FileOption = Optional[Path]  # noqa: UP045


def teach(
    tag: Annotated[NameOption, typer.Argument(metavar="[TAG]", help="Its name.")] = None,
    yes: Annotated[
        TracksOption, typer.Option("--yes", metavar="TRACK...", help="It is so of these.")
    ] = None,
    no: Annotated[
        TracksOption, typer.Option("--no", metavar="TRACK...", help="It is not so of these.")
    ] = None,
    start: FromOption = None,
    stop: ToOption = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Name the tracks whose answer would help most.")
    ] = False,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many of them.")] = 10,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last command back.")] = False,
    rename: Annotated[NameOption, typer.Option(metavar="NEW", help="Give it another name.")] = None,
    merge: Annotated[
        NameOption, typer.Option(metavar="OTHER", help="Add the answers of another, which ends.")
    ] = None,
    export: Annotated[
        FileOption, typer.Option(metavar="F.json", help="Write its answers to a file.")
    ] = None,
    take: Annotated[
        FileOption, typer.Option("--import", metavar="F.json", help="Add the answers of a file.")
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Drop it with its answers.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Show which files would get it as a tag ([write-tags]).")
    ] = False,
    do_it: Annotated[bool, typer.Option("--do-it", help="With --write: write them.")] = False,
    library: LibraryOption = None,
    json: JsonOption = False,
) -> Answer:
    """Teach a tag of your own: say yes and no to tracks or moments.

    Without an option it shows how right the tag is, measured on artists it has not heard; without
    a TAG it lists all. After three of each answer the tag stands in `menura tags`, and queries
    know it: tag:NAME>0.6.

    Examples: menura teach misty --yes a.mp3 b.mp3 --no c.mp3;
    menura teach misty --yes a.mp3 --from 1:05 --to 1:20; menura teach misty --suggest
    """
    from menura.library import Library

    doing = {
        "--suggest": suggest,
        "--undo": undo,
        "--rename": rename is not None,
        "--merge": merge is not None,
        "--export": export is not None,
        "--import": take is not None,
        "--forget": forget,
        "--write": write,
        "--yes and --no": bool(yes or no),
    }
    check_usage(tag, [name for name, asked in doing.items() if asked], start or stop, do_it)
    with Library(library_path(library)) as shelf:
        teacher = shelf.teaching()
        if tag is None:
            return listing([teacher.report(name) for name in teacher.names()], json)
        if yes or no:
            span = seconds_of(start, 0.0), seconds_of(stop, float("inf"))
            return shown(teacher.teach(tag, yes or (), no or (), *span), json)
        if suggest:
            return suggestions(teacher, tag, count, json)
        if write:
            return written(shelf, tag, do_it, json)
        if take:
            return shown(teacher.take(tag, take), json)
        if changed := change(teacher, tag, undo, rename, merge, export, forget):
            return Answer(*changed, json)
        return shown(teacher.report(tag), json)


def check_usage(tag: str | None, doing: list[str], span: str | None, do_it: bool) -> None:
    """Refuse options that do not go together; raises BadParameter."""
    wrong = None
    if tag is None and doing:
        wrong = f"{doing[0]} needs a TAG: menura teach TAG {doing[0]}"
    elif len(doing) > 1:
        wrong = f"{', '.join(doing)} were given; one of them at a time"
    elif span and doing != ["--yes and --no"]:
        wrong = "--from and --to go with --yes and --no"
    elif do_it and doing != ["--write"]:
        wrong = "--do-it goes with --write"
    if wrong:
        raise typer.BadParameter(wrong)


def change(
    teacher: Teacher,
    tag: str,
    undo: bool,
    rename: str | None,
    merge: str | None,
    export: Path | None,
    forget: bool,
) -> tuple[dict[str, Any], list[str]] | None:
    """Do what one option asks for; data and text, None where none was given."""
    if undo:
        count = teacher.undo(tag)
        return {"tag": tag, "undone": count}, [f"{answers(count)} taken back"]
    if rename is not None:
        kept = teacher.rename(tag, rename)
        return {"tag": kept, "was": tag}, [f"{clean(tag)} is {clean(kept)} now"]
    if merge is not None:
        count = teacher.merge(tag, merge)
        text = f"{answers(count)} of {clean(merge)} added to {clean(tag)}"
        return {"tag": tag, "merged": merge, "answers": count}, [text]
    if export is not None:
        count = teacher.export(tag, export)
        text = f"{answers(count)} written to {clean(export)}"
        return {"tag": tag, "file": str(export), "answers": count}, [text]
    if forget:
        count = teacher.forget(tag)
        return {"tag": tag, "forgotten": count}, [f"{clean(tag)} forgotten, {answers(count)}"]
    return None


def answers(count: int) -> str:
    return f"{count} answer{'s' if count != 1 else ''}"


def as_data(report: Report) -> dict[str, Any]:
    data = asdict(report)
    for name in ("auc", "precision"):
        interval = getattr(report, name)
        known = interval is not None and interval.value == interval.value
        data[name] = asdict(interval) if known else None
    return data


def figure(interval: Interval | None) -> str:
    """`0.91 (0.78 to 0.97)`"""
    if interval is None or interval.value != interval.value:
        return "-"
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def shown(report: Report, json: bool) -> Answer:
    artists = f"from {report.yes_artists} and {report.no_artists} artists"
    text = [f"{clean(report.tag)}: {report.yes} yes, {report.no} no, {artists}"]
    if report.lacks:
        text.append(f"not enough examples yet: {report.lacks}, then the tag is used")
    if report.lacks_for_figures:
        text.append(f"not enough examples yet for a figure: {report.lacks_for_figures}")
    else:
        text += [
            f"AUC {figure(report.auc)}: how often a yes is ranked above a no",
            f"precision {figure(report.precision)}: how much of what it calls so is so, were a yes "
            "as common as among these answers",
            "both on artists left out; the AUC on all others lies in the brackets about 9 times "
            "in 10",
        ]
    if report.unheard:
        text.append(
            f"{answers(report.unheard)} kept and not in use: {clean(report.encoder)} has not "
            "heard the file, and it is not where it was"
        )
    return Answer(as_data(report), text, json)


def listing(reports: list[Report], json: bool) -> Answer:
    rows = [
        (
            clean(report.tag),
            f"{report.yes} yes",
            f"{report.no} no",
            figure(report.auc) if report.auc else "not enough examples yet",
        )
        for report in reports
    ]
    text = [*columns(rows), "the number: cross-validated AUC on artists left out"] if rows else []
    hint = "nothing was taught yet: menura teach TAG --yes TRACK... --no TRACK..."
    return Answer([as_data(report) for report in reports], text or [hint], json)


def suggestions(teacher: Teacher, tag: str, count: int, json: bool) -> Answer:
    found = teacher.suggest(tag, count)
    data = [
        {
            **{key: getattr(row, key) for key in ("id", "path", "title", "artist")},
            "probability": said,
        }
        for row, said in found
    ]
    rows = [(row.id, "-" if said is None else f"{said:.2f}", named(row)) for row, said in found]
    text = columns(rows, right="01") if rows else ["every track of the library was answered for"]
    return Answer(data, text, json)


def written(shelf: Library, tag: str, do_it: bool, json: bool) -> Answer:
    from menura.library import file_tags

    plan = file_tags.plan(shelf, tag)
    done = file_tags.write(plan) if do_it else []
    failed = {change.path: change.problem for change in done if change.problem}
    rows = [
        ("+" if change.add else "-", f"{change.probability:.2f}", clean(change.path))
        for change in plan
    ]
    summary = f"{len(plan)} files would change; --do-it writes them"
    if do_it:
        summary = f"{len(plan) - len(failed)} files written, {len(failed)} not"
    data = {"written": do_it, "files": [asdict(change) for change in (done or plan)]}
    warnings = [f"{path}: {why}" for path, why in failed.items()]
    return Answer(data, [*(columns(rows) if rows else []), summary], json, bool(failed), warnings)
