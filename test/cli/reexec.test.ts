// After a repair a fresh process takes over: what it is given, and what happens when it cannot be had.
// Each test starts a real process that calls reexec().
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { CALLER, type CallOptions, call } from './support/call.ts'
import { inHome } from './support/home.ts'
import { becoming, openTerminal, type Shown } from './support/terminal.ts'

const reexec = suite('re-exec')

const PAGE = join(import.meta.dirname, '../../docs/howto/reexec-troubleshooting.md')
const NODE = fs.realpathSync(process.execPath)

/** Ways to a fresh process: exec, and the children that stand in. */
const WAYS: Readonly<Record<string, (home: string) => Partial<CallOptions>>> = {
  exec: () => ({}),
  spawn: () => ({ options: { platform: 'win32' } }),
  'npm exec': (home) => installed(home),
}

reexec(
  'AC-090 AC-091 T1 the fresh process is this process: the same pid, and no fallback is tried',
  inHome(async (home) => {
    const { code, pid, fresh, stderr } = await call({ cwd: home, args: ['preflight'] })
    assert.is(fresh().pid, pid)
    assert.is(code, 0)
    assert.not.match(stderr, /fallback/i)
  }),
)

reexec(
  'AC-100 AC-101 AC-102 AC-103 AC-109 T8 the fast path says what it does, in this order and no more',
  inHome(async (home) => {
    const { stderr } = await call({ cwd: home, args: ['preflight', '--backend', 'llama'] })
    assert.is(
      stderr,
      `[repair] Re-executing with updated detection...
[reexec] exe: ${NODE}
[reexec] exe exists: true
[reexec] args: ["preflight", "--backend", "llama"]
[reexec] Attempting exec()...
`,
    )
  }),
)

reexec(
  'AC-092 AC-104 T3 a program that is gone: exec is skipped and another Node stands in',
  inHome(async (home) => {
    const program = join(home, 'gone/node')
    const { code, pid, fresh, stderr } = await call({
      cwd: home,
      args: ['preflight', 'a b'],
      options: { program },
      env: { PATH: nodeOnly(home) },
    })
    assert.is(
      stderr,
      `[repair] Re-executing with updated detection...
[reexec] exe: ${program}
[reexec] exe exists: false
[reexec] args: ["preflight", "a b"]
[reexec] Binary doesn't exist, skipping exec()
[reexec] Trying spawn fallback...
[reexec] Fallback command: node ${CALLER} ["preflight", "a b"]
[reexec] Fallback child exited with code: 0
`,
    )
    assert.is(code, 0)
    assert.not.equal(fresh().pid, pid)
    assert.equal(fresh().args, ['preflight', 'a b'])
  }),
)

reexec(
  'AC-093 AC-172 AC-261 T2 a program that vanishes after it was seen: the fallback succeeds, nothing aborts',
  inHome(async (home) => {
    for (const after of ['[reexec] exe exists: true', '[reexec] Attempting exec()...']) {
      const program = join(home, 'node')
      fs.copyFileSync(NODE, program)
      const { code, fresh, stderr } = await call({
        cwd: home,
        options: { program },
        remove: { file: program, after },
        env: { PATH: nodeOnly(home) },
      })
      assert.is(code, 0, stderr)
      assert.is(fresh().env['BITNET_REPAIR_PARENT'], '1')
      assert.ok(
        stderr.includes(
          `[reexec] Attempting exec()...
[reexec] Fast path failed: ENOENT: no such file or directory, access '${program}'
[reexec] Error kind: NotFound (ENOENT)
[reexec] Trying spawn fallback...
`,
        ),
        stderr,
      )
    }
  }),
)

