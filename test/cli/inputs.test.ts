// timeout: 200
// What a run reads, on a real disk with a real compiler: files that change while they are read, and headers
// that nobody declared.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, start } from './support/program.ts'

const inputs = suite('inputs')

const SLOW = `import { defineGraph, sh, task } from 'bitnet-tasks'
const slow = task('slow', () => ({
  inputs: ['in.txt'],
  outputs: ['out.txt'],
  run: sh\`cp in.txt out.txt; touch read; while [ -f wait ]; do sleep 0.02; done\`,
}))
const user = task('user', () => ({ needs: [slow()], outputs: ['user.txt'], run: sh\`cp out.txt user.txt\` }))
export default defineGraph({ tasks: [slow, user] })
`

inputs(
  'an input that is edited while its task runs: never recorded as fresh, never in the cache',
  inHome(async (home) => {
    const at = (name: string): string => join(home, name)
    fs.writeFileSync(at('bitnet.tasks.ts'), SLOW)
    fs.writeFileSync(at('in.txt'), 'one\n')
    fs.writeFileSync(at('wait'), '')
    const running = start(['run'], { home })
    while (!fs.existsSync(at('read'))) execFileSync('sleep', ['0.02'])
    fs.writeFileSync(at('in.txt'), 'two\n')
    fs.rmSync(at('wait'))
    const first = await running.ended
    assert.is(first.code, 0, first.stderr)
    assert.match(first.stderr, "slow is not recorded: its input 'in.txt' changed while it ran")
    assert.is((await bitnetTasks(['query', 'stale'], { home })).stdout, 'slow\nuser\n')
    // Under neither content has the cache what was made of the other.
    for (const text of ['one\n', 'two\n']) {
      fs.writeFileSync(at('in.txt'), text)
      const { stderr } = await bitnetTasks(['run', 'user'], { home })
      assert.match(stderr, '] slow started', text)
      assert.not.match(stderr, 'restored', text)
      assert.is(fs.readFileSync(at('user.txt'), 'utf8'), text)
    }
  }),
)

const MAIN = '#include "greet.h"\nint main(void) { return GREET; }\n'
const NINJA = `rule cc
  command = cc -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
build main.o: cc ../src/main.c
build greet.o: cc ../src/greet.c
`

const ways: Readonly<Record<string, string>> = {
  'a depfile': `depfile: 'out/main.d',
  run: sh\`cc -MD -c src/main.c -o out/main.o\``,
  'a depfile of a command that runs in another folder': `depfile: 'out/main.d', cwd: 'src',
  run: sh\`cc -MD -c main.c -o ../out/main.o\``,
  "ninja's deps log": `depfile: 'build/deps.txt', clean: false,
  run: [
    argv('ninja', '-C', 'build', '-f', '../build.ninja'),
    sh\`ninja -C build -f ../build.ninja -t deps > build/deps.txt\`,
    argv('cp', 'build/main.o', 'out/main.o'),
  ]`,
}

for (const [way, fields] of Object.entries(ways))
  inputs(
    `${way} names the headers: one that changes or is deleted makes its node stale`,
    inHome(async (home) => {
      const at = (name: string): string => join(home, name)
      const call = (...args: readonly string[]) =>
        bitnetTasks(args, { home, env: { PATH: process.env['PATH'] } })
      for (const folder of ['src', 'build', 'out']) fs.mkdirSync(at(folder))
      fs.writeFileSync(at('build.ninja'), NINJA)
      fs.writeFileSync(at('src/main.c'), MAIN)
      fs.writeFileSync(at('src/greet.c'), 'int greet;\n')
      fs.writeFileSync(at('src/greet.h'), '#include "word.h"\n#define GREET WORD\n')
      fs.writeFileSync(at('src/word.h'), '#define WORD 1\n')
      fs.writeFileSync(
        at('bitnet.tasks.ts'),
        `import * as tasks from 'bitnet-tasks'
const { argv, defineGraph, sh, task } = tasks
const main = task('main', () => ({ inputs: ['build.ninja'], outputs: ['out/main.o'], ${fields} }))
export default defineGraph({ tasks: [main] })
`,
      )
      const run = async (): Promise<string> => {
        const { code, stderr } = await call('run', '--no-cache')
        assert.is(code, 0, stderr)
        return stderr
      }
      const why = async (): Promise<string> => (await call('explain', 'main')).stdout
      assert.match(await run(), '1 changed')
      assert.is((await call('status')).stdout, 'main  fresh\n')

      fs.writeFileSync(at('src/word.h'), '#define WORD 2\n')
      assert.match(
        await why(),
        /^main is stale\n {2}- the discovered input 'src\/word\.h' changed \(\w{12} -> \w{12}\)\n$/,
      )
      assert.match(await run(), '1 changed')
      assert.is((await call('status')).stdout, 'main  fresh\n')

      fs.rmSync(at('src/word.h'))
      assert.match(
        await why(),
        /^main is stale\n {2}- the discovered input 'src\/word\.h' changed \(\w{12} -> absent\)\n$/,
      )
      fs.writeFileSync(at('src/greet.h'), '#define GREET 3\n')
      assert.match(await run(), '1 changed')
      assert.is((await call('status')).stdout, 'main  fresh\n')
      fs.writeFileSync(at('src/word.h'), 'nobody reads it any more\n')
      assert.is((await call('status')).stdout, 'main  fresh\n')
    }),
  )

inputs.run()
