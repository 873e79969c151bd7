// The worked examples do what their first lines say.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

const examples = suite('examples')

// Runs the example in a copy of its folder; gives the names of what ran, and the last line.
function example(
  name: string,
  body: (run: (...args: string[]) => Promise<Ran>, file: (name: string) => string) => Promise<void>,
): void {
  examples(
    name,
    inHome(async (home) => {
      cpSync(join(import.meta.dirname, '../../examples', name), home, { recursive: true })
      const run = async (...args: string[]): Promise<Ran> => {
        const { code, stderr } = await bitnetTasks(['run', ...args], { home })
        assert.is(code, 0, stderr)
        const ran = [...stderr.matchAll(/\] (\S+) started$/gm)].map((match) => match[1] as string)
        return {
          ran: ran.sort(),
          last: stderr
            .trimEnd()
            .split('\n')
            .at(-1)
            ?.replace(/ in .*/, ''),
        }
      }
      await body(run, (file) => join(home, file))
    }),
  )
}

interface Ran {
  readonly ran: readonly string[]
  readonly last: string | undefined
}

const append = (path: string, text: string): void =>
  writeFileSync(path, readFileSync(path, 'utf8') + text)

example('c-program', async (run, file) => {
  assert.is((await run()).last, '4 changed')
  assert.is((await run()).last, '4 fresh')
  append(file('include/words.h'), '// a comment\n')
  // The objects of the files that include it run, come out the same, and nothing is linked.
  assert.equal(await run(), {
    ran: ['object[main]', 'object[words]'],
    last: '2 fresh, 2 unchanged',
  })
  append(file('src/stack.c'), 'int unused;\n')
  assert.equal((await run()).ran, ['object[stack]', 'program'])
})

example('matrix', async (run, file) => {
  assert.is((await run('test[c17]')).last, '5 changed')
  const { ran } = await run()
  assert.equal(ran, [
    'build[debug,c11]',
    'build[release,c11]',
    'table',
    'test[debug,c11]',
    'test[release,c11]',
  ])
  const table = readFileSync(file('out/table.txt'), 'utf8').split('\n')
  assert.equal(table.slice(0, 2), [
    'out/debug-c11.txt 201112 2147483647',
    'out/debug-c17.txt 201710 2147483647',
  ])
  assert.is((await run()).last, '10 fresh')
})

example('codegen', async (run, file) => {
  assert.is((await run()).last, '3 changed')
  assert.is(
    readFileSync(file('out/page.txt'), 'utf8'),
    'bye: See you\nempty: Nothing is here\nhello: Good morning\n',
  )
  append(file('messages/errors.txt'), '# a comment\n')
  assert.equal(await run(), { ran: ['header'], last: '2 fresh, 1 unchanged' })
  append(file('messages/errors.txt'), 'full = No room\n')
  assert.equal((await run()).ran, ['header', 'page', 'program'])
})

examples.run()
