// The manual has the pages that the acceptance list asks for, with what it asks for in them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { EXIT_TABLE } from '../src/exit-code.ts'
import { suite } from './support/suite.ts'

const manual = suite('manual')
const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const SETUP = 'docs/howto/cpp-setup.md'
const EXPLANATION = 'docs/explanation/dual-backend-crossval.md'
const REEXEC = 'docs/howto/reexec-troubleshooting.md'
const MIGRATION = 'docs/migration.md'

manual(
  'AC-291 the set-up page: automatic first, then by hand, then what to do when it fails',
  () => {
    const titles = headings(SETUP)
    const wanted = ['Automatic Setup (Recommended)', 'By hand', 'When it fails']
    const places = wanted.map((title) => titles.indexOf(title))
    assert.is(places[0], 0)
    assert.ok((places[1] as number) > 0 && (places[2] as number) > (places[1] as number))
    for (const { code } of EXIT_TABLE.filter((row) => row.code !== 0))
      assert.match(section(SETUP, 'When it fails'), `### Exit code ${code}: `)
  },
)

manual('AC-272 the set-up page says how much of the disk it takes', () => {
  assert.match(section(SETUP, 'Automatic Setup (Recommended)'), /about 370 MB .* have 1 GB free/)
})

manual('AC-255 AC-297 it says what is special on macOS and on Windows', () => {
  const mac = section(SETUP, 'macOS')
  for (const word of ['xcode-select --install', 'Code signing', 'codesign --force', '@loader_path'])
    assert.ok(mac.includes(word), word)
  const windows = section(SETUP, 'Windows')
  for (const word of [
    'WSL2',
    'There is no RPATH on Windows',
    '`PATH`',
    '--emit pwsh',
    '--emit cmd',
  ])
    assert.ok(windows.includes(word), word)
})

manual(
  'AC-294 AC-295 the re-exec page: ways by platform, lines, errors, commands by hand, guards',
  () => {
    assert.equal(headings(REEXEC).slice(0, 5), [
      'Which way is taken',
      'What the lines say',
      'By error',
      'By hand',
      'The two guards',
    ])
    for (const word of ['Linux, macOS', 'Windows', 'network file system'])
      assert.ok(section(REEXEC, 'Which way is taken').includes(word), word)
    for (const code of ['ENOENT', 'EACCES', 'ENOEXEC'])
      assert.match(section(REEXEC, 'By error'), `(${code})`)
    assert.match(
      section(REEXEC, 'By hand'),
      'BITNET_REPAIR_PARENT=1 cargo run -p xtask --features crossval-all -- preflight --backend llama\n',
    )
    assert.match(section(REEXEC, 'The two guards'), /`BITNET_REPAIR_PARENT` .* Set by hand/)
  },
)

manual(
  'AC-292 the explanation draws detection, repair, redetection, and repair, rebuild, re-exec',
  () => {
    const diagrams = sequences(EXPLANATION)
    assert.is(diagrams.length, 2)
    assert.match(headings(EXPLANATION).join('\n'), 'Detection, repair, redetection')
    assert.match(headings(EXPLANATION).join('\n'), 'Repair, rebuild, re-exec')
    assert.match(
      section(EXPLANATION, 'Build time and run time'),
      /HAS_BITNET.*HAS_LLAMA.*BACKEND_STATE/s,
    )
  },
)

// There is no renderer here, so each line is held to the grammar of the few words that are used.
const GRAMMAR =
  /^(?:participant \w+ as [^:;#]+|\w+-{1,2}>{1,2}\w+: [^;#]+|(?:alt|else|opt|loop) [^;#]+|else|end|Note over \w+(?:,\w+)?: [^;#]+)$/
for (const page of pages())
  manual(`the sequence diagrams of ${page} keep to their grammar and name who takes part`, () => {
    for (const lines of sequences(page)) {
      const declared = lines.flatMap((line) => /^participant (\w+)/.exec(line)?.[1] ?? [])
      let depth = 0
      for (const line of lines) {
        assert.match(line, GRAMMAR)
        const names = /^(\w+)-{1,2}>{1,2}(\w+):/.exec(line)?.slice(1) ?? []
        for (const name of names) assert.ok(declared.includes(name), line)
        if (/^(?:alt|opt|loop) /.test(line)) depth++
        if (line === 'end') depth--
        assert.ok(depth >= 0, line)
      }
      assert.is(depth, 0)
    }
  })

manual(
  'AC-293 the decision to repair by default is recorded, with context and consequences',
  () => {
    const page = 'docs/adr/0001-auto-repair-by-default.md'
    assert.match(read(page), /^# ADR 0001: Auto-Repair Default Behavior for C\+\+ Backend Setup\n/)
    for (const title of ['Context', 'Decision', 'Consequences'])
      assert.ok(section(page, title).length > 300, title)
  },
)

manual(
  'AC-299 the page about CI recommends, first of all, to put the backends into the image',
  () => {
    assert.match(
      read('docs/howto/ci.md'),
      /^# In CI\n\n\*\*Recommended: put the C\+\+ backends into the CI image\.\*\*/,
    )
    assert.match(
      section('docs/howto/ci.md', 'An image'),
      /^RUN npm ci && npx bitnet-tasks preflight /m,
    )
  },
)

manual(
  'AC-300 the migration page has the three versions, and the breaking one leads to the changelog',
  () => {
    const rows = section(MIGRATION, 'Timeline').match(/^\| 0\.\d\.\d .*$/gm) ?? []
    assert.equal(
      rows.map((row) => row.split(/ *\| */).slice(1, 3)),
      [
        ['0.2.0', 'deprecate'],
        ['0.2.1', 'transition'],
        ['0.3.0', 'remove'],
      ],
    )
    assert.match(rows[2] as string, /[Bb]reaking change.*CHANGELOG\.md/)
    assert.match(read('CHANGELOG.md'), /--no-repair.*0\.3\.0/)
  },
)

manual(
  'AC-295 the reference says what BITNET_REPAIR_PARENT does, set by us and set by hand',
  () => {
    assert.match(
      section('docs/reference.md', 'Variables'),
      /\| `BITNET_REPAIR_PARENT` +\| .*only validated\. Set by hand it does the same/,
    )
  },
)

manual('AC-259 the workflow runs npm ci and npm test on Linux, macOS and Windows', () => {
  const workflow = read('.github/workflows/ci.yml')
  assert.match(workflow, 'os: [ubuntu-latest, macos-latest, windows-latest]')
  assert.match(workflow, /runs-on: \$\{\{ matrix\.os \}\}/)
  const steps = [...workflow.matchAll(/^ +- run: (.*)$/gm)].map(([, command]) => command)
  assert.equal(steps.slice(-2), ['npm ci', 'npm test'])
})

manual.run()

function pages(): readonly string[] {
  const names = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  return files.filter((file) => sequences(file).length > 0).sort()
}

function headings(page: string): readonly string[] {
  const text = read(page).replace(/^```.*?^```$/gms, '')
  return [...text.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title)
}

function section(page: string, title: string): string {
  const text = read(page)
  const start = text.indexOf(`\n## ${title}\n`)
  assert.ok(start >= 0, `${page} has a section '${title}'`)
  return text.slice(start + 1).split(/\n(?=## )/)[0] as string
}

function sequences(page: string): readonly (readonly string[])[] {
  const blocks = read(page).matchAll(/^```mermaid\nsequenceDiagram\n(.*?)^```$/gms)
  return [...blocks].map(([, body = '']) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => line.trim()),
  )
}
