// What a person sees of a run: a picture that is drawn again and again on a terminal, lines elsewhere.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import * as assert from 'uvu/assert'

import { columnsOf } from '../../src/report/width.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bin, bitnetTasks } from './support/program.ts'
import {
  becoming,
  HIDES_CURSOR,
  openTerminal,
  type Shown,
  showsCursor,
} from './support/terminal.ts'

const view = suite('view')

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
const one = task('one', () => ({ outputs: ['out/one'], run: sh\`echo 1 > out/one\` }))
const two = task('two', () => ({ needs: [one()], outputs: ['out/two'], run: sh\`sleep 0.6; cat out/one > out/two\` }))
export default defineGraph({ tasks: [one, two] })
`

view(
  'AC-023 without a terminal a run is told line by line, without a code that steers one',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    const { code, stdout, stderr } = await bitnetTasks(['run'], { home })
    assert.is(code, 0, stderr)
    assert.is(stdout, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those must not be there
    assert.not.match(stderr, /[\x00-\x09\x0b-\x1f\x7f]/)
    const lines = stderr.trimEnd().split('\n')
    for (const line of lines.slice(0, -1)) assert.match(line, /^\[ *\d+\.\d\ds\] (?:one|two) /)
    assert.match(lines.at(-1) as string, /^2 changed in /)
  }),
)

view(
  'AC-023 on a terminal listr2 draws it: the cursor is hidden, rows are drawn over, and it is whole at the end',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    const loaded = join(home, 'loaded')
    const hook = join(home, 'hook.mjs')
    fs.writeFileSync(
      hook,
      `import { registerHooks } from 'node:module'
import { appendFileSync } from 'node:fs'
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(loaded)}, url + '\\n')
    return next(url, context)
  },
})
`,
    )
    const { screen, code } = await onTerminal(home, {
      columns: 80,
      rows: 24,
      args: ['run'],
      node: ['--import', hook],
    })
    assert.is(code, 0, screen)
    assert.match(fs.readFileSync(loaded, 'utf8'), '/node_modules/listr2/')
    assert.ok(screen.includes(HIDES_CURSOR), 'it hid the cursor')
    assert.ok(showsCursor(screen), 'and shows it')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
    assert.match(screen, /\x1b\[\d*[AK]/)
    assert.match(screen, /2 changed in [\d.]+s\r\n/)
  }),
)

view(
  'what a tool prints steers no terminal, and no line is wider than it, however small it is',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const loud = task('loud', { n: ['a', 'b', 'c'] }, ({ n }) => ({
  title: n === 'a' ? '構築 🚀' : \`量子化カーネル \${n} \${'long '.repeat(20)}\`,
  run: sh\`for i in 1 2 3 4; do printf '[%d/4] \\\\033[2J\\\\033]0;owned\\\\007\\\\033[31mred %d\\\\r' $i $i; sleep 0.15; done; echo; [ \${n} = a ]\`,
}))
const after = task('after', () => ({ needs: [loud({ n: 'b' })], run: sh\`true\` }))
export default defineGraph({ tasks: [loud, after] })
`,
    )
    const { screen, code } = await onTerminal(home, {
      columns: 40,
      rows: 10,
      args: ['run', '-k', '-j3'],
      env: { LC_ALL: 'C.UTF-8' },
    })
    assert.is(code, 1, screen)
    assert.match(screen, '[4/4] red 4', 'the steps were seen')
    assert.match(stripVTControlCharacters(screen), "⊘ blocked by 'loud[b]': after")
    const steering = ['\x1b[2J', '\x1b]0;', '\x07', '\x1b[31mred']
    for (const code of steering) assert.not.ok(screen.includes(code), JSON.stringify(code))
    const view = screen.slice(0, screen.search(/\d changed, /))
    assert.ok(view.length > 500, screen)
    for (const line of view.split(/\r?\n/)) {
      const flat = stripVTControlCharacters(line)
      assert.ok(columnsOf(flat) < 40, JSON.stringify(line))
    }
  }),
)

const LONG = 'x'.repeat(400)
const FAILING = `import { defineGraph, sh, task } from 'bitnet-tasks'
const failing = task('failing-with-a-name-that-is-wider-than-the-terminal', () => ({
  run: sh\`sleep 0.5; for i in $(seq 60); do echo line $i; done; : ${LONG}; exit 3\`,
}))
export default defineGraph({ tasks: [failing] })
`

for (const [where, args] of [
  ['a run', ['run']],
  ['a past run', ['report']],
  ['why it would run', ['explain']],
  ['a watch', ['watch']],
] as const)
  view(
    `where the locale is not UTF-8, ${where} is told in ASCII`,
    inHome(async (home) => {
      fs.writeFileSync(join(home, 'bitnet.tasks.ts'), FAILING)
      if (args[0] !== 'run') await bitnetTasks(['run'], { home })
      const words = `stty rows 24 cols 40; ${becoming([process.execPath, bin, ...args])}`
      const terminal = openTerminal(home, words, { LC_ALL: 'C', LANG: 'de_DE.UTF-8' })
      if (args[0] === 'watch') {
        await terminal.sees('not up to date')
        terminal.type('q')
      }
      const { screen } = await terminal.ended
      assert.match(screen, '...')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: whatever is not ASCII
      assert.equal(screen.match(/[^\x00-\x7f]/g), null, screen)
    }),
  )

interface Terminal {
  readonly columns: number
  readonly rows: number
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly node?: readonly string[]
}

/** All that came to a terminal of that size, and how it ended. */
function onTerminal(
  home: string,
  { columns, rows, args, env = {}, node = [] }: Terminal,
): Promise<Shown> {
  const program = becoming([process.execPath, ...node, bin, ...args])
  return openTerminal(home, `stty rows ${rows} cols ${columns}; ${program}`, env).ended
}

view.run()
