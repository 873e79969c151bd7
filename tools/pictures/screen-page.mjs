// A captured screen as a page: a window with its title, and the colours that the terminal was told.

const COLORS = { 31: '#ff6b68', 32: '#6cc07a', 33: '#e5c07b', 34: '#61afef' }

// Of DejaVu Sans Mono at 15 pixels.
const LETTER = 9.04
const LINE = 20

/** The page and its size; `captured` is what `tmux capture-pane -e` wrote. */
export function screenPage(title, captured) {
  const lines = captured.trimEnd().split('\n')
  const longest = Math.max(...lines.map((line) => line.replace(CODES, '').trimEnd().length))
  const html = `<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:#fff}
.window{margin:10px;border-radius:9px;overflow:hidden;background:#1b1f27;box-shadow:0 2px 9px #0006}
.title{background:#2b313c;color:#9aa5b5;font:13px/28px system-ui,sans-serif;text-align:center}
pre{margin:0;padding:12px 14px;color:#d6dce6;font:15px/${LINE}px 'DejaVu Sans Mono',monospace}
</style><div class="window"><div class="title">${escaped(title)}</div><pre>${lines.map(withColors(plain())).join('\n')}</pre></div>`
  return { html, width: Math.ceil(longest * LETTER) + 58, height: lines.length * LINE + 72 }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const CODES = /\x1b\[[\d;]*m/g

function plain() {
  return { color: undefined, isBold: false, isDim: false }
}

// What is on at the end of a line is still on in the next.
function withColors(start) {
  let look = start
  return (line) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
    [...line.matchAll(/\x1b\[([\d;]*)m|[^\x1b]+/g)]
      .map(([text, codes]) => {
        if (codes === undefined) return span(text, look)
        for (const code of codes.split(';')) look = after(look, Number(code))
        return ''
      })
      .join('')
}

function after(look, code) {
  if (code === 0) return plain()
  if (code === 1) return { ...look, isBold: true }
  if (code === 2) return { ...look, isDim: true }
  if (code === 22) return { ...look, isBold: false, isDim: false }
  if (code === 39) return { ...look, color: undefined }
  return code in COLORS ? { ...look, color: COLORS[code] } : look
}

function span(text, { color, isBold, isDim }) {
  const style = [
    color ? `color:${color}` : '',
    isBold ? 'font-weight:bold' : '',
    isDim ? 'opacity:.6' : '',
  ].filter(Boolean)
  return style.length === 0
    ? escaped(text)
    : `<span style="${style.join(';')}">${escaped(text)}</span>`
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
