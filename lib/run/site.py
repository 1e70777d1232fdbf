"""The site: executed notebooks put among the pages of book/, and rendered whole. Nothing is executed here."""

import html
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode

from lib import claims, compute, provenance
from lib.claims import Claim, Paper
from lib.parameters import contract
from lib.run import benchmarks_page, costs, markup, profiles, status

BOOK = compute.ROOT / "book"
SCOREBOARD = "scoreboard"
GENERATED = "_generated"
"""The folder of a staged book with what is written afresh each time, for pages to include."""

WIDGETS = "application/vnd.jupyter.widget-view+json"
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"  # the package cannot be run with -m

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FONT_PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*>')
"""A hint of the theme that a browser refuses, with an error, where a page is opened from disk."""


class SiteError(RuntimeError):
    """The site could not be rendered; the message holds what the renderer said."""


def build(results: Path, output: Path) -> Path:
    """Render the book from a folder of executed notebooks.

    A warning counts as a failure. `output` is replaced whole, and stays as it was where the rendering fails.

    Parameters
    ----------
    results
        Holds `<notebook>.ipynb` and `<notebook>.json` of each notebook that was executed; any may be missing.
    output
        The folder of the site.

    Returns
    -------
    Path
        Its first page, `output/index.html`.

    Raises
    ------
    SiteError
        Where there is no folder `results`, jupyter-book fails or warns, or `output` holds something else than a site.
    """
    if not results.is_dir():
        raise SiteError(f"no folder {results}: name one that holds executed notebooks")
    return render(lambda target: stage(results, target), output)


def render(staged: Callable[[Path], None], output: Path) -> Path:
    """Render what `staged` puts into the folder that it is given: pages, _config.yml, _toc.yml; else as `build`."""
    output = output.resolve()
    if output.exists() and not _is_site(output):
        raise SiteError(f"{output} holds something else than a site, and would be replaced whole: name another folder")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
        work = Path(folder).resolve()
        staged(work / "book")
        rendered = _render(work / "book", work)
        _replace(output, rendered, work / "before")
    return output / "index.html"


def _is_site(folder: Path) -> bool:
    """Whether this is an empty folder, or one that jupyter-book has filled."""
    return folder.is_dir() and (not any(folder.iterdir()) or (folder / "objects.inv").exists())


