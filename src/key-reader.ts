// What a terminal sends, as single keys. Arrows, function keys and Alt send several bytes that begin with ESC
// and end with a letter, which nobody has typed; what is pasted is no key at all.

/** Asks a terminal to mark what is pasted (https://invisible-island.net/xterm/ctlseqs: bracketed paste). */
export const MARKS_PASTE = '\x1b[?2004h'
export const LEAVES_PASTE = '\x1b[?2004l'

const PASTED = '\x1b[200~'
const PASTED_END = '\x1b[201~'
// Ctrl-C ends a paste that never ended, too.
const INTERRUPT = '\x03'
// biome-ignore lint/complexity/useRegexLiterals: the control characters are easier to read as escapes
const SEQUENCES = new RegExp('\\u001b(?:\\[[0-?]*[ -/]*[@-~]|O.|[^\\u0003])?', 'gs')

/** A function that is given what was read, in its order, and answers with the keys in it. */
export function keyReader(): (read: string) => readonly string[] {
  let isPasting = false
  return (read) => {
    const keys: string[] = []
    let rest = read
    while (rest !== '') {
      const mark = isPasting ? PASTED_END : PASTED
      const at = rest.indexOf(mark)
      const part = at < 0 ? rest : rest.slice(0, at)
      if (!isPasting) keys.push(...part.replace(SEQUENCES, ''))
      else if (part.includes(INTERRUPT)) keys.push(INTERRUPT)
      if (at < 0) break
      isPasting = !isPasting
      rest = rest.slice(at + mark.length)
    }
    return keys
  }
}
