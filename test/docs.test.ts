// timeout: 300
// What the documentation says is so: its links, its tables, its examples, its words.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'

import { EXIT_TABLE } from '../src/exit-code.ts'
import type { Flag } from '../src/flag.ts'
import { COMMANDS } from '../src/flags.ts'
import { BACKENDS } from '../tasks/backends.ts'
import { suite } from './support/suite.ts'

const docs = suite('docs')
const root = join(import.meta.dirname, '..')
const bin = join(root, 'dist/src/bin.cjs')
const read = (file: string): string => fs.readFileSync(join(root, file), 'utf8')
const below = (folder: string, ending: string): string[] =>
  fs
    .readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort()

// What is required, in the words of the specifications, is no text of ours: acceptance.test.ts reads it.
const QUOTED = 'docs/acceptance.md'
const MANUAL = ['README.md', ...below('docs', '.md').filter((page) => page !== QUOTED)]
const PAGES = [...MANUAL, 'CONTRIBUTING.md', 'CHANGELOG.md']
const REFERENCE = 'docs/reference.md'
const SETUP = 'docs/howto/cpp-setup.md'

docs('every relative link leads to a file, and to a heading of it', () => {
  for (const page of PAGES)
    for (const [, target = ''] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = '', heading] = target.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      assert.ok(fs.existsSync(join(root, file)), `${page}: ${target}`)
      if (heading !== undefined) assert.ok(headings(read(file)).includes(heading), target)
    }
})

docs('every file of this project that is named is there', () => {
  const ours = /^(?:graph|tasks|src|test|tools|docs|bench|dist)\//
  const named = PAGES.flatMap((page) =>
    spans(page)
      .filter((span) => ours.test(span) && !/[*…<\s]/.test(span))
      .map((span) => ({ page, span })),
  )
  assert.ok(named.length > 60)
  for (const { page, span } of named)
    assert.ok(fs.existsSync(join(root, span)), `${page} names ${span}`)
})

interface TraceEvent {
  readonly ph: string
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
}

