// How a page about a run looks, on paper and on a dark screen, wide and narrow.
import { toneRules } from './tones.ts'

const TONES = toneRules(
  (of, { fill, line, bar }) =>
    `.tag${of}{background:${fill};border-color:${line}}.bar${of}{fill:${bar}}`,
)

/** The CSS of the page. */
export const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:1rem 1.5rem;color:#1b2430;background:#fff}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.8rem 0 .5rem}
header p{margin:.3rem 0;color:#4a5568}.note{color:#5a6577;font-size:.87rem}
body:has(.whole){max-width:none}
.wide{overflow:auto;max-height:75vh}.wide svg{display:block}
.timeline{font:12px ui-monospace,monospace;min-width:600px}.timeline text{fill:#1b2430}
line.tick{stroke:#e6e9ef}.timeline text.tick{fill:#5a6577;font-size:11px}
pre{background:#f5f6f8;border:1px solid #dfe3ea;border-radius:6px;padding:.6rem;overflow:auto;max-height:30rem;font:12.5px/1.45 ui-monospace,monospace}
pre.summary{white-space:pre-wrap;overflow-wrap:anywhere}
details{border-top:1px solid #e6e9ef;padding:.35rem 0}summary{cursor:pointer;overflow-wrap:anywhere}details:target>summary b{text-decoration:underline}
.tag{display:inline-block;min-width:5.5rem;text-align:center;border-radius:4px;font-size:.8rem;padding:0 .4rem;color:#1b2430;background:#eef1f5;border:1px solid #8a94a6}
.bar{fill:#9fb4cc}.bar.critical{stroke:#1b2430;stroke-width:1.5}
.failure{color:#a32020;font-family:ui-monospace,monospace;font-size:.9rem;overflow-wrap:anywhere}
a{color:inherit}
${TONES.light}
@media (prefers-color-scheme:dark){body{color:#dde3ec;background:#12161c}pre{background:#1a2029;border-color:#2c3542}.note,header p{color:#93a0b4}details{border-color:#262e3a}.tag{color:#dde3ec;background:#222a35}.timeline text{fill:#dde3ec}.timeline text.tick{fill:#93a0b4}line.tick{stroke:#262e3a}.bar.critical{stroke:#dde3ec}.failure{color:#ff8f8f}${TONES.dark}}
`.replaceAll('\n', '')