const UNFIT: Readonly<Record<string, readonly [(path: string) => void, string, string]>> = {
  'that may not be executed': [
    (path) => fs.copyFileSync(NODE, path) ?? fs.chmodSync(path, 0o644),
    'EACCES: permission denied, access',
    'PermissionDenied (EACCES)',
  ],
  'that is empty': [
    (path) => fs.writeFileSync(path, '', { mode: 0o755 }),
    'ENOEXEC: exec format error, execve',
    'Uncategorized (ENOEXEC)',
  ],
  'that is no program': [
    (path) => fs.writeFileSync(path, 'hello\n', { mode: 0o755 }),
    'ENOEXEC: exec format error, execve',
    'Uncategorized (ENOEXEC)',
  ],
  'that is a folder': [
    (path) => fs.mkdirSync(path),
    'EACCES: permission denied, execve',
    'PermissionDenied (EACCES)',
  ],
}
for (const [title, [make, said, kind]] of Object.entries(UNFIT))
  reexec(
    `AC-094 AC-105 AC-172 a program ${title} would abort Node: another Node stands in`,
    inHome(async (home) => {
      const program = join(home, 'node')
      make(program)
      const { code, fresh, stderr } = await call({
        cwd: home,
        args: ['preflight'],
        options: { program },
        env: { PATH: nodeOnly(home) },
      })
      assert.is(code, 0, stderr)
      assert.equal(fresh().args, ['preflight'])
      assert.ok(
        stderr.includes(`[reexec] Fast path failed: ${said} '${program}'
[reexec] Error kind: ${kind}
[reexec] Trying spawn fallback...
`),
        stderr,
      )
    }),
  )

reexec(
  'AC-095 a Node that does not know where it lies: exec is skipped, the one on PATH stands in',
  inHome(async (home) => {
    const { code, fresh, stderr } = await call({
      cwd: home,
      options: { program: 'node' },
      env: { PATH: nodeOnly(home) },
    })
    assert.is(code, 0, stderr)
    assert.is(fresh().env['BITNET_REPAIR_PARENT'], '1')
    assert.is(
      stderr,
      `[repair] Re-executing with updated detection...
[reexec] current_exe() failed, skipping exec()
[reexec] Trying spawn fallback...
[reexec] Fallback command: node ${CALLER} []
[reexec] Fallback child exited with code: 0
`,
    )
  }),
)

reexec(
  'AC-110 T4 on Windows exec is not attempted: the same Node is started as a child',
  inHome(async (home) => {
    const { code, pid, fresh, stderr } = await call({
      cwd: home,
      args: ['preflight'],
      options: { platform: 'win32' },
      end: 42,
    })
    assert.is(
      stderr,
      `[repair] Re-executing with updated detection...
[reexec] exe: ${NODE}
[reexec] exe exists: true
[reexec] args: ["preflight"]
[reexec] Trying spawn fallback...
[reexec] Fallback command: ${NODE} ${CALLER} ["preflight"]
[reexec] Fallback child exited with code: 42
`,
    )
    assert.is(code, 42)
    assert.not.equal(fresh().pid, pid)
  }),
)

reexec(
  'without process.execve it is the same: a child of the same Node',
  inHome(async (home) => {
    const hook = join(home, 'hook.cjs')
    fs.writeFileSync(hook, 'process.execve = undefined\n')
    const { code, stderr } = await call({ cwd: home, node: ['--require', hook], end: 3 })
    assert.is(code, 3)
    assert.not.match(stderr, /Attempting exec/)
    assert.ok(stderr.includes(`[reexec] Fallback command: ${NODE} ${CALLER} []`), stderr)
  }),
)

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'none at all': [],
  'empty ones': ['', 'a', ''],
  'blanks, quotes and backslashes': ['What is 2+2?', "it's", '"x"', 'a\\b', '\\', ' '],
  'what a shell would act on': [
    "'; rm -rf /; #",
    '$(touch canary)',
    '`touch canary`',
    '*',
    '~',
    '!!',
    '|&>',
    '%PATH%',
  ],
  'line ends, tabs and control characters': ['a\nb', '\n', 'a\tb', 'a\rb', '\x1b[2J', '\x7f'],
  'other scripts': ['ünïcödé', '模型.gguf', '🙂', 'e\u0301', '\u202egnp.exe'],
  'dashes and what looks like options of node or npm': [
    '--',
    '-',
    '--version',
    '--call=x',
    '-c',
    '--',
    '-e',
  ],
  'a hundred and fifty': Array.from({ length: 150 }, (_, i) => `--flag-${i}=${'v'.repeat(i)}`),
  'one of 100,000 characters': ['x'.repeat(100_000)],
}
for (const [way, options] of Object.entries(WAYS))
  reexec(
    `AC-096 AC-097 AC-275 AC-283 T6 by ${way} every argument arrives unchanged, once and in order`,
    inHome(async (home) => {
      // npm takes most of a second to start: it is given all of them at once.
      const lists = way === 'npm exec' ? { all: Object.values(ARGUMENTS).flat() } : ARGUMENTS
      for (const [title, args] of Object.entries(lists)) {
        const { code, fresh, stderr } = await call({ cwd: home, args, ...options(home) })
        assert.is(code, 0, `${title}: ${stderr}`)
        assert.equal(fresh().args, args, title)
      }
      assert.is(fs.existsSync(join(home, 'canary')), false)
    }),
  )

