// The import table of ARCHITECTURE.md, section 3, and the silence of the engine. Imports are read
// from the text, as TypeScript erases those of types. Each rule is shown to fail on small examples.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from './support/suite.ts'

type Files = Readonly<Record<string, string>>

interface Import {
  readonly from: string
  /** 'node:fs', 'npm:zx' or the path of a file of ours. */
  readonly to: string
  /** `static` is loaded with its importer, `later` by import() or require(), `type` never. */
  readonly when: 'static' | 'later' | 'type'
}

interface Row {
  readonly from: RegExp
  readonly may: readonly RegExp[]
  readonly mayLater?: readonly RegExp[]
  readonly mayTypes?: readonly RegExp[]
}

const COMPUTED = /^something computed$/
const CORE = /^graph\/(?!index\.)[\w-]+\.ts$/
const ENGINE = /^graph\/index\.ts$/
const FETCH = /^tasks\/fetch\/[\w-]+\.ts$/
const RULES_OF_FAILURE = /^tasks\/failure-rules\/[\w-]+\.ts$/
const TASKS = /^tasks\/[\w-]+\.ts$/

const PERSONS_SIDE: Row = {
  from: /^src\/[\w/.-]+\.[cm]?ts$/,
  may: [
    /^node:/,
    /^npm:/,
    ENGINE,
    /^tasks\/(backends|failure|options|platform|rpath)\.ts$/,
    /^src\//,
  ],
  // The graph costs time to load, and whoever finds nothing to repair never needs it.
  mayLater: [/^bitnet\.tasks\.ts$/],
}

const OF_HOST = [
  /^graph\/(host|digest|command|error|environment)\.ts$/,
  /^graph\/host\/[\w-]+\.ts$/,
] as const

// The first row that fits a file is its row.
const TABLE: readonly Row[] = [
  { from: ENGINE, may: [CORE, /^graph\/host\/index\.ts$/] },
  // What digests; when something is digested.
  { from: /^graph\/digest\.ts$/, may: [CORE], mayLater: [/^node:crypto$/] },
  { from: CORE, may: [/^node:path$/, CORE] },
  // A thread has no folder to find a package from: it is given the address.
  {
    from: /^graph\/host\/threads\.ts$/,
    may: [/^node:/, ...OF_HOST],
    mayLater: [/^npm:hasha$/, COMPUTED],
  },
  { from: /^graph\/host\/[\w-]+\.ts$/, may: [/^node:/, /^npm:/, ...OF_HOST] },
  // Programs of their own, run in child processes: no row lets anybody import them.
  { from: /^tasks\/steps\/[\w-]+\.ts$/, may: [/^node:/, FETCH], mayTypes: [TASKS] },
  // What the step that fetches is made of.
  { from: FETCH, may: [/^node:/, FETCH], mayTypes: [TASKS] },
  // The table of failures is data.
  { from: RULES_OF_FAILURE, may: [RULES_OF_FAILURE] },
  { from: TASKS, may: [/^node:(path|os)$/, ENGINE, TASKS, RULES_OF_FAILURE] },
  { from: /^bitnet\.tasks\.ts$/, may: [ENGINE, TASKS] },
  // It is what evaluates a person's own graph file.
  {
    ...PERSONS_SIDE,
    from: /^src\/native-import\.ts$/,
    mayLater: [COMPUTED],
  },
  PERSONS_SIDE,
]

interface Rule {
  readonly title: string
  readonly breaches: (files: Files) => readonly string[]
  /** Small trees that break it, and what is said of them. */
  readonly examples: readonly (readonly [Files, ...string[]])[]
}