def stage(results: Path, target: Path) -> None:
    """Put together what jupyter-book renders: pages, executed notebooks, and the code and facts that pages show.

    A chapter is a file of the table of contents that has no page in book/. Where `results` lacks its notebook,
    a page says so, and what the paper claims.
    """
    left_out = shutil.ignore_patterns("_build", "recorded", ".*")
    shutil.copytree(BOOK, target, ignore=left_out, dirs_exist_ok=True)
    shutil.copytree(compute.ROOT / "lib", target / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in chapters():
        executed = results / f"{name}.ipynb"
        if executed.exists():
            notebook = nbformat.read(executed, as_version=4)
            prepare(notebook, name, results)
            nbformat.write(notebook, target / f"{name}.ipynb")
        else:
            (target / f"{name}.md").write_text(missing_page(name), encoding="utf-8")
    fragments = {"papers": papers_table(results), "runs": runs_table(results), "parameters": parameters_tables()}
    fragments |= {"claims": claims_tables(), "costs": costs.table()}
    for name, text in fragments.items():
        path = target / GENERATED / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    benchmarks_page.stage(target, target / GENERATED)


def chapters() -> list[str]:
    """The notebooks that the table of contents names, in its order: experiments, and the scoreboard."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [name for name in files if not (BOOK / f"{name}.md").exists()]


def experiments() -> list[str]:
    """The chapters that measure something: all but the scoreboard."""
    return [name for name in chapters() if name != SCOREBOARD]


# ---- Executed notebooks ----


def prepare(notebook: NotebookNode, name: str, results: Path) -> None:
    """Make an executed notebook a page, in place: progress bars out; where its numbers come from, in."""
    clean(notebook)
    take_prose(notebook, name)
    stale = stale_note(results, experiments() if name == SCOREBOARD else [name])
    if stale:
        _below_title(notebook, stale)
    run = claims.read_results(results, name)
    if run:
        notebook.cells.append(nbformat.v4.new_markdown_cell(provenance_note(run)))


def take_prose(notebook: NotebookNode, name: str) -> None:
    """Put a run's outputs below today's cells, in place, where the code still computes the same.

    Prose, captions, tags and comments are no part of a result: what the numbers contradict can be mended without a new
    run. The cell with what papermill injected stays where it was, below the parameters.
    """
    if not claims.source(name).exists():
        return
    today = nbformat.read(claims.source(name), as_version=4).cells
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    injected = [cell for cell in ran if "injected-parameters" in cell.metadata.get("tags", [])]
    own = [cell for cell in ran if cell not in injected]
    code = [cell for cell in today if cell.cell_type == "code"]
    if list(map(_digest, own)) != list(map(_digest, code)):
        return
    for cell, then in zip(code, own, strict=True):
        cell.outputs, cell.execution_count = then.outputs, then.execution_count
    after = next((i + 1 for i, cell in enumerate(today) if "parameters" in cell.metadata.get("tags", [])), 0)
    notebook.cells = [*today[:after], *injected, *today[after:]]


def _digest(cell: NotebookNode) -> str:
    return provenance.code_digest(cell.source)


def clean(notebook: NotebookNode) -> None:
    """Remove, in place, progress bars, what went to stderr, and the names of folders that papermill keeps."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not _is_noise(output)]
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = re.sub(r"[^\n]*\r(?!\n)", "", output.text)  # as a terminal shows it


def _is_noise(output: NotebookNode) -> bool:
    return output.get("name") == "stderr" or WIDGETS in output.get("data", {})


def _below_title(notebook: NotebookNode, text: str) -> None:
    first = notebook.cells[0]
    title, newline, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{text}\n{newline}{rest}" if title.startswith("# ") else f"{text}\n\n{first.source}"


def stale_note(results: Path, notebooks: Iterable[str]) -> str:
    """A warning about each run whose results may not come out the same today; empty where there is none."""
    notes = []
    for name in notebooks:
        run = claims.read_results(results, name)
        changed = status.changes(run, results) if run else []
        if changed:
            verb = "has" if len(changed) == 1 else "have"
            again = f"`{_command(run, recorded=results.resolve() == claims.RECORDED)}` runs it again."
            notes.append(f"- {{doc}}`{name}`: {_listed(changed)} {verb} changed since this was run. {again}")
    opening = ["```{warning}", "Stale: these results may not come out the same today.", ""]
    return "\n".join([*opening, *notes, "```"]) if notes else ""


def _listed(changed: Iterable[str]) -> str:
    return ", ".join(re.sub(r"\blib(\.\w+)+", r"`\g<0>`", part) for part in changed)


def _command(run: Mapping, *, recorded: bool) -> str:
    profile, *pairs = profiles.parts(run["profile"])
    declared = contract(claims.source(run["notebook"]))
    given = [pair for pair in pairs if pair.partition("=")[0] in declared]  # a parameter may be gone since
    words = ["record", run["notebook"]] if recorded else ["execute", run["notebook"], "--profile", profile]
    return shlex.join(["python", "-m", "lib.run", *words, *(word for pair in given for word in ("-p", pair))])


def provenance_note(run: Mapping) -> str:
    """A folded note for the foot of a page: what was run, where, on what, and what it cost."""
    facts = run["provenance"]
    seconds = ", ".join(f"{html.escape(name)} {value:,.0f} s" for name, value in run["seconds"].items())
    rows = [
        ["Profile", _profile(run)],
        ["Data", markup.plain(facts["data"])],
        ["Device", f"{markup.plain(facts['device'])}, {facts['threads']} threads"],
        ["Run", f"{markup.moment(facts['started'])} to {markup.moment(facts['finished'])}"],
        ["Time", f"{sum(run['seconds'].values()):,.0f} s: {seconds}"],
        ["Peak memory", f"{facts['peak_memory_bytes'] / 2**30:.1f} GiB"],
        ["Versions", ", ".join(f"{name} {version}" for name, version in facts["versions"].items())],
        ["Commit", _commit(facts["commit"])],
        ["Parameters", ", ".join(f"`{name}={value}`" for name, value in run["parameters"].items())],
    ]
    table = markup.table("Provenance", ["Entry", "Value"], rows)
    folded = ["::::{dropdown} Where these numbers come from", "", table, ""]
    folded += ["{doc}`recorded_results` says what each entry means.", "::::"]
    return "\n".join(folded)


def _profile(run: Mapping) -> str:
    """The profile, and where something was set by hand, what runs the whole of it."""
    name, by_hand, _ = run["profile"].partition("+")
    if not by_hand:
        return f"`{name}`"
    whole = _command({**run, "profile": name}, recorded=name == "paper")
    return f"{_settings(run)}: not the whole profile; `{whole}` runs that"


def _settings(run: Mapping) -> str:
    """The profile and what was set by hand, each a word of its own, so that a narrow column can break between them."""
    profile, *given = profiles.parts(run["profile"])
    return f"`{profile}`" + (" with " + ", ".join(f"`{pair}`" for pair in given) if given else "")


def _commit(commit: str | None) -> str:
    if not commit:
        return "not known: the code was no checkout"
    name, changed, _ = commit.partition("+")
    return f"`{name[:12]}`" + (" with changes that were not committed" if changed else "")


# ---- Pages and tables that are written afresh ----


def missing_page(name: str) -> str:
    """The page of a chapter that has not been run."""
    if name in claims.papers():
        paper = claims.paper(name)
        title, setting = markup.plain(paper.title), markup.plain(paper.setting)
        return f"# {title}\n\n{_not_run(name)}\n\n*Setting.* {setting}.\n\n## Its claims\n\n{claims_table(paper)}\n"
    papers = _papers() if name == SCOREBOARD else []
    tables = [f"## {markup.plain(paper.title)}\n\n{claims_table(paper, anchors=True)}\n" for paper in papers]
    return "\n".join([f"# {name.replace('_', ' ').capitalize()}", "", _not_run(name), "", *tables])


def _not_run(name: str) -> str:
    if not claims.source(name).exists():
        text = "This book does not have the chapter's notebook yet, so nothing here is measured."
    else:
        command = "make" if name == SCOREBOARD else f"make reproduce PAPER={name}"
        text = f"This copy of the book was made without a run of this chapter. To run it: `{command}`."
    return f"```{{admonition}} Not run\n:class: important\n{text}\n```"


def claims_tables() -> str:
    """What all papers claim, a section each."""
    return "\n".join(f"## {markup.plain(paper.title)}\n\n{claims_table(paper)}\n" for paper in _papers())


def _papers() -> list[Paper]:
    """The papers that have a chapter, in the order of the book."""
    return [claims.paper(name) for name in chapters() if name in claims.papers()]


def claims_table(paper: Paper, *, anchors: bool = False) -> str:
    """What a paper claims and how each claim is judged; with `anchors`, each row is an address to link to."""
    rows = []
    for claim in paper.claims.values():
        id_ = f'<span id="{claim.address}"></span>' if anchors else ""
        link = f'<a href="{"" if anchors else "scoreboard.html"}#{claim.address}">{html.escape(claim.id)}</a>'
        rows.append([id_ + link, _said(claim), _rule(claim), markup.plain(str(claim.where))])
    return markup.table(
        f"The claims of {paper.title}", ["Claim", "The paper", "Judged by", "Where in the paper"], rows, wraps=True
    )


def _said(claim: Claim) -> str:
    if claim.value is not None:
        return f"{claim.value:g}"
    return "introduces the method, measures nothing" if claim.background else "says so in words"


def _rule(claim: Claim) -> str:
    if claim.value is not None:
        partner = f"; from one experiment with `{claim.partner}`" if claim.partner else ""
        return f"within {claim.tolerance:g} of it{partner}"
    bounds = {"above": claim.above or None, "by at least": claim.minimum or None, "sound form above": claim.sound_above}
    unsaid = [f"{word} {value:g}" for word, value in bounds.items() if value and f"{value:g}" not in claim.compare]
    return markup.plain(claim.compare) + (f" ({', '.join(unsaid)})" if unsaid else "")


def papers_table(results: Path) -> str:
    """The papers, and what this copy of the book has found about each."""
    rows = []
    for paper in _papers():
        link = f"{{doc}}`{paper.title} <{paper.name}>`"
        rows.append([link, str(len(paper.claims)), *_found(results, paper.name)])
    return markup.table("The papers", ["Paper", "Claims", "Do we get them?", "Do they stand?"], rows)


def _found(results: Path, name: str) -> list[str]:
    run = claims.read_results(results, name)
    if not run:
        return ["not run", "–"]
    verdicts = Counter(claim["verdict"] for claim in run["claims"])
    stands = Counter(claim["stands"] or "not tested" for claim in run["claims"])
    return [_tally(verdicts, claims.VERDICTS), _tally(stands, ["yes", "no", "open", "not tested"])]


def _tally(counts: Mapping[str, int], order: Iterable[str]) -> str:
    return ", ".join(f"{counts[word]} {word}" for word in order if counts.get(word))


def runs_table(results: Path) -> str:
    """The runs that this copy of the book was rendered from."""
    head = ["Chapter", "Profile", "Data", "Device", "Finished", "Seconds", "Commit", "Up to date"]
    runs = [run for name in experiments() if (run := claims.read_results(results, name))]
    rows = [_run_row(run, results) for run in runs]
    return markup.table("Runs", head, rows) if runs else "It was rendered without any run."


def _run_row(run: Mapping, results: Path) -> list[str]:
    facts, changed = run["provenance"], status.changes(run, results)
    cells = [f"{{doc}}`{run['notebook']}`", _settings(run)]
    cells += [markup.plain(facts["data"]), markup.plain(facts["device"])]
    cells += [markup.moment(facts["finished"]), f"{sum(run['seconds'].values()):,.0f}", _commit(facts["commit"])]
    return [*cells, f"no: {_listed(changed)}" if changed else "yes"]


def parameters_tables() -> str:
    """The parameters of every experiment: type, range, meaning, and each profile's value."""
    parts = [f"### `{name}`\n\n{_parameters_table(name)}\n" for name in filter(_has_parameters, experiments())]
    return "\n".join(parts) or "No notebook of this copy declares parameters yet."


def _parameters_table(name: str) -> str:
    names = sorted(profiles.names(), reverse=True)  # quick before paper
    values = [profiles.values(name, profile, {}) for profile in names]
    rows = []
    for one in contract(claims.source(name)).values():
        allowed = ", ".join(f"`{word}`" for word in one.choices)
        allowed = allowed if one.low is None else f"{one.low:,.9g} to {one.high:,.9g}".replace("inf", "∞")
        set_to = [f"`{given[one.name]}`" for given in values]
        rows.append([f"`{one.name}`", one.type.__name__, allowed, *set_to, markup.plain(one.meaning)])
    head = ["Parameter", "Type", "Allowed", *(f"`{profile}`" for profile in names), "Meaning"]
    return markup.table(f"Parameters of {name}", head, rows, wraps=True)


def _has_parameters(name: str) -> bool:
    path = claims.source(name)
    cells = nbformat.read(path, as_version=4).cells if path.exists() else []
    return any("parameters" in cell.metadata.get("tags", []) for cell in cells)


# ---- Rendering ----


def _render(source: Path, work: Path) -> Path:
    """Run jupyter-book on a staged book; return the folder of pages."""
    arguments = ["build", str(source), "--path-output", str(work), "-W", "--keep-going", "-n", "--all"]
    done = subprocess.run(
        [sys.executable, "-c", JUPYTER_BOOK, *arguments],
        cwd=work,
        env=os.environ | {"PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    pages = work / "_build" / "html"
    if done.returncode or not (pages / "index.html").exists():
        raise SiteError(_complaints(done.stdout.replace(f"{source}{os.sep}", "")))
    for page in pages.glob("*.html"):
        page.write_text(FONT_PRELOAD.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    return pages


def _complaints(log: str) -> str:
    lines = COLOUR.sub("", log).splitlines()
    found = [line for line in lines if re.search(r"WARNING|ERROR|CRITICAL|Error\b", line)]
    return "the site could not be rendered:\n" + "\n".join(found or lines[-30:])


def _replace(output: Path, rendered: Path, before: Path) -> None:
    """Put the rendered pages in place of `output`, or leave it as it was."""
    if output.exists():
        output.rename(before)
    try:
        rendered.rename(output)
    except OSError:
        if before.exists():
            before.rename(output)
        raise
