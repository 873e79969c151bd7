// The examples in the help of each command.
import { execFileSync } from 'node:child_process'
import * as assert from 'uvu/assert'

import { EXAMPLES, examplesText } from '../../src/examples.ts'
import { COMMANDS } from '../../src/flags.ts'
import { parse } from '../../src/program.ts'
import { suite } from '../support/suite.ts'

const examples = suite('examples')

examples('each command has one, and no other has any', () => {
  const names = COMMANDS.map(({ name }) => name).sort()
  assert.equal(Object.keys(EXAMPLES).sort(), names)
})

for (const [command, rows] of Object.entries(EXAMPLES))
  for (const { line } of rows)
    examples(`bitnet-tasks ${line} is what the command understands`, async () => {
      // What the shell does with the output is not ours.
      const own = line.replace(/ (?:>>?|\|) .*/, '').replace(/\$\(.*\)/, 'a.c')
      const script = `set -- ${own}; printf '%s\\n' "$@"`
      const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
      const parsed = await parse(words, () => {})
      assert.is(typeof parsed === 'object' && parsed.command, command)
    })

examples('they fit into 80 columns', () => {
  for (const command of Object.keys(EXAMPLES))
    for (const line of examplesText(command).split('\n')) assert.ok(line.length <= 80, line)
})

examples.run()