reexec(
  'ten thousand arguments arrive',
  inHome(async (home) => {
    const args = Array.from({ length: 10_000 }, (_, i) => `${i}`)
    assert.equal((await call({ cwd: home, args })).fresh().args, args)
  }),
)

reexec(
  'AC-283 an argument with a null byte is refused, not cut: exit 1, and nothing is started',
  inHome(async (home) => {
    for (const platform of ['linux', 'win32'] as const) {
      const { code, stdout, stderr } = await call({
        cwd: home,
        options: { args: ['a', 'cut\0here'], platform },
        env: { PATH: nodeOnly(home) },
      })
      assert.is(code, 1, stderr)
      assert.is(stdout, '')
      assert.match(stderr, '[reexec] args: ["a", "cut\\u0000here"]\n')
      assert.match(stderr, 'Re-exec failed: no fresh process could be started\n')
      assert.match(stderr, /must be a string without null bytes/)
    }
  }),
)

for (const [way, options] of Object.entries(WAYS))
  reexec(
    `AC-122 T5 by ${way} BITNET_REPAIR_PARENT=1 is set for the fresh process`,
    inHome(async (home) => {
      const { fresh } = await call({ cwd: home, ...options(home) })
      assert.is(fresh().env['BITNET_REPAIR_PARENT'], '1')
    }),
  )

for (const [way, options] of Object.entries(WAYS))
  reexec(
    `AC-098 AC-099 by ${way} the working directory, the other variables and stdin are kept`,
    inHome(async (home) => {
      const cwd = join(home, 'somewhere else')
      const env = {
        BITNET_DETERMINISTIC: '1',
        BITNET_SEED: '42',
        BITNET_GPU_LAYERS: '',
        ODD: ' a=b\n"$HOME" ü',
        STDIN: '1',
      }
      const { env: others, ...rest } = options(home)
      fs.mkdirSync(cwd)
      const { fresh, stderr } = await call({
        ...rest,
        cwd,
        env: { ...env, ...others },
        stdin: 'what the person typed\n',
      })
      const found = fresh()
      assert.is(found.cwd, cwd, stderr)
      for (const [name, value] of Object.entries(env)) assert.is(found.env[name], value, name)
      assert.is(found.stdin, 'what the person typed\n')
    }),
  )

for (const [way, options] of Object.entries({ exec: WAYS['exec'], spawn: WAYS['spawn'] }))
  reexec(
    `by ${way} the options of Node itself are kept: on its command line and in NODE_OPTIONS, once each`,
    inHome(async (home) => {
      const hook = join(home, 'hook.cjs')
      const log = join(home, 'loaded')
      fs.writeFileSync(hook, `require('fs').appendFileSync(${JSON.stringify(log)}, 'x')\n`)
      const node = ['--require', hook, '--max-old-space-size=300']
      const NODE_OPTIONS = '--no-warnings --stack-trace-limit=7'
      const { fresh } = await call({ cwd: home, node, env: { NODE_OPTIONS }, ...options?.(home) })
      assert.equal(fresh().execArgv, node)
      assert.is(fresh().env['NODE_OPTIONS'], NODE_OPTIONS)
      assert.is(fs.readFileSync(log, 'utf8'), 'xx')
    }),
  )

reexec(
  'what is given beside the environment reaches the fresh process',
  inHome(async (home) => {
    const { fresh } = await call({ cwd: home, options: { env: { BITNET_REPAIR_VERDICTS: '[]' } } })
    assert.is(fresh().env['BITNET_REPAIR_VERDICTS'], '[]')
  }),
)

