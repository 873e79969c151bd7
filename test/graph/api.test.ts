// timeout: 120
// What others import has a doc comment with an example, and every example compiles.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import * as engine from '../../graph/index.ts'
import { suite } from '../support/suite.ts'

const api = suite('api')
const root = join(import.meta.dirname, '../..')
const FILES = ['graph', 'graph/host'].flatMap((folder) =>
  fs
    .readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
)
const SHIPPED = 'bitnet.tasks.ts'
const REPAIR = ['repairGraph', 'repairTasks']

const NAMES = Object.entries(engine)
  .filter(([, value]) => typeof value === 'function')
  .map(([name]) => name)

api('AC-296 every public function and class has a doc comment with an example', () => {
  assert.ok(NAMES.length > 25)
  const without = [...NAMES, ...REPAIR].filter((name) => !example(name))
  assert.equal(without, [])
})

// What the examples take from around them.
const AROUND = `
declare const graph: Graph, session: Session, host: Host, node: Node, other: Node
declare const folder: string, stateFolder: string, key: string, text: string, before: string
declare const inputs: readonly string[], output: string, signal: AbortSignal
declare const fetch: TaskHandle<Record<never, never>>, compile: TaskHandle<Record<never, never>>
declare const record: NodeRecord
declare const load: () => Promise<LoadedGraph>, report: (event: WatchEvent) => void
`

api('AC-296 every example compiles, against the types that others get', () => {
  const into = fs.mkdtempSync(join(tmpdir(), 'examples-'))
  try {
    const types = 'Graph Session Host Node NodeRecord TaskHandle LoadedGraph WatchEvent'.split(' ')
    const imported = [...NAMES, ...types.map((name) => `type ${name}`)].join(', ')
    const bodies = [...NAMES, ...REPAIR].map((name, i) => {
      const code = (example(name) ?? '').replace('export default ', 'void ')
      return `export async function example${i}() { // ${name}\n${code}\n}`
    })
    const file = join(into, 'examples.ts')
    const lines = [
      `import { ${imported} } from '${root}/graph/index.ts'`,
      `import { prefixOf, repairGraph, repairTasks } from '${root}/${SHIPPED}'`,
      AROUND,
      ...bodies,
    ]
    fs.writeFileSync(file, lines.join('\n'))
    const options =
      '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --allowImportingTsExtensions --erasableSyntaxOnly --target es2023 --lib es2024 --module nodenext --moduleResolution nodenext --types node'
    const { status, stdout } = spawnSync(
      join(root, 'node_modules/.bin/tsc'),
      [...options.split(' '), '--typeRoots', join(root, 'node_modules/@types'), file],
      { cwd: root, encoding: 'utf8' },
    )
    assert.is(status, 0, stdout)
  } finally {
    fs.rmSync(into, { recursive: true, force: true })
  }
})

api.run()

/** The example in the doc comment before the declaration of that name. */
function example(name: string): string | undefined {
  const declared = new RegExp(
    String.raw`/\*\*((?:(?!\*/).)*)\*/\nexport (?:async )?(?:function|class) ${name}\b`,
    's',
  )
  for (const file of [...FILES, SHIPPED]) {
    const [, comment] = declared.exec(fs.readFileSync(join(root, file), 'utf8')) ?? []
    if (comment === undefined) continue
    const [, text] = /@example\b(.*)$/s.exec(comment) ?? []
    return text?.replace(/^\s*\* ?/gm, '').trim()
  }
  return undefined
}
