"""A report as one HTML file: it needs no network, runs no script, and works on phones, on paper and
in dark mode.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from statpipe.engine.answers.pictures.svg import DARK, STYLE, text_of

_SHORT = 20
_HASH = re.compile("[0-9a-f]{64}")
_STYLE = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:#1d2329;background:#fff}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.2rem;margin:2.5rem 0 .5rem;border-bottom:1px solid #d5d9de;padding-bottom:.3rem}
p{max-width:46rem}
.quiet{color:#5a636c;font-size:.9rem}
.big{font-size:2rem;font-weight:650;line-height:1.2}
figure{margin:1rem 0}
figure svg{width:100%;height:auto;display:block}
figcaption{color:#5a636c;font-size:.9rem;margin-top:.3rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;margin:.8rem 0}
caption{text-align:left;color:#5a636c;padding-bottom:.3rem}
th,td{padding:.28rem .7rem .28rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #e4e7ea}
thead th{border-bottom:2px solid #b9c0c7;white-space:nowrap}
.right{text-align:right}
td.right,td.short,tbody th{white-space:nowrap}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.hash{display:inline-block;max-width:34ch;word-break:break-all}
pre{background:#f3f5f7;padding:.7rem;white-space:pre-wrap;border-radius:6px}
details{margin:.6rem 0}summary{cursor:pointer}
.ok{color:#17693b}.warn{color:#8a4b00}.bad{color:#a4161a;font-weight:600}
"""
_DARK = """
body{color:#dde1e5;background:#16191d}
h2{border-color:#3a3f45}.quiet,figcaption,caption{color:#a0a8b0}
th,td{border-color:#2c3136}thead th{border-color:#5a636c}
pre{background:#22262b}
.ok{color:#6fcf97}.warn{color:#ffb05c}.bad{color:#ff8589}
"""
_PRINT = """
main{max-width:none;padding:0}h2{break-after:avoid}figure,tr{break-inside:avoid}
.scroll{overflow:visible}a{color:inherit}
details::details-content{content-visibility:visible;block-size:auto}summary{list-style:none}
"""
"""Print folded parts completely, in browsers that support it."""


_NARROW = """
figure .scroll,figure svg{overflow:visible}.picture .legend{display:none}
.picture text{font-size:18px}.picture .line{stroke-width:4}.picture .old{stroke-width:2}
"""
"""On a phone, a picture is half as wide: text and lines are thicker, and the caption replaces its legend."""


def page(title: str, parts: Iterable[str]) -> str:
    """
    Return a whole file.
    """
    inside = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{text_of(title)}</title>\n<style>{_STYLE}{STYLE}"
        f"@media screen and (max-width:40rem){{{_NARROW}}}"
        # Print on white.
        f"@media screen and (prefers-color-scheme:dark){{{_DARK}{DARK}}}@media print{{{_PRINT}}}</style>\n"
        f"</head>\n<body>\n<main>\n{inside}\n</main>\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """
    Return parts under a heading, or an empty text if all of them are empty.
    """
    inside = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{text_of(title)}</h2>\n{inside}\n</section>" if inside else ""


def paragraph(text: str, css: str = "") -> str:
    """
    Return a paragraph.
    """
    return f'<p class="{css}">{text_of(text)}</p>' if css else f"<p>{text_of(text)}</p>"


def figure(svg: str, caption: str) -> str:
    """
    Return a picture with its caption; an empty text without a picture.
    """
    if not svg:
        return ""
    return (
        f'<figure>\n<div class="scroll" tabindex="0">\n{svg}\n</div>\n'
        f"<figcaption>{text_of(caption)}</figcaption>\n</figure>"
    )


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Sequence[str] = (),
) -> str:
    """
    Return a table whose first column has the row headers; an empty text without rows.
    """
    if not rows:
        return ""
    css = [' class="right"' if name in right else "" for name in columns]
    head = "".join(
        f'<th scope="col"{one}>{text_of(name)}</th>' for name, one in zip(columns, css, strict=True)
    )
    body = "\n".join(_row(row, css) for row in rows)
    return (
        f'<div class="scroll" tabindex="0">\n<table>\n<caption>{text_of(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def folded(summary: str, *parts: str) -> str:
    """
    Return parts that are hidden until opened.
    """
    inside = "\n".join(part for part in parts if part)
    return (
        f"<details>\n<summary>{text_of(summary)}</summary>\n{inside}\n</details>" if inside else ""
    )


def command(text: str) -> str:
    """
    Return a command to type.
    """
    return f"<pre><code>{text_of(text)}</code></pre>"


def _row(row: Sequence[object], css: Sequence[str]) -> str:
    first, *rest = row
    cells = "".join(_cell(cell, one) for cell, one in zip(rest, css[1:], strict=True))
    return f'<tr><th scope="row">{"" if first is None else text_of(first)}</th>{cells}</tr>'


def _cell(cell: object, css: str) -> str:
    text = "" if cell is None else text_of(cell)
    if _HASH.fullmatch(text):
        return f'<td><code class="hash">{text}</code></td>'
    # A browser would break a date at its hyphens.
    short = ' class="short"' if not css and len(text) <= _SHORT and " " not in text else css
    return f"<td{short}>{text}</td>"
