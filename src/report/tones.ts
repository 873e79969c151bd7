// The colour of each state, the same in every picture: on paper, and on a dark screen.

/** Of one state: what fills a box, its line, and a bar of a timeline. */
export interface Tone {
  readonly fill: string
  readonly line: string
  readonly bar: string
}

interface Shades {
  readonly states: readonly string[]
  readonly light: Tone
  readonly dark: Tone
}

const SHADES: readonly Shades[] = [
  {
    states: ['fresh', 'unchanged', 'restored'],
    light: { fill: '#e3f4e8', line: '#3f9a5b', bar: '#8fcaa2' },
    dark: { fill: '#17301f', line: '#4c9f67', bar: '#3f7d54' },
  },
  {
    states: ['changed'],
    light: { fill: '#dfeefb', line: '#2f78b7', bar: '#84b6e0' },
    dark: { fill: '#152c42', line: '#4d8fc9', bar: '#3f74a3' },
  },
  {
    states: ['stale', 'maybe'],
    light: { fill: '#fdf3d7', line: '#b98a1d', bar: '#e6c878' },
    dark: { fill: '#362b10', line: '#c39a3c', bar: '#94742b' },
  },
  {
    states: ['failed', 'timed-out', 'killed'],
    light: { fill: '#fbe1e1', line: '#c23b3b', bar: '#e39090' },
    dark: { fill: '#421c1e', line: '#d96464', bar: '#a94a4a' },
  },
  {
    states: ['blocked', 'cancelled'],
    light: { fill: '#eceaf3', line: '#7b6fa8', bar: '#bdb5da' },
    dark: { fill: '#29253a', line: '#8f83bd', bar: '#645a8a' },
  },
]

const OTHER: Tone = { fill: '#eef1f5', line: '#8a94a6', bar: '#9fb4cc' }

/** The tone of a state on paper. */
export function toneOf(state: string): Tone {
  return SHADES.find(({ states }) => states.includes(state))?.light ?? OTHER
}

/** Rules of CSS for each state: `rule` writes one for the class of a state, `.s-failed`, and its tone. */
export function toneRules(rule: (of: string, tone: Tone) => string): {
  readonly light: string
  readonly dark: string
} {
  const rules = (which: 'light' | 'dark'): string =>
    SHADES.flatMap((shades) =>
      shades.states.map((state) => rule(`.s-${state}`, shades[which])),
    ).join('')
  return { light: rules('light'), dark: rules('dark') }
}