const RULES: readonly Rule[] = [
  {
    title: 'every file has a row in the import table',
    breaches: (files) => Object.keys(files).filter((file) => rowOf(file) === undefined),
    examples: [
      [{ 'graph/watch/hints.ts': '' }, 'graph/watch/hints.ts'],
      [{ 'tasks/steps/deep/stage.ts': '' }, 'tasks/steps/deep/stage.ts'],
    ],
  },
  {
    title: 'a file imports only what its row allows',
    breaches: (files) =>
      imports(files)
        .filter((one) => !isAllowed(one))
        .map(({ from, to, when }) => `${from} imports ${to} (${when})`),
    examples: [
      [
        { 'graph/plan.ts': `import * as fs from 'node:fs'` },
        'graph/plan.ts imports node:fs (static)',
      ],
      [
        { 'graph/plan.ts': `import '../tasks/git.ts'` },
        'graph/plan.ts imports tasks/git.ts (static)',
      ],
      [
        { 'graph/run.ts': `import type { Host } from './index.ts'` },
        'graph/run.ts imports graph/index.ts (type)',
      ],
      [
        { 'graph/run.ts': `const { disk } = await import('./host/disk.ts')` },
        'graph/run.ts imports graph/host/disk.ts (later)',
      ],
      [
        { 'graph/index.ts': `export { disk } from './host/disk.ts'` },
        'graph/index.ts imports graph/host/disk.ts (static)',
      ],
      [
        { 'graph/digest.ts': `import {\n  hash,\n  hashSync,\n} from 'hasha'` },
        'graph/digest.ts imports npm:hasha (static)',
      ],
      [
        { 'graph/digest.ts': `(await import('hasha')).hashSync` },
        'graph/digest.ts imports npm:hasha (later)',
      ],
      [
        { 'graph/error.ts': `type Zx = typeof import('zx/core')` },
        'graph/error.ts imports npm:zx (type)',
      ],
      [
        { 'graph/host/disk.ts': `import type { World } from '../world.ts'` },
        'graph/host/disk.ts imports graph/world.ts (type)',
      ],
      [
        { 'graph/host/lock.ts': `process.getBuiltinModule('node:fs')\nawait import(name)` },
        'graph/host/lock.ts imports something computed (later)',
      ],
      [
        { 'tasks/steps/stage.ts': `import { FILES } from '../backends.ts'` },
        'tasks/steps/stage.ts imports tasks/backends.ts (static)',
      ],
      [
        { 'tasks/steps/stage.ts': `import { type Files } from '../backends.ts'` },
        'tasks/steps/stage.ts imports tasks/backends.ts (static)',
      ],
      [
        { 'tasks/git.ts': `import { main } from './steps/stage.ts'` },
        'tasks/git.ts imports tasks/steps/stage.ts (static)',
      ],
      [
        { 'tasks/git.ts': `import { x } from '../graph/plan.ts'\nimport fs from "node:fs"` },
        'tasks/git.ts imports graph/plan.ts (static)',
        'tasks/git.ts imports node:fs (static)',
      ],
      [
        { 'tasks/failure-rules/machine.ts': `import { classify } from '../failure.ts'` },
        'tasks/failure-rules/machine.ts imports tasks/failure.ts (static)',
      ],
      [
        { 'src/cli.ts': `import { NETWORK } from '../tasks/failure-rules/network.ts'` },
        'src/cli.ts imports tasks/failure-rules/network.ts (static)',
      ],
      [
        { 'bitnet.tasks.ts': `import { join } from 'node:path'\nimport './src/cli.ts'` },
        'bitnet.tasks.ts imports node:path (static)',
        'bitnet.tasks.ts imports src/cli.ts (static)',
      ],
      [
        { 'src/report/live.ts': `import type { Node } from '../../graph/graph.ts'` },
        'src/report/live.ts imports graph/graph.ts (type)',
      ],
      [
        { 'src/cli.ts': `import { repairGraph } from '../bitnet.tasks.ts'` },
        'src/cli.ts imports bitnet.tasks.ts (static)',
      ],
      [
        { 'src/cli.ts': `import { fetchSource } from '../tasks/git.ts'` },
        'src/cli.ts imports tasks/git.ts (static)',
      ],
    ],
  },
  {
    title: 'no file needs itself by way of others',
    breaches: cycles,
    examples: [
      [
        {
          'graph/a.ts': `import type { B } from './b.ts'`,
          'graph/b.ts': `export { c } from './c.ts'`,
          'graph/c.ts': `const a = () => import('./a.ts')`,
        },
        'graph/a.ts -> graph/b.ts -> graph/c.ts -> graph/a.ts',
      ],
      [{ 'src/a.ts': `import './a.ts'` }, 'src/a.ts -> src/a.ts'],
    ],
  },
  {
    title: 'a file imports one npm package at most',
    breaches: (files) =>
      crowded(packages(files), 'from', 'to').map(
        ([file, names]) => `${file} imports ${names.join(' and ')}`,
      ),
    examples: [
      [
        { 'src/cli.ts': `import { Command } from 'commander'\ntype L = typeof import('listr2')` },
        'src/cli.ts imports npm:commander and npm:listr2',
      ],
      [
        { 'graph/host/disk.ts': `import '@scope/glob/sync'\nrequire('@scope/other')` },
        'graph/host/disk.ts imports npm:@scope/glob and npm:@scope/other',
      ],
    ],
  },
  {
    title: 'an npm package is imported by one file only',
    breaches: (files) =>
      crowded(packages(files), 'to', 'from').map(
        ([name, importers]) => `${name} is imported by ${importers.join(' and ')}`,
      ),
    examples: [
      [
        {
          'graph/host/shell.ts': `await import('zx/core')`,
          'src/doctor.ts': `import type { Shell } from 'zx'`,
        },
        'npm:zx is imported by graph/host/shell.ts and src/doctor.ts',
      ],
    ],
  },
  {
    title: 'the engine is silent: no terminal, no exit, no colour',
    breaches: (files) =>
      mentions(files, [
        /\bconsole\b/g,
        /\bprocess\s*(?:\?\.|\.|\[['"])\s*(?:stdout|stderr|exit)\w*/g,
        /\{[^{}]*\b(?:stdout|stderr|exit)\b[^{}]*\} = process\b/g,
        /node:(?:process|tty|console)\b/g,
        /\bisTTY\b/g,
        /\\(?:x1b|u001b|u\{1b\}|033)/gi,
        // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what we look for.
        /\u001b/g,
      ]),
    examples: [
      [{ 'graph/run.ts': `console.log('hello')` }, "graph/run.ts says 'console'"],
      [{ 'graph/run.ts': `process.stdout.write('')` }, "graph/run.ts says 'process.stdout'"],
      [{ 'graph/run.ts': `process['stderr']` }, `graph/run.ts says 'process['stderr'`],
      [
        { 'graph/host/lock.ts': `const { pid, stdout } = process` },
        "graph/host/lock.ts says '{ pid, stdout } = process'",
      ],
      [
        { 'graph/a.ts': `if (out.isTTY) process.exit(1)` },
        "graph/a.ts says 'process.exit'",
        "graph/a.ts says 'isTTY'",
      ],
      [{ 'graph/a.ts': `import { exit } from 'node:process'` }, "graph/a.ts says 'node:process'"],
      [{ 'graph/a.ts': `const red = '\\x1b[31m'` }, "graph/a.ts says '\\x1b'"],
      [{ 'graph/a.ts': `const red = '\\u001B[31m'` }, "graph/a.ts says '\\u001B'"],
    ],
  },
  {
    title: 'the engine does not know what it is used for',
    breaches: (files) =>
      mentions(files, [/bitnet|llama|cmake|cargo/gi, /(?<![a-z])git(?![a-z])/gi]),
    examples: [
      [{ 'graph/a.ts': `// as in CMakeLists.txt` }, "graph/a.ts says 'CMake'"],
      [{ 'graph/a.ts': `const LLAMA_DIR = 1` }, "graph/a.ts says 'LLAMA'"],
      [
        { 'graph/a.ts': `env['GIT_DIR'] // Cargo` },
        "graph/a.ts says 'Cargo'",
        "graph/a.ts says 'GIT'",
      ],
      [{ 'graph/host/a.ts': `// BitNet.rs` }, "graph/host/a.ts says 'BitNet'"],
    ],
  },
]

const ALLOWED: Files = {
  'graph/digest.ts': `const { hash } = process.getBuiltinModule('node:crypto')`,
  'graph/plan.ts': `// import { a } from 'node:fs', and import('zx')\nimport { join } from 'node:path'`,
  'graph/index.ts': `export {\n  type A,\n  a,\n} from './plan.ts'\nexport { machine } from './host/index.ts'`,
  'graph/host/shell.ts': `import { MARK } from '../environment.ts'\nimport('zx'); import('zx/core')
child.stdout.on('data'); const { exit, stdout } = output\n// digits, legitimate`,
  'graph/host/index.ts': `import { shell } from './shell.ts'`,
  'tasks/git.ts': `import { argv } from '../graph/index.ts'\nimport { a } from './backends.ts'`,
  'tasks/failure-rules/machine.ts': `import { DENIED } from './errno-texts.ts'`,
  'tasks/failure-rules.ts': `import { PERMISSION } from './failure-rules/machine.ts'`,
  'tasks/backends.ts': `export const source = "from 'https://github.com/ggml-org/llama.cpp'"`,
  'tasks/steps/stage.ts': `import { x } from 'node:crypto'\nimport type { Mirror } from '../backends.ts'`,
  'bitnet.tasks.ts': `import { task } from './graph/index.ts'\nimport { git } from './tasks/git.ts'`,
  'src/cli.ts': `import { Command } from 'commander'\nawait import('../bitnet.tasks.ts')`,
  'src/bin.cts': `import('./cli.js').then((cli) => process.exit(cli))`,
}

const architecture = suite('architecture')
const files = treeOf(join(import.meta.dirname, '..'))

for (const { title, breaches, examples } of RULES) {
  architecture(title, () => assert.equal(breaches(files), []))
  architecture(`where that does not hold it is seen: ${title}`, () => {
    for (const [broken, ...said] of examples) assert.equal(breaches(broken), said)
  })
}

architecture('what is in order passes every rule', () => {
  for (const { breaches } of RULES) assert.equal(breaches(ALLOWED), [])
})

architecture('the rules are asked of the whole tree', () => {
  const names = Object.keys(files)
  for (const name of ['graph/index.ts', 'graph/host/disk.ts', 'tasks/git.ts', 'bitnet.tasks.ts'])
    assert.ok(names.includes(name), name)
  assert.ok(names.some((name) => name.startsWith('tasks/steps/')))
  assert.ok(imports(files).length > 100)
})

architecture.run()

function rowOf(file: string): Row | undefined {
  return TABLE.find((row) => row.from.test(file))
}

function isAllowed({ from, to, when }: Import): boolean {
  const row = rowOf(from)
  const later = when === 'static' ? [] : (row?.mayLater ?? [])
  const types = when === 'type' ? (row?.mayTypes ?? []) : []
  return [...(row?.may ?? []), ...later, ...types].some((pattern) => pattern.test(to))
}

function imports(files: Files): readonly Import[] {
  return Object.entries(files).flatMap(([from, text]) => {
    const code = text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
    const statements = code.matchAll(
      /^(?:import|export)\s+(type\s+(?=[\w*{]))?(?:[\w$*{},\s]*?\bfrom\s+)?['"]([^'"]+)['"]/gm,
    )
    const calls = code.matchAll(
      /(\btypeof\s+)?\b(?:import|require|getBuiltinModule)\(\s*(?:(['"`])([^'"`$]+)\2\s*\))?/g,
    )
    return [
      ...[...statements].map(([, type, to]) => ({
        from,
        to: target(from, to as string),
        when: type ? ('type' as const) : ('static' as const),
      })),
      ...[...calls].map(([, type, , to]) => ({
        from,
        to: to === undefined ? 'something computed' : target(from, to),
        when: type ? ('type' as const) : ('later' as const),
      })),
    ]
  })
}

function target(from: string, name: string): string {
  if (name.startsWith('.')) return posix.join(posix.dirname(from), name)
  if (name.startsWith('node:')) return name
  return `npm:${name.split('/', name.startsWith('@') ? 2 : 1).join('/')}`
}

function packages(files: Files): readonly Import[] {
  return imports(files).filter(
    ({ from, to }) => to.startsWith('npm:') && /^(graph|src)\//.test(from),
  )
}

function crowded(
  all: readonly Import[],
  by: 'from' | 'to',
  what: 'from' | 'to',
): [string, string[]][] {
  return [...Map.groupBy(all, (one) => one[by])]
    .map(([key, group]): [string, string[]] => [key, [...new Set(group.map((one) => one[what]))]])
    .filter(([, others]) => others.length > 1)
}

function cycles(files: Files): readonly string[] {
  const edges = Map.groupBy(imports(files), ({ from }) => from)
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(' -> ')]
    if (done.has(file)) return []
    const found = (edges.get(file) ?? []).flatMap(({ to }) => walk(to, [...path, file]))
    done.add(file)
    return found
  }
  return Object.keys(files).flatMap((file) => walk(file, []))
}

function mentions(files: Files, patterns: readonly RegExp[]): readonly string[] {
  return Object.entries(files)
    .filter(([file]) => file.startsWith('graph/'))
    .flatMap(([file, text]) =>
      patterns.flatMap((pattern) =>
        [...text.matchAll(pattern)].map(([word]) => `${file} says '${word}'`),
      ),
    )
}

function treeOf(root: string): Files {
  const names = ['graph', 'tasks', 'src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    ),
  )
  const sources = [...names, 'bitnet.tasks.ts'].filter((name) => /\.[cm]?ts$/.test(name)).sort()
  return Object.fromEntries(
    sources.map((name) => [name, readFileSync(join(root, name), 'utf8')] as const),
  )
}
