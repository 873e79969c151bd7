// What is behind `--` of a preflight is a command of another program: no parser may touch it.
import * as assert from 'uvu/assert'

import { parse } from '../../src/program.ts'
import { quickArgs } from '../../src/quick-args.ts'
import { suite } from '../support/suite.ts'

const behind = suite('behind --')

const COMMANDS: readonly (readonly string[])[] = [
  ['crossval-per-token', '--model', 'm.gguf'],
  ['--version'],
  ['--json', '--backend', 'llama', '--help', '-h', '-V', '-C', 'x', '--no-wait', '--repair'],
  ['x', '--', 'y', '--', '--'],
  ['--', '--'],
  ['', ' ', 'a b', "it's", '"x"', '\n', 'ü🙂', '-', '$(touch x)'],
  ['preflight', 'help', 'run'],
  ['-j2', '--jobs=x', '--unknown=1', '-abc'],
]
const HEADS: readonly (readonly string[])[] = [
  ['preflight'],
  ['preflight', '--backend', 'llama'],
  ['preflight', '--backend=llama', '--quiet', '-j', '2'],
  ['-C', '/tmp', 'preflight', '--repair'],
]

behind(
  'V.10 the words arrive unchanged, whatever they are and whatever is before them',
  async () => {
    for (const head of HEADS)
      for (const command of COMMANDS) {
        const args = [...head, '--', ...command]
        assert.is(quickArgs(args), undefined)
        const parsed = await parse(args, () => {})
        assert.ok(typeof parsed === 'object', JSON.stringify(args))
        assert.equal(parsed.nodes, command, JSON.stringify(args))
        const { flags } = await parsedHead(head)
        assert.equal(parsed.flags, flags)
      }
  },
)

behind('nothing behind -- is no command', async () => {
  assert.equal((await parsedHead(['preflight', '--'])).nodes, [])
})

behind('a -- of other commands ends their flags, as ever', async () => {
  const { nodes } = await parsedHead(['plan', '--json', '--', '--odd', 'x'])
  assert.equal(nodes, ['--odd', 'x'])
})

behind.run()

async function parsedHead(args: readonly string[]) {
  const parsed = await parse(args, () => {})
  assert.ok(typeof parsed === 'object')
  return parsed
}
