"""``statpipe completion``: suggestions of a shell at the tabulator key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from cyclopts import App

from statpipe.cli.terminal import answer, own_output

BASH = """\
_statpipe() {
    local line=${COMP_LINE:0:COMP_POINT} words current
    read -ra words <<< "$line"
    case $line in *[[:space:]]) words+=("") ;; esac
    current=${words[-1]}
    local IFS=$'\\n'
    COMPREPLY=($(statpipe complete "${words[@]:1}" 2>/dev/null))
    # Bash takes a colon for the beginning of a word.
    local before=${current%"${current##*:}"}
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -o default -F _statpipe statpipe
"""
ZSH = """\
#compdef statpipe
_statpipe() {
    local -a found
    found=(${(f)"$(statpipe complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then compadd -a found; else _files; fi
}
compdef _statpipe statpipe
"""
FISH = """\
complete -c statpipe -a '(statpipe complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
"""
if TYPE_CHECKING:
    from statpipe.engine.site.configuration import Configuration
    from statpipe.engine.site.registry import Registry

_SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}

_MODEL = frozenset({"show", "explain", "revisions", "diff", "vintages", "plot", "report"})
_SOURCES = frozenset(
    {"run", "backfill", "plan", "smoke", "ingest", "transform", "load", "list", "verify"}
)
_COLUMNS = {
    "--area": "ref_area",
    "--category": "category",
    "--dataset": "dataset",
    "--period": "time_period",
}


def completion(shell: Literal["bash", "zsh", "fish"]) -> int:
    """
    Print the script for shell completion of commands, options, models, areas, categories and runs.

    Load it with `source <(statpipe completion bash)`; in fish, pipe it into `source`.

    Parameters
    ----------
    shell
        Your shell.
    """
    with own_output():
        answer(_SCRIPTS[shell])
    return 0


def complete(words: Sequence[str]) -> int:
    """
    Print candidates for the last of these words, one per line; nothing if they are unknown.
    """
    with own_output():
        try:
            found = list(candidates(words))
        except Exception:  # noqa: BLE001 - a shell must not show why it offers nothing
            found = []
        answer("".join(f"{one}\n" for one in found))
    return 0


def candidates(words: Sequence[str]) -> Iterable[str]:
    """
    Return candidates for the last word, given the words before it.
    """
    from statpipe.cli.app import make_app

    *before, current = words or ("",)
    app, path = make_app(), list[str]()
    for word in before:
        if word not in app:
            break
        app, path = app[word], [*path, word]
    rest = before[len(path) :]
    option = next((word for word in reversed(rest) if word.startswith("--")), "")
    if current.startswith("-"):
        found = _options(app) if path else []
    elif option == "--config":
        found = []
    elif option:
        found = _values(option, path, rest)
    else:
        found = _names(app) or _positional(path)
    return sorted(
        {one for one in found if one.startswith(current) and not any(map(str.isspace, one))}
    )


def _names(app: App) -> list[str]:
    return [name for name in app if not name.startswith("-")]


def _options(app: App) -> list[str]:
    arguments = app.assemble_argument_collection(parse_docstring=False)
    return [name for one in arguments for name in one.names if name.startswith("--")]


def _positional(path: Sequence[str]) -> list[str]:
    if not path:
        return []
    registry, _ = _installed()
    if path[-1] in _MODEL and len(path) == 1:
        return list(registry.named("model"))
    if path == ["runs", "show"]:
        from statpipe.engine.site.site import open_lake

        site = open_lake(_installed()[1], registry, "local")
        return ["latest", *(run for _, run in site.lake.run_ids())]
    return list(registry.named("source")) if path[-1] in _SOURCES else []


def _values(option: str, path: Sequence[str], rest: Sequence[str]) -> list[str]:
    registry, configuration = _installed()
    if option == "--env":
        return ["local", *configuration.table("environments")]
    column = _COLUMNS.get(option)
    if column is None or not path or path[-1] not in _MODEL:
        return []
    from statpipe.engine.answers.as_of import latest_table
    from statpipe.engine.site.site import open_lake

    env = next((after for word, after in pairwise(rest) if word == "--env"), "local")
    model = registry.find("model", rest[0]).item
    site = open_lake(configuration, registry, env)
    table = latest_table(site.lake, registry.models(), model)
    return [one for one in table[column].cast("string").unique().to_pylist() if one]


def _installed() -> tuple[Registry, Configuration]:
    from statpipe.engine.site.configuration import load_configuration
    from statpipe.engine.site.instances import add_instances
    from statpipe.engine.site.registry import Registry

    configuration, registry = load_configuration(None), Registry.installed()
    add_instances(configuration, registry)
    return registry, configuration