for (const [way, options] of Object.entries(WAYS))
  for (const end of way === 'npm exec' ? [42] : [0, 1, 42, 101])
    reexec(
      `AC-111 T7 by ${way} the exit code ${end} becomes ours`,
      inHome(async (home) => {
        const { code, stderr } = await call({ cwd: home, end, ...options(home) })
        assert.is(code, end, stderr)
        if (way !== 'exec')
          assert.match(stderr, `[reexec] Fallback child exited with code: ${end}\n`)
      }),
    )

for (const [end, number] of Object.entries({
  SIGTERM: 143,
  SIGKILL: 137,
  SIGSEGV: 139,
  SIGINT: 130,
}))
  reexec(
    `AC-112 T7 a fresh process that ${end} ended: as a child ${number} is our exit code, by exec it is our own end`,
    inHome(async (home) => {
      const child = await call({ cwd: home, end, options: { platform: 'win32' } })
      assert.is(child.signal, undefined)
      assert.is(child.code, number)
      assert.match(child.stderr, `[reexec] Fallback child exited with code: ${number}\n`)
      assert.is((await call({ cwd: home, end })).signal, end)
    }),
  )

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
  reexec(
    `AC-112 ${name} to us alone reaches the child that stands in, once, and its exit code is ours`,
    inHome(async (home) => {
      let isSent = false
      const { code, stderr } = await call({
        cwd: home,
        end: 'waits',
        options: { platform: 'win32' },
        onStderr: (text, pid) => {
          if (isSent || !text.includes('fresh one waits')) return
          isSent = true
          process.kill(pid, name)
        },
      })
      assert.is(code, 9, stderr)
      assert.match(stderr, `heard ${name}\n`)
    }),
  )

reexec(
  'Ctrl-C in a terminal, which tells the child as well, is not told it twice',
  inHome(async (home) => {
    const { screen, code } = await inTerminal(home, {
      end: 'waits',
      options: { platform: 'win32' },
    })
    assert.is(code, 9, screen)
    assert.match(screen, /heard SIGINT\r\n/)
  }),
)

reexec(
  'what is still on its way to a slow reader arrives before what the fresh process prints',
  inHome(async (home) => {
    const flood = 5_000_000
    const { stdout, fresh, code } = await call({ cwd: home, flood })
    assert.is(stdout.indexOf('{'), flood)
    assert.is(fresh().args.length, 0)
    assert.is(code, 0)
  }),
)

reexec(
  'a reader that has gone away neither holds the hand-over up nor changes the exit code',
  () => {
    const words = [NODE, CALLER].map((word) => `'${word}'`).join(' ')
    const script = `{ ${words}; echo "code $?" >&2; } | head -c 1 >/dev/null`
    const steering = { flood: 1_000_000, end: 42 }
    const said = execFileSync('sh', ['-c', `{ ${script}; } 2>&1`], {
      env: { PATH: process.env['PATH'], REEXEC_CALL: JSON.stringify(steering) },
      encoding: 'utf8',
    })
    assert.match(said, '[reexec] Attempting exec()...\n')
    assert.match(said, /code 42\n$/)
  },
)

reexec(
  'when an interruption came first, no fresh process is started',
  inHome(async (home) => {
    for (const platform of ['linux', 'win32'] as const) {
      const { code, stdout, stderr } = await call({
        cwd: home,
        isAborted: true,
        options: { platform },
      })
      assert.is(code, 1)
      assert.is(stdout, '')
      assert.not.match(stderr, /fallback|Recovery/)
    }
  }),
)

reexec(
  'AC-092 an entry that is gone, too: the installed package is started by npm, and nothing is fetched',
  inHome(async (home) => {
    const { code, fresh, stderr } = await call({
      cwd: home,
      args: ['preflight', 'a b'],
      ...installed(home),
    })
    assert.is(code, 0, stderr)
    assert.equal(fresh().args, ['preflight', 'a b'])
    const entry = join(home, 'gone.cjs')
    assert.ok(
      stderr.includes(`[reexec] Fast path failed: ENOENT: no such file or directory, access '${entry}'
[reexec] Error kind: NotFound (ENOENT)
[reexec] Trying spawn fallback...
[reexec] Fallback command: node ${entry} ["preflight", "a b"]
[reexec] Fallback failed: ENOENT: no such file or directory, access '${entry}'
[reexec] Trying npm exec fallback...
[reexec] Fallback command: npm exec --offline --no -- bitnet-tasks ["preflight", "a b"]
`),
      stderr,
    )
  }),
)

