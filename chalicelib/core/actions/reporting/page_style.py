"""The style sheet of a report's page, with the console's colours. It needs no other file and no script."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from .palette import DARK, LIGHT, STATUS_ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping


def _variables(theme: Mapping[str, str]) -> str:
    return ":root{" + "".join(f"--{role}:{colour};" for role, colour in theme.items()) + "}"


_RULES = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
html{font:400 100%/1.45 -apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;
  font-variant-numeric:tabular-nums;background:var(--canvas);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0;font-size:.875rem}
h1,h2,p,ol,dl,dd,figure{margin:0;padding:0}
ol{list-style:none}
h1{font-size:1.5rem;line-height:1.2;font-weight:650;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1rem;line-height:1.3;font-weight:650}
svg{display:block}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.q{color:var(--ink-2)}.s{font-size:.8125rem}.b{font-weight:600;overflow-wrap:anywhere}.nw{white-space:nowrap}
.g{width:16px;height:16px;flex:none;color:var(--c)}.cut{stroke:var(--surface)}.col{color:var(--c);font-weight:600}
.bar-top,footer{padding:16px max(32px,50% - 500px)}
.bar-top{display:flex;align-items:center;gap:8px;font-weight:650;background:var(--surface);
  border-bottom:1px solid var(--line)}
footer{border-top:1px solid var(--line);color:var(--ink-2);font-size:.8125rem}
main{max-width:1064px;margin:0 auto;padding:24px 32px 48px;display:grid;gap:32px}
main>*{min-width:0}
.top p{margin-top:4px;color:var(--ink-2)}
.head{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:0 16px;margin-bottom:8px}
.note{display:flex;gap:12px;padding:12px 16px;border:1px solid var(--retry);border-radius:6px;background:var(--surface);
  font-size:.8125rem}
.note .g{margin-top:1px}
.figs{display:grid;grid-template-columns:1.25fr 1fr 1fr 1fr;border-block:1px solid var(--line)}
.figs>div{padding:16px 20px;border-inline-start:1px solid var(--line);min-width:0}
.figs>div:first-child{border:0;padding-inline-start:0}
.figs dt{display:flex;gap:6px;align-items:center;font-size:.8125rem;color:var(--ink-2)}
.figs .v{font-size:2.125rem;font-weight:600;letter-spacing:-.025em;line-height:1.2}
.figs .v.col{color:var(--c)}
.card{background:var(--surface);border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.8125rem;line-height:20px}
th{font-size:.75rem;font-weight:550;color:var(--ink-3);white-space:nowrap}
th,td{padding:7px 12px;border-bottom:1px solid var(--line);text-align:start;vertical-align:top}
tr:last-child>td{border-bottom:0}
td small{display:block;font-size:.75rem;line-height:16px;color:var(--ink-2);overflow-wrap:anywhere}
td.num,th.num{text-align:end;white-space:nowrap}
td>.g{margin-top:2px}
.nm{width:38%}.no{width:120px}.at{width:250px}.why{overflow-wrap:anywhere}
.st{display:inline-flex;gap:6px;white-space:nowrap;vertical-align:top}.st .g{margin-top:2px}
.sch{display:flex;gap:10px}.sch>div{min-width:0}.sch .g{margin-top:2px}
.code{font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,"Liberation Mono",monospace}
.chart text{font-size:12px;fill:var(--ink-3)}
.chart .grid{stroke:var(--line);fill:none}.chart .lim{stroke:var(--retry);stroke-dasharray:4 3;fill:none}
.chart .bar{fill:var(--ok);opacity:.45}.chart .med{stroke:var(--ink);stroke-width:2;fill:none}.chart .g{color:var(--c)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:8px;font-size:.8125rem;color:var(--ink-2)}
.narrow{display:none}
.history>li{display:grid;grid-template-columns:116px 16px minmax(0,1fr) 150px;gap:0 12px;padding-block:9px;
  position:relative}
.history>li::before{content:"";position:absolute;inset-block:0;inset-inline-start:135px;width:2px;background:var(--line)}
.history>li:first-child::before{top:16px}.history>li:last-child::before{bottom:calc(100% - 16px)}
.history .g{position:relative;margin-top:2px;background:var(--canvas);box-shadow:0 0 0 4px var(--canvas)}
.history .cut{stroke:var(--canvas)}
.history .when{white-space:nowrap}.history .when small{white-space:normal}
.history small{display:block;font-size:.75rem;line-height:16px;color:var(--ink-2)}
.history .why{color:var(--ink-2);font-size:.8125rem}
.history .end{text-align:end;font-size:.8125rem;color:var(--ink-2)}
@media (max-width:720px){
.bar-top,footer{padding-inline:16px}main{padding:16px 16px 32px;gap:24px}
.figs{grid-template-columns:1fr 1fr}.figs>div,.figs>div:first-child{padding:12px 0 12px 16px}
.figs>div:nth-child(odd){border:0;padding-inline-start:0}.figs>div:nth-child(n+3){border-top:1px solid var(--line)}
.figs .v{font-size:1.625rem}
.wide{display:none!important}.narrow{display:block}
th,td{padding-inline:10px}.nm,.no{width:auto}
.history>li{grid-template-columns:96px 16px minmax(0,1fr);gap:0 10px}.history>li::before{inset-inline-start:113px}
.history .when,.history>li>.g{grid-row:span 2}.history .end{grid-column:3;text-align:start;padding-top:2px}
}
@media print{
html{background:#fff}.bar-top,.card{background:none}main{padding-block:16px;gap:20px}
tr,li,figure,.figs{break-inside:avoid}h2{break-after:avoid}.bar-top,footer,main{padding-inline:0}
.history .g{background:none;box-shadow:none}.history>li::before{display:none}
}
"""


def _style() -> str:
    roles = "".join(f".{role}{{--c:var(--{role});}}" for role in sorted({*STATUS_ROLES.values()}))
    dark = f"@media screen and (prefers-color-scheme:dark){{{_variables(DARK)}}}"
    return "\n".join((_variables(LIGHT), dark, roles, _RULES))


STYLE = _style()
POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
"""The page's Content-Security-Policy: this style sheet, and nothing else."""
