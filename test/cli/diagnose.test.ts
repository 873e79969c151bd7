// timeout: 300
// diagnose: every output that was ever provoked, and every file that is no log, through the built program.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'

interface Row {
  readonly file: string
  readonly stage: string
  readonly exit: number
  readonly cause: string
  readonly class: string
  readonly retry: boolean
}

const diagnose = suite('diagnose')
const folder = join(import.meta.dirname, '../fixtures/errors')
const table: readonly Row[] = JSON.parse(fs.readFileSync(join(folder, 'table.json'), 'utf8'))
// What ended with 0 is noticed by what looks at the result: there is nothing to diagnose.
const told = table.filter((row) => row.class !== 'silent')

// As many at once as there are cores: each is a process of its own.
async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const lane = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item)
  }
  await Promise.all([lane(), lane(), lane()])
}

diagnose(
  'every provoked output has its class, a first cause and something to do',
  inHome(async (home) => {
    assert.ok(told.length > 130)
    await inLanes(told, async (row) => {
      const args = ['--stage', row.stage, '--exit-code', `${row.exit}`, '--json']
      const ended = await bitnetTasks(['diagnose', join(folder, row.file), ...args], { home })
      assert.is(ended.code, 0, `${row.file}: ${ended.stderr}`)
      assert.is(ended.stderr, '', row.file)
      const said = JSON.parse(ended.stdout)
      assert.equal(Object.keys(said), ['class', 'cause', 'remedy', 'retry'], row.file)
      assert.is(said.class, row.class, row.file)
      assert.is(said.retry, row.retry, row.file)
      assert.ok(said.cause.length > 0, `${row.file} has no first cause`)
      assert.ok(said.remedy.length > 0, `${row.file} has no remedy`)
      for (const step of said.remedy) assert.not.match(step, /undefined|\n|\[object/, row.file)
    })
  }),
)

diagnose(
  'the text says class, cause, lines and numbered steps',
  inHome(async (home) => {
    const log =
      "Cloning into 'BitNet'...\nfatal: unable to access 'https://github.com/microsoft/BitNet/': gnutls_handshake() failed: closed\n"
    fs.writeFileSync(join(home, 'fetch.log'), log)
    const { code, stdout } = await bitnetTasks(['diagnose', 'fetch.log', '--stage=fetch'], { home })
    assert.is(code, 0)
    assert.is(
      stdout,
      `Class: network (network error; a repair would exit 3; worth another try)
First cause: fatal: unable to access 'https://github.com/microsoft/BitNet/': gnutls_handshake() failed: closed

Recovery Steps:
  1. Check internet connectivity:
     ping github.com
  2. Verify firewall allows git clone:
     curl -I https://github.com
  3. Retry with backoff (auto-repair will retry 3 times)
  4. Without a network, give a source tree:
     bitnet-tasks preflight --repair=auto --source DIR
  5. For persistent issues, see manual setup:
     docs/howto/cpp-setup.md
`,
    )
  }),
)

diagnose(
  'a log on stdin, and the path that was refused',
  inHome(async (home) => {
    const text =
      "mkdir: cannot create directory '/home/user/.cache/bitnet_cpp': Permission denied\n"
    const said = JSON.parse(piped(home, text, ['--json']))
    assert.is(said.class, 'permission')
    assert.ok(
      said.remedy.includes('Fix ownership: sudo chown -R $USER /home/user/.cache/bitnet_cpp'),
    )
  }),
)

diagnose(
  'the error in the middle of 100 MB is found, in bounded memory',
  inHome(async (home) => {
    const path = join(home, 'big.log')
    const progress = Array.from({ length: 20_000 }, (_, i) => `compiling file number ${i} of many`)
    const block = `${progress.join('\n')}\n`
    const file = fs.openSync(path, 'w')
    for (let size = 0; size < 50e6; size += block.length) fs.writeSync(file, block)
    fs.writeSync(file, 'src/llama.cpp:81:5: error: expected ;\nninja: build stopped\n')
    for (let size = 0; size < 50e6; size += block.length) fs.writeSync(file, block)
    fs.closeSync(file)
    const args = ['diagnose', path, '--stage', 'build', '--exit-code', '1', '--json']
    const { code, stdout } = await bitnetTasks(args, { home, node: ['--max-old-space-size=48'] })
    assert.is(code, 0)
    const said = JSON.parse(stdout)
    assert.is(said.class, 'build')
    assert.is(said.cause, 'src/llama.cpp:81:5: error: expected ;')
  }),
)

diagnose(
  'one line of 50 MB, UTF-16 from PowerShell, and escape sequences are read as a person would',
  inHome(async (home) => {
    const long = join(home, 'long.log')
    fs.writeFileSync(long, `${'x'.repeat(50e6)}\nfatal: early EOF\n`)
    assert.is(JSON.parse(await json(home, long)).class, 'network')
    const wide = join(home, 'wide.log')
    const text =
      'CMake Error at CMakeLists.txt:3 (project):\r\n  No CMAKE_CXX_COMPILER could be found.\r\n'
    fs.writeFileSync(wide, Buffer.from(`\ufeff${text}`, 'utf16le'))
    assert.is(JSON.parse(await json(home, wide)).class, 'build')
    const coloured = join(home, 'coloured.log')
    fs.writeFileSync(
      coloured,
      '\u001b[31mfatal: \u001b]0;owned\u0007unable to access: timed out\u001b[0m\n',
    )
    assert.is(JSON.parse(await json(home, coloured)).cause, 'fatal: unable to access: timed out')
  }),
)

diagnose(
  'what is empty says so; with an exit code it may still be diagnosed',
  inHome(async (home) => {
    const empty = JSON.parse(piped(home, '', ['--json']))
    assert.is(empty.class, 'unknown')
    assert.is(empty.cause, 'the log is empty')
    const killed = JSON.parse(piped(home, '', ['--json', '--stage', 'build', '--exit-code', '137']))
    assert.is(killed.class, 'build')
    assert.is(killed.cause, 'the log is empty; exit code 137')
  }),
)

const WRONG: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
  ['no file', ['nowhere.log'], /^nowhere\.log: there is no such file\n {2}hint: /],
  ['a folder', ['.'], /^\.: is no file\n/],
  ['binary data', [process.execPath], /: is no log, but binary data\n {2}hint: unpack it/],
  ['no argument', [], /missing required argument 'file'/],
  [
    'two files',
    ['a', 'b'],
    /too many arguments.*\n {2}hint: for what it takes: bitnet-tasks diagnose --help/,
  ],
  ['an unknown stage', ['a', '--stage', 'lunch'], /Allowed choices are fetch, configure/],
  ['an exit code that there is not', ['a', '--exit-code', '256'], /^--exit-code 256: no process/],
]
for (const [what, args, said] of WRONG)
  diagnose(
    `${what} is a mistake of usage: exit 2`,
    inHome(async (home) => {
      const { code, stdout, stderr } = await bitnetTasks(['diagnose', ...args], { home })
      assert.is(code, 2, stderr)
      assert.is(stdout, '')
      assert.match(stderr, said)
    }),
  )

diagnose.run()

async function json(home: string, file: string): Promise<string> {
  const ended: Ended = await bitnetTasks(['diagnose', file, '--json'], { home })
  assert.is(ended.code, 0, ended.stderr)
  return ended.stdout
}

function piped(home: string, input: string, args: readonly string[]): string {
  const bin = join(import.meta.dirname, '../../dist/src/bin.cjs')
  const env = { HOME: home, PATH: process.env['PATH'] }
  return execFileSync(process.execPath, [bin, 'diagnose', '-', ...args], {
    cwd: home,
    env,
    input,
    encoding: 'utf8',
  })
}
