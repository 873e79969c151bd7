// docs/acceptance.md: each line of the acceptance list, the tests that prove it, and its state. Pure.
import type { Decision, Line, Note, Notes, Section } from './lines.ts'
import { numbersIn, type TestTitle } from './titles.ts'

export interface PageInput {
  readonly sections: readonly Section[]
  readonly decisions: readonly Decision[]
  readonly notes: Notes
  readonly tests: readonly TestTitle[]
}

/** `open`: neither proved by a test nor accounted for otherwise. */
export type State = 'proved' | 'decided' | 'measured' | 'reviewed' | 'open'

const STATES: readonly State[] = ['proved', 'decided', 'measured', 'reviewed', 'open']
// A loop over a table makes many tests of one line; the file says the rest.
const SHOWN = 3

/** The whole page, as Markdown. */
export function acceptancePage(input: PageInput): string {
  const parts = [HEAD, counts(input), ...input.sections.map((part) => sectionText(part, input))]
  const decisions = input.decisions.map(({ number, text }) => `${number}. ${text}`)
  return [...parts, '## Decisions (V)', DECISIONS, decisions.join('\n')].join('\n\n') + '\n'
}

/** The tests whose title carries the line's number. */
export function testsOf({ number }: Line, tests: readonly TestTitle[]): readonly TestTitle[] {
  return tests.filter(({ title }) => numbersIn(title).includes(number))
}

export function stateOf(line: Line, { notes, tests }: Pick<PageInput, 'notes' | 'tests'>): State {
  const state = notes[line.number]?.state
  // A test may prove a part of a line: the note then says which part is missing.
  if (state === 'open') return 'open'
  return testsOf(line, tests).length > 0 ? 'proved' : (state ?? 'open')
}

const HEAD = `# Acceptance

<!-- Made by \`npm run acceptance\`. The lines are docs/acceptance/lines.json, what is noted by hand is docs/acceptance/notes.json. -->

Every behaviour that the specifications require, one line each, and what shows that it is so. A test proves a line when its title carries the line's number, as \`AC-096\`; all tests run in \`npm test\`. Where specifications disagree the later one stands, and the line says which lost (\`not: …\`).

- **proved**: by the tests that are named.
- **decided**: a [decision](#decisions-v) stands in its place.
- **measured**: a target of the [benchmarks](../bench/RESULTS.md), never asserted in a test.
- **reviewed**: no test can show it; the note says where it is.
- **not done**: the note says what is missing.`

const DECISIONS = 'Where the specifications are silent, contradict each other or are wrong.'

function counts(input: PageInput): string {
  const count = (lines: readonly Line[]): readonly number[] =>
    STATES.map((state) => lines.filter((line) => stateOf(line, input) === state).length)
  const row = (name: string, lines: readonly Line[]): string =>
    `| ${[name, lines.length, ...count(lines)].join(' | ')} |`
  return [
    '| section | lines | proved | decided | measured | reviewed | not done |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...input.sections.map(({ letter, title, lines }) => row(`${letter}. ${title}`, lines)),
    row(
      '**all**',
      input.sections.flatMap(({ lines }) => lines),
    ),
  ].join('\n')
}

function sectionText({ letter, title, lines }: Section, input: PageInput): string {
  const rows = lines.map((line) => {
    const cells = [String(line.number), escaped(line.text), shownTests(line, input)]
    return `| ${[...cells, shownState(line, input)].join(' | ')} |`
  })
  return [
    `## ${letter}. ${title}`,
    '',
    '| line | required | tests | state |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

function shownTests(line: Line, { tests }: PageInput): string {
  const found = testsOf(line, tests)
  const shown = found.slice(0, SHOWN).map(({ file, title }) => `\`${file}\`: ${bare(title)}`)
  const more = found.length > SHOWN ? [`and ${found.length - SHOWN} more`] : []
  return [...shown, ...more].join('<br>')
}

function shownState(line: Line, input: PageInput): string {
  const state = stateOf(line, input)
  const note: Note | undefined = input.notes[line.number]
  const word = state === 'open' ? '**not done**' : state
  const decision = note?.decision === undefined ? '' : ` (V.${note.decision})`
  return `${word}${decision}${note === undefined ? '' : `: ${escaped(note.why)}`}`
}

function bare(title: string): string {
  return escaped(title.replace(/\bAC-\d+ ?/g, '').trim())
}

// Outside of backticks a `<` or a `*` would be read as Markdown; a `|` ends a cell anywhere.
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/[<*[\]\\_]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|')
}