docs('every picture is shown, is small, and names no folder of the machine that made it', () => {
  const shown = MANUAL.map(read).join('\n')
  let bytes = 0
  for (const name of fs.readdirSync(join(root, 'docs/pictures'))) {
    assert.ok(shown.includes(`pictures/${name})`), name)
    const { size } = fs.statSync(join(root, 'docs/pictures', name))
    assert.ok(size < 300_000, name)
    bytes += size
    if (!name.endsWith('.png')) assert.not.match(read(`docs/pictures/${name}`), /\/tmp\/|\/root\//)
  }
  assert.ok(bytes > 0 && bytes < 1_500_000)
})

docs(
  'the trace that is shown is one: whole numbers, lanes with names, nothing over anything',
  () => {
    const { traceEvents } = JSON.parse(read('docs/pictures/repair.trace.json')) as {
      readonly traceEvents: readonly TraceEvent[]
    }
    const spans = traceEvents.filter(({ ph }) => ph === 'X')
    const lanes = new Set(
      traceEvents
        .filter(({ name }) => name === 'thread_name')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    )
    assert.ok(spans.length > 15)
    for (const [i, a] of spans.entries()) {
      for (const value of [a.pid, a.tid, a.ts, a.dur]) assert.ok(Number.isInteger(value))
      assert.ok(a.ts >= 0 && a.dur > 0 && lanes.has(`${a.pid} ${a.tid}`), a.name)
      for (const b of spans.slice(i + 1))
        if (a.pid === b.pid && a.tid === b.tid)
          assert.ok(a.ts + a.dur <= b.ts || b.ts + b.dur <= a.ts, `${a.name}, ${b.name}`)
    }
  },
)

docs('the message of a failed repair names pages that are there', () => {
  for (const file of below('src', '.ts'))
    for (const [path] of read(file).matchAll(/docs\/[\w/-]+\.md/g))
      assert.ok(fs.existsSync(join(root, path)), `${file} names ${path}`)
})

for (const page of ['README.md', REFERENCE])
  docs(`the exit codes in ${page} are those of the program`, () => {
    const rows = tableRows(read(page), 'Exit codes').map(([code, meaning, step]) => ({
      code: Number(code),
      meaning,
      recovery: step,
    }))
    assert.equal(
      rows,
      EXIT_TABLE.map(({ code, meaning, recovery }) => ({ code, meaning, recovery })),
    )
  })

docs('the set-up page helps with each exit code of a failure', () => {
  const helped = [...read(SETUP).matchAll(/^### Exit code (\d+):/gm)].map(([, code]) =>
    Number(code),
  )
  assert.equal(
    helped,
    EXIT_TABLE.map(({ code }) => code).filter((code) => code !== 0),
  )
})

docs('the manual page is what its generator writes (npm run man)', () => {
  const page = execFileSync(process.execPath, [join(root, 'tools/man.mjs'), '--print'], UTF8)
  assert.is(read('docs/man/bitnet-tasks.1'), page)
})

docs('the reference has a row for each command', () => {
  const rows = tableRows(read(REFERENCE), 'Commands').map(([name = '']) => name.replaceAll('`', ''))
  const there = COMMANDS.map(({ name, nodes = '' }) =>
    `${name} ${nodes.replace(/(\w+?)s?(\.\.\.|>|$)/, (_, word: string, end: string) => `${word.toUpperCase()}${end}`).replace(/[<>]/g, '')}`.trim(),
  )
  assert.equal(rows.sort(), [...there, 'help [TOPIC]'].sort())
})

docs('the reference has a row for each flag, with its commands and values, and no other', () => {
  const documented = new Map<string, string>()
  const values = new Map<string, string>()
  for (const [spelling = '', of = '', meaning = ''] of tableRows(read(REFERENCE), 'Flags')) {
    documented.set(spelling, of)
    values.set(spelling, meaning)
  }
  const wanted = new Map<string, string[]>()
  const choices = new Map<string, readonly string[]>()
  for (const { name, flags } of COMMANDS)
    for (const flag of flags) {
      const spelling = spelled(flag)
      wanted.set(spelling, [...(wanted.get(spelling) ?? []), name])
      if (flag.choices) choices.set(spelling, flag.choices)
    }
  assert.equal([...documented.keys()].sort(), [...wanted.keys()].sort())
  for (const [spelling, commands] of wanted) {
    const all = commands.length === COMMANDS.filter((row) => row.flags.length > 0).length
    assert.is(documented.get(spelling), all ? 'all' : commands.join(', '), spelling)
    for (const choice of choices.get(spelling) ?? [])
      assert.ok(values.get(spelling)?.includes(`\`${choice}\``), `${spelling} ${choice}`)
  }
})

docs('no flag is mentioned that does not exist', () => {
  const known = new Set(['help', 'version', ...COMMANDS.flatMap((row) => row.flags.map(longOf))])
  const mentioned = MANUAL.flatMap((page) =>
    [...spans(page), ...codeLines(page)].flatMap(ourWords).map((flag) => ({ page, flag })),
  )
  assert.ok(mentioned.length > 60)
  for (const { page, flag } of mentioned) assert.ok(known.has(flag), `${page}: --${flag}`)
})

docs('every variable of the reference is one that the program reads', () => {
  const sources = ['graph', 'src', 'tasks'].flatMap((folder) => [
    ...below(folder, '.ts'),
    ...below(folder, '.cts'),
  ])
  const text = [...sources, 'bitnet.tasks.ts'].map(read).join('\n')
  const names = tableRows(read(REFERENCE), 'Variables').flatMap(([cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name as string),
  )
  assert.ok(names.length > 25)
  for (const name of names) assert.match(text, new RegExp(`\\b${name}\\b`), name)
  for (const { folderVariable, repositoryVariable } of Object.values(BACKENDS))
    for (const name of [folderVariable, repositoryVariable]) assert.ok(names.includes(name), name)
})

docs('the commands to set up by hand are those that the program runs', () => {
  const text = section(read(SETUP), 'By hand')
  for (const { options, pin, target, mirrors, standIns } of Object.values(BACKENDS)) {
    const [url] = mirrors.flatMap((mirror) => (mirror.kind === 'git' ? [mirror.url] : []))
    const files = standIns.flatMap(({ file, from }) => [file, from.x64])
    for (const words of [...options, pin.ref, url as string, `--target ${target}`, ...files])
      assert.ok(text.includes(words), words)
  }
})

for (const page of ['README.md', 'docs/graphs.md'])
  docs(`the graph in ${page} runs, once, and stops early where nothing came of a change`, () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'bitnet-docs-'))
    try {
      for (const [path, text] of namedBlocks(page)) write(join(folder, path), text)
      const { input, edit, nodes, early } = EDITS[page] as Edit
      if (page === 'README.md') write(join(folder, input), 'one two\n')
      const run = (): string => {
        const env = { HOME: folder, PATH: process.env['PATH'] }
        const ended = spawnSync(process.execPath, [bin, 'run'], { cwd: folder, env })
        assert.is(ended.status, 0, `${ended.stderr}`)
        return `${ended.stderr}`
          .trimEnd()
          .split('\n')
          .at(-1)
          ?.replace(/ in [\d.]+s$/, '') as string
      }
      assert.is(run(), `${nodes} changed`)
      assert.is(run(), `${nodes} fresh`)
      fs.appendFileSync(join(folder, input), edit)
      assert.is(run(), early)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

docs("the README's graph has twelve lines of code", () => {
  const [, text] = namedBlocks('README.md')[0] as [string, string]
  assert.is(text.split('\n').filter((line) => line.trim() !== '').length, 12)
})

// Section R of the acceptance list: say what is so and when it is known, not 'when available'.
const BANNED = /when available|if available|backend available|runtime availability/i
// The specification's own words for exit code 0.
const AS_SPECIFIED = /Backend available \(ready for cross-validation\)/g

docs('AC-284 AC-285 AC-286 AC-287 AC-289 no text for a person holds a banned term', () => {
  const helped = COMMANDS.flatMap(({ name }) => [[name, '--help']])
  const said = [['--help'], ['help', 'exit-codes'], ...helped].map(
    (args) => [args.join(' '), execFileSync(process.execPath, [bin, ...args], UTF8)] as const,
  )
  const written = [...PAGES, ...below('src', '.ts')].map((file) => [file, forPerson(file)] as const)
  for (const [what, words] of [...written, ...said]) {
    const found = BANNED.exec(words.replace(AS_SPECIFIED, ''))
    assert.is(found?.[0], undefined, what)
  }
})

docs.run()

// Comments are not for the person who runs the program.
function forPerson(file: string): string {
  return file.endsWith('.ts') ? read(file).replace(/^\s*(?:\/\/|\/?\*).*$/gm, '') : read(file)
}

interface Edit {
  readonly input: string
  readonly edit: string
  readonly nodes: number
  readonly early: string
}

const UTF8 = { encoding: 'utf8' } as const

const EDITS: Readonly<Record<string, Edit>> = {
  'README.md': { input: 'notes/a.md', edit: '!\n', nodes: 2, early: '1 fresh, 1 unchanged' },
  'docs/graphs.md': {
    input: 'include/greet.h',
    edit: '/* a word */\n',
    nodes: 7,
    early: '3 fresh, 4 unchanged',
  },
}

function write(path: string, text: string): void {
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.writeFileSync(path, text)
}

/** The code blocks that say which file they are: ```ts bitnet.tasks.ts */
function namedBlocks(page: string): readonly [path: string, text: string][] {
  const blocks = read(page).matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)
  return [...blocks].map(([, path, text]) => [path as string, text as string])
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '')
}

/** What stands in backticks within the text. */
function spans(page: string): readonly string[] {
  const text = read(page).replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/(`+) ?(.*?) ?\1/g)].map(([, , span]) => span as string)
}

/** The lines of fenced and of indented code. */
function codeLines(page: string): readonly string[] {
  const text = read(page)
  const fenced = [...text.matchAll(/^```.*?\n(.*?)^```$/gms)].flatMap(([, body = '']) =>
    body.split('\n'),
  )
  return [...fenced, ...text.split('\n').filter((line) => line.startsWith('    '))]
}

// `--jobs 2` alone, or what follows the name of our program or of one of its commands. Behind ` -- ` are
// the words of another program.
function ourWords(code: string): readonly string[] {
  const at = code.search(/(?:^--|\bbitnet-tasks |^preflight )/)
  const own = at < 0 ? '' : code.slice(at).replace(/#.*$| -- .*$/, '')
  return [...own.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, name]) => name as string)
}

function longOf({ long }: Flag): string {
  return long
}

// `--jobs N`, `-j N`
function spelled({ long, short, value }: Flag): string {
  const word = value === undefined ? '' : ` ${value.toUpperCase()}`
  return short ? `\`--${long}${word}\`, \`-${short}${word}\`` : `\`--${long}${word}\``
}

function section(text: string, title: string): string {
  const [, body = ''] = text.split(new RegExp(`^## ${title}$`, 'm'))
  assert.ok(body !== '', `there is a section '${title}'`)
  return body.split(/^## /m)[0] as string
}

/** The rows of the first table of a section, without head and rule. */
function tableRows(text: string, title: string): readonly (readonly string[])[] {
  const lines = section(text, title).split('\n')
  const start = lines.findIndex((line) => line.startsWith('|'))
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'))
  return lines.slice(start + 2, end < 0 ? undefined : end).map((line) =>
    line
      .replace(/^\|\s*|\s*\|$/g, '')
      .split(/\s*\|\s*/)
      .map((cell) => cell.trim()),
  )
}

function headings(text: string): readonly string[] {
  const titles = withoutCode(text).matchAll(/^#+ (.*)$/gm)
  return [...titles].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  )
}
