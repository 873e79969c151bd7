// What a terminal can show: colours, signs beyond ASCII.
import { PLATFORM } from '../../tasks/platform.ts'

export type ColorChoice = 'auto' | 'always' | 'never'

export interface Style {
  readonly color: boolean
  readonly unicode: boolean
}

type Env = Readonly<Record<string, string | undefined>>

/** A terminal that cannot draw. Everywhere but on Windows one that can says what it is. */
export function isDumb({ TERM }: Env): boolean {
  return TERM === 'dumb' || (!TERM && PLATFORM.name !== 'win32')
}

/** The choice of the person, then NO_COLOR and FORCE_COLOR (any value but the empty one), then the terminal. */
export function styleOf(env: Env, isTerminal: boolean, choice: ColorChoice = 'auto'): Style {
  return { color: hasColor(env, isTerminal, choice), unicode: hasUnicode(env) }
}

function hasColor(env: Env, isTerminal: boolean, choice: ColorChoice): boolean {
  if (choice !== 'auto') return choice === 'always'
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  return isTerminal && !isDumb(env)
}

// The first that is set decides, as for the C library. With none it is the C locale, which is ASCII.
function hasUnicode(env: Env): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  if (PLATFORM.name === 'win32') return Boolean(env['WT_SESSION'])
  return /utf-?8/i.test(locale) || (locale === '' && PLATFORM.name === 'darwin')
}

/** What stands for what was cut off a line. */
export function cutMark({ unicode }: Pick<Style, 'unicode'>): string {
  return unicode ? '…' : '...'
}

export type Paint = 'red' | 'green' | 'yellow' | 'blue' | 'dim' | 'bold'

const CODES: Readonly<Record<Paint, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  dim: [2, 22],
  bold: [1, 22],
}

/** The text in a colour, where there are colours. */
export function paint(text: string, color: Paint, { color: has }: Style): string {
  const [on, off] = CODES[color]
  return has ? `\u001b[${on}m${text}\u001b[${off}m` : text
}
