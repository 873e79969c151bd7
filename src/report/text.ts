// Text of other programs on its way to a person: nothing in it may steer the terminal.

// biome-ignore lint/complexity/useRegexLiterals: the control characters are easier to read as escapes
const ESCAPES = new RegExp(
  '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?|\\u001b[P^_X][^\\u001b]*(?:\\u001b\\\\)?|[\\u001b\\u009b][[\\]()#;?]*[0-9;:?<=>]*[ -/]*[@-~]',
  'g',
)
// biome-ignore lint/complexity/useRegexLiterals: as above
const CONTROLS = new RegExp(
  '[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]',
  'g',
)
// Between words of a title, or steps of a progress bar.
const BREAKS = /[\r\n]+(?=[^\r\n])/g
// biome-ignore lint/complexity/useRegexLiterals: as above
const STEERING = new RegExp('[\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]', 'g')

/** One line without escape sequences and control characters, at most 2,000 characters. */
export function clean(line: string): string {
  const plain = line.slice(0, 20_000).replace(ESCAPES, '').replace(BREAKS, ' ')
  return plain.replace(CONTROLS, '').slice(0, 2000)
}

/** The same for a line of known width: a tab is as wide as the terminal makes it. */
export function cleanFlat(line: string): string {
  return clean(line).replaceAll('\t', '  ')
}

/** What a terminal shows at the end of a line that a progress bar has written over and over. */
export function lastWritten(line: string): string {
  return line.replace(/\r+$/, '').replace(/^.*\r/s, '')
}

/**
 * A line of a log, where lines of ours stand beside it. GitHub's runner obeys a line that begins with `::`
 * or `##[`, blanks before it or not.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function logLine(line: string): string {
  return clean(line).replace(/^(?=\s*(?:::|##\[))/, '| ')
}

/** One JSON document; what could steer a terminal is escaped, also where JSON itself would not. */
export function jsonDocument(value: unknown): string {
  return `${steerless(JSON.stringify(value, null, 2))}\n`
}

/** One of several documents, on a line of its own. */
export function jsonLine(value: unknown): string {
  return `${steerless(JSON.stringify(value))}\n`
}

/** JSON, with what could steer a terminal escaped. */
export function steerless(json: string): string {
  return json.replace(STEERING, escaped)
}

/** A text in double quotes, as JSON writes it; what could steer a terminal is escaped. */
export function quoted(text: string): string {
  return steerless(JSON.stringify(text))
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** `  2.15s`: seconds right-aligned in six places, as the specification writes them. */
export function elapsedSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(6)}s`
}