reexec(
  'AC-117 AC-118 when no way leads to a fresh process each error is named with its kind: exit 1',
  inHome(async (home) => {
    const program = join(home, 'gone/node')
    const { code, stdout, stderr } = await call({
      cwd: home,
      options: { program },
      env: { PATH: join(home, 'empty') },
    })
    assert.is(code, 1)
    assert.is(stdout, '')
    const failed = stderr.slice(stderr.indexOf('Re-exec failed'))
    assert.is(
      failed,
      `Re-exec failed: no fresh process could be started
Tried: npm exec --offline --no -- bitnet-tasks ...
exec() error: ENOENT: no such file or directory, '${program}' (kind: NotFound (ENOENT))
node error: spawn node ENOENT (kind: NotFound (ENOENT))
npm exec error: spawn npm ENOENT (kind: NotFound (ENOENT))

Recovery steps:
1. Verify node in PATH: node --version
2. Install bitnet-tasks again: npm install bitnet-tasks
3. Retry preflight with --repair=auto

The installation is as it was; what was built is kept, and the next preflight takes it up
See: docs/howto/reexec-troubleshooting.md

Exit code: 1 (re-exec failed)
`,
    )
  }),
)

reexec(
  'AC-294 the troubleshooting page explains every line that is printed, and no other',
  inHome(async (home) => {
    const empty = join(home, 'empty')
    fs.writeFileSync(empty, '', { mode: 0o755 })
    const calls: readonly Partial<CallOptions>[] = [
      {},
      { options: { program: join(home, 'gone') } },
      { options: { program: 'node' } },
      { options: { program: empty }, env: { PATH: home } },
      { options: { program: empty, tool: { workspace: home } }, env: { PATH: home } },
    ]
    const printed: string[] = []
    for (const one of calls) {
      const { stderr } = await call({ cwd: home, ...one })
      printed.push(...stderr.split('\n').filter((line) => /^(\[|Re-exec failed: )/.test(line)))
    }
    const page = fs.readFileSync(PAGE, 'utf8')
    const rows = [...page.matchAll(/^\| `((?:\[re|Re-exec).*?)` /gm)].map(([, text = '']) => {
      const [start = '', end] = text.split('…')
      return {
        text,
        fits: (line: string) => (end === undefined ? line === start : line.startsWith(start)),
      }
    })
    assert.ok(rows.length > 10)
    for (const { text, fits } of rows) assert.ok(printed.some(fits), text)
    for (const line of printed) assert.is(rows.filter(({ fits }) => fits(line)).length, 1, line)
  }),
)

reexec.run()

/** A PATH on which there is this Node and nothing else. */
function nodeOnly(home: string): string {
  const folder = join(home, 'node only')
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(folder)
    fs.symlinkSync(NODE, join(folder, 'node'))
  }
  return folder
}

/** A home in which the package is installed, and a call whose own entry is gone. */
function installed(home: string): Partial<CallOptions> {
  const bin = join(home, 'node_modules/.bin')
  fs.mkdirSync(bin, { recursive: true })
  const own = join(bin, 'bitnet-tasks')
  if (!fs.existsSync(own))
    fs.writeFileSync(own, `#!/usr/bin/env node\nimport(${JSON.stringify(CALLER)})\n`, {
      mode: 0o755,
    })
  fs.writeFileSync(join(home, 'package.json'), '{"private":true}\n')
  const PATH = `${nodeOnly(home)}:${process.env['PATH']}`
  return { options: { script: join(home, 'gone.cjs') }, env: { PATH, HOME: home } }
}

/** In a terminal of its own; Ctrl-C is typed when the fresh process waits. */
async function inTerminal(home: string, steering: object): Promise<Shown> {
  const env = { REEXEC_CALL: JSON.stringify(steering) }
  const { type, sees, ended } = openTerminal(home, becoming([NODE, CALLER]), env)
  await sees('fresh one waits')
  type('\x03')
  return ended
}
