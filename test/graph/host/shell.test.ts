// Real processes. What a test starts carries its own mark, and none may be left at its end.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as assert from 'uvu/assert'

import { argv, commandText, quote, sh } from '../../../graph/command.ts'
import { MARK } from '../../../graph/environment.ts'
import { shell as machineShell } from '../../../graph/host/shell.ts'
import type { Exit, Shell, Spawn } from '../../../graph/host.ts'
import { suite } from '../../support/suite.ts'

interface Scene {
  dir: string
  mark: string
  real: Shell
  /** Runs one line in the folder of the test, and says how it ended and what it printed. */
  run: (text: string, more?: Partial<Spawn>) => Promise<[Exit, string]>
}

const shell = suite<Scene>('shell', {} as Scene)
const PATH = process.env['PATH'] ?? ''
const NODE = process.execPath
const ECHO = `process.stdout.write(JSON.stringify(process.argv.slice(1)))`
const SHELL_MODULE = join(import.meta.dirname, '../../../graph/host/shell.ts')
const INDEX_MODULE = join(import.meta.dirname, '../../../graph/host/index.ts')
let scenes = 0

shell.before.each((scene) => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'shell-'))
  const mark = `test-${process.pid}-${++scenes}`
  const real = machineShell(mark, PATH)
  const log = join(dir, 'log')
  const run = async (text: string, more: Partial<Spawn> = {}): Promise<[Exit, string]> => {
    const exit = await real.run({ text, cwd: dir, env: { PATH }, log, ...more })
    return [exit, fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '']
  }
  Object.assign(scene, { dir, mark, real, run })
})
shell.after.each(async ({ dir, mark, real }) => {
  real.close()
  await nobodyIsLeft(mark)
  fs.rmSync(dir, { recursive: true, force: true })
})

const exited = (code: number): Exit => ({ how: 'exited', code })

const HOSTILE = [
  '',
  ' ',
  'two words',
  ' blanks around\t',
  "it's",
  '"double"',
  `'"'"'`,
  'new\nline\n',
  '\r\n\v\f',
  "'; rm -rf /; #",
  '$(touch canary)',
  '`touch canary`',
  '$HOME$PATH$$',
  '; touch canary',
  '&& touch canary',
  '| touch canary',
  '> canary',
  '\n touch canary\n',
  '*',
  '?',
  '[a-z]*',
  '~',
  '~root',
  'a=~',
  '{a,b}',
  '!history',
  '#comment',
  '\\',
  '\\n',
  "\\'",
  '-rf',
  '--',
  '--help',
  '%s%n',
  'äöü€😀\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u00a0\u2028',
  '\u0001\u0002\u0003\u0007\u001b[31m\u007f',
]

shell('AC-275 AC-283 the words of a command arrive as they are', async ({ dir, run }) => {
  const text = commandText(argv(NODE, '-e', ECHO, '--', ...HOSTILE), {})
  const [exit, printed] = await run(text)
  assert.equal(exit, exited(0))
  assert.equal(JSON.parse(printed), HOSTILE)
  assert.equal(fs.readdirSync(dir), ['log'])
})

shell('AC-275 values in shell text arrive as they are', async ({ dir, run }) => {
  const command = sh`${NODE} -e ${ECHO} -- ${HOSTILE} ${'$(touch canary)'}`
  const [exit, printed] = await run(commandText(command, {}))
  assert.equal(exit, exited(0))
  assert.equal(JSON.parse(printed), [...HOSTILE, '$(touch canary)'])
  assert.equal(fs.readdirSync(dir), ['log'])
})

shell('128 KiB in one word less its end, and 10,000 words, arrive', async ({ run }) => {
  const long = `${'x'.repeat(64)}'\n`.repeat(1985).slice(0, 128 * 1024 - 1)
  const many = Array.from({ length: 10_000 }, (_, i) => `-${i} '`)
  const [exit, printed] = await run(commandText(argv(NODE, '-e', ECHO, '--', long, ...many), {}))
  assert.equal(exit, exited(0))
  assert.equal(JSON.parse(printed), [long, ...many])
})

shell('a word that no program could be given fails the command alone', async ({ run }) => {
  const [exit] = await run(commandText(argv(NODE, '-e', ECHO, 'x'.repeat(128 * 1024)), {}))
  assert.equal(exit, exited(126))
  assert.equal((await run('echo next'))[0], exited(0))
})

for (const text of ['if', 'echo "', "echo '", '(', ')', 'done', 'cat <<E', '{ echo', '$(', '&&'])
  shell(`the syntax of '${text}' is a failure, and the next command runs`, async ({ run }) => {
    const [exit] = await run(text)
    // A here document without an end is none for dash.
    if (text !== 'cat <<E') assert.is.not((exit as { code: number }).code, 0)
    assert.is(exit.how, 'exited')
    const [next, printed] = await run('echo next')
    assert.equal(next, exited(0))
    assert.match(printed, /^next$/m)
  })

for (const code of [0, 1, 42, 126, 127, 255])
  shell(`the exit code ${code} is told`, async ({ run }) => {
    assert.equal((await run(`exit ${code}`))[0], exited(code))
    assert.equal((await run(`sh -c 'exit ${code}'`))[0], exited(code))
  })

shell('a program that is not there is 127, one that may not run 126', async ({ dir, run }) => {
  assert.equal((await run('no-such-program'))[0], exited(127))
  fs.writeFileSync(join(dir, 'plain'), '')
  assert.equal((await run('./plain'))[0], exited(126))
})

shell(
  'a folder that is not there is a failure, and the command does not run',
  async ({ dir, run }) => {
    const [exit, printed] = await run(`touch ${dir}/canary`, { cwd: join(dir, 'none') })
    assert.equal(exit, exited(126))
    assert.match(printed, 'none')
    assert.not.ok(fs.existsSync(join(dir, 'canary')))
  },
)

for (const [signal, number] of [
  ['KILL', 9],
  ['TERM', 15],
  ['SEGV', 11],
  ['ABRT', 6],
] as const)
  shell(`a program that SIG${signal} ended gives ${128 + number}`, async ({ run }) => {
    assert.equal((await run(`sh -c 'kill -${signal} $$'`))[0], exited(128 + number))
    // The child's parent is the subshell of its command.
    assert.equal((await run(`sh -c 'kill -${signal} $PPID'; sleep 0`))[0], exited(128 + number))
  })

shell('a command that kills its own worker is a failure, and others go on', async ({ run }) => {
  // In its subshell, $$ is the worker.
  const [killed] = await run('sleep 100 & kill -9 $$; sleep 100')
  assert.equal(killed, { how: 'signalled', signal: 'SIGKILL' })
  const [ended] = await run('kill -TERM $$; sleep 100')
  assert.equal(ended, { how: 'signalled', signal: 'SIGTERM' })
  assert.equal((await run('echo next'))[0], exited(0))
})

shell('a command that kills its whole group is a failure, and others go on', async ({ run }) => {
  const [exit] = await run('kill -9 0')
  assert.equal(exit, { how: 'signalled', signal: 'SIGKILL' })
  assert.equal((await run('echo next'))[0], exited(0))
})

shell('a worker that dies while it waits for work is replaced', async ({ run }) => {
  const [, printed] = await run('echo $$')
  const pid = Number(printed)
  process.kill(pid, 'SIGKILL')
  while (fs.existsSync(`/proc/${pid}`)) await pause(1)
  assert.equal((await run('echo next'))[0], exited(0))
})

shell('what the caller was started with does not reach a command', async ({ dir }) => {
  const canary = join(dir, 'canary')
  const script = `touch '${canary}'; echo canary`
  fs.writeFileSync(join(dir, 'rc'), script)
  fs.writeFileSync(
    join(dir, 'rc.cjs'),
    `require('fs').writeFileSync(${JSON.stringify(canary)}, '')`,
  )
  const hostile = {
    BASH_ENV: join(dir, 'rc'),
    ENV: join(dir, 'rc'),
    CDPATH: '/',
    IFS: 'a',
    GIT_DIR: '/nowhere',
    LD_LIBRARY_PATH: '/nowhere',
    SECRET: 'told',
    ZX_PREFIX: `${script};`,
    ZX_POSTFIX: `; ${script}`,
    ZX_SHELL: '/bin/false',
    ZX_TIMEOUT: '1ms',
    ZX_PREFER_LOCAL: dir,
    ZX_VERBOSE: 'true',
    ZX_CWD: '/',
    ZX_DETACHED: 'false',
  }
  const env = { PATH, DECLARED: 'yes' }
  const log = join(dir, 'log')
  const show = ['sh', '-c', 'sleep 0.05; cd .; pwd; echo "$PATH"; env | cut -d= -f1 | sort']
  const told = await inChild(
    `import { shell } from ${JSON.stringify(SHELL_MODULE)}
const real = shell('mark', process.env.PATH)
const [cwd, env, log] = ${JSON.stringify([dir, env, log])}
const run = await real.run({ text: ${JSON.stringify(commandText(argv(...show), {}))}, cwd, env, log })
const captured = await real.capture(${JSON.stringify(show)}, { cwd, env, timeoutMs: 9000 })
real.close()
console.log(JSON.stringify([run, captured]))`,
    { PATH, ...hostile, NODE_V8_COVERAGE: '' },
  )
  const [exit, captured] = JSON.parse(told)
  const names = `${dir}\n${PATH}\nDECLARED\n${MARK}\nOLDPWD\nPATH\nPWD\n`
  assert.equal(exit, exited(0))
  assert.is(fs.readFileSync(log, 'utf8'), names)
  assert.equal(captured.exit, exited(0))
  assert.is(captured.stdout, names)
  assert.is(captured.stderr, '')
  assert.not.ok(fs.existsSync(canary))
})

shell('what a person preloads into Node reaches no command', async ({ dir }) => {
  const preload = join(dir, 'preload.cjs')
  fs.writeFileSync(
    preload,
    `require('fs').appendFileSync(${JSON.stringify(join(dir, 'who'))}, 'x')`,
  )
  const text = commandText(argv(NODE, '-e', '0'), {})
  await inChild(
    `import { shell } from ${JSON.stringify(SHELL_MODULE)}
const real = shell('mark', '')
const [cwd, text, words] = ${JSON.stringify([dir, text, [NODE, '-e', '0']])}
await real.run({ text, cwd, env: {}, log: cwd + '/log' })
await real.capture(words, { cwd, env: {}, timeoutMs: 9000 })
real.close()`,
    { PATH, NODE_OPTIONS: `--require ${preload}` },
  )
  assert.is(fs.readFileSync(join(dir, 'who'), 'utf8'), 'x')
})

shell('declared values arrive as they are, and last for one command', async ({ run }) => {
  const values = Object.fromEntries(HOSTILE.map((value, i) => [`VALUE_${i}`, value]))
  const names = Object.keys(values)
  const print = `process.stdout.write(JSON.stringify(${JSON.stringify(names)}.map((n) => process.env[n])))`
  const text = commandText(argv(NODE, '-e', print), {})
  const [exit, printed] = await run(text, { env: { PATH, ...values } })
  assert.equal(exit, exited(0))
  assert.equal(JSON.parse(printed), HOSTILE)
  const [, after] = await run(`env | grep -c ^VALUE_ >count; cat count`)
  assert.is(after, `${printed}0\n`)
})

shell(
  'a name that a shell cannot hold is left out, and one of them does no harm',
  async ({ dir, run }) => {
    const env = { PATH, 'A;touch canary;B': 'x', 'BASH_FUNC_ls%%': '() { touch canary; }', '': 'x' }
    const [exit, printed] = await run('env | grep -c -e touch -e ls', { env })
    assert.equal([exit, printed], [exited(1), '0\n'])
    assert.equal(fs.readdirSync(dir), ['log'])
  },
)

const STUBBORN = `trap '' TERM INT HUP; echo ready; sleep 100 & setsid sleep 100 & while :; do sleep 0.01; done`
const POLITE = `trap 'exit 0' TERM; sleep 100 & echo ready; wait`
const SETSID = `setsid sh -c 'setsid sleep 100 & exec sleep 100' & echo ready; sleep 100`

for (const [what, text] of [
  ['ignores the signal', STUBBORN],
  ['exits with 0 at the signal', POLITE],
  ['has children in other sessions', SETSID],
] as const) {
  shell(`one that ${what} is ended with all that it started, by its timeout`, async (scene) => {
    const [exit] = await scene.run(text, { timeoutMs: 200 })
    assert.equal(exit, { how: 'timed-out' })
    assert.equal(marked(scene.mark), [])
    assert.equal((await scene.run('echo next'))[0], exited(0))
  })

  shell(`one that ${what} is ended with all that it started, by a signal`, async (scene) => {
    const stop = new AbortController()
    const running = scene.run(text, { signal: stop.signal })
    await printed(join(scene.dir, 'log'), 'ready')
    stop.abort()
    assert.equal((await running)[0], { how: 'cancelled' })
    assert.equal(marked(scene.mark), [])
  })

  shell(`one that ${what} is ended with all that it started, at once`, async (scene) => {
    const running = scene.run(text)
    await printed(join(scene.dir, 'log'), 'ready')
    const start = performance.now()
    scene.real.killNow()
    assert.equal((await running)[0], { how: 'signalled', signal: 'SIGKILL' })
    assert.ok(performance.now() - start < 1000)
    assert.equal(marked(scene.mark), [])
  })
}

// Each has left all but one of: the group, the session, its parent, the mark in the environment.
const STRAYS = {
  'has an empty environment': 'env -i sleep NAP & sleep 100',
  'has an empty environment and a group of its own': `bash -mc 'env -i sleep NAP & sleep 100'`,
  'has an empty environment and a session of its own': 'env -i setsid sleep NAP & sleep 100',
  'is a child of such a one': `env -i setsid sh -c 'sleep NAP & wait' & sleep 100`,
  'is a daemon': `sh -c 'setsid sh -c "sleep NAP &" &'; sleep 100`,
} as const
for (const [what, text] of Object.entries(STRAYS))
  shell(`a stray that ${what} is ended with its command`, async (scene) => {
    // A length of sleep that nobody else has tells it apart.
    const nap = `100.${process.pid}${scenes}`
    const naps = (): readonly number[] => about(`sleep\0${nap}\0`)
    const stop = new AbortController()
    const running = scene.run(text.replace('NAP', nap), { signal: stop.signal })
    try {
      while (naps().length === 0) await pause(5)
      stop.abort()
      assert.equal((await running)[0], { how: 'cancelled' })
      assert.equal(naps(), [])
    } finally {
      for (const pid of naps()) process.kill(pid, 'SIGKILL')
    }
  })

shell('the jobs of ninja, each in a group of its own, are ended with it', async (scene) => {
  fs.writeFileSync(
    join(scene.dir, 'build.ninja'),
    `rule slow
  command = trap '' TERM; touch $out.begun; sleep 100; sleep 100
build a: slow
build b: slow
`,
  )
  const stop = new AbortController()
  const running = scene.run('ninja -j2', { signal: stop.signal })
  while (!['a', 'b'].every((name) => fs.existsSync(join(scene.dir, `${name}.begun`))))
    await pause(5)
  stop.abort()
  assert.equal((await running)[0], { how: 'cancelled' })
  assert.equal(marked(scene.mark), [])
})

shell('a stray in a session of its own is asked first, and has time to tidy up', async (scene) => {
  const tidying = `trap "sleep 0.2; echo tidy > told; exit" TERM; echo ready; while :; do sleep 0.01; done`
  const stop = new AbortController()
  const running = scene.run(`setsid sh -c '${tidying}' & wait`, { signal: stop.signal })
  await printed(join(scene.dir, 'log'), 'ready')
  stop.abort()
  assert.equal((await running)[0], { how: 'cancelled' })
  assert.is(fs.readFileSync(join(scene.dir, 'told'), 'utf8'), 'tidy\n')
})

shell(
  'who is being ended and does not mind gets no more time at the second call',
  async (scene) => {
    const deaf = `trap "touch asked" TERM; echo ready; while :; do sleep 0.01; done`
    const stop = new AbortController()
    const running = scene.run(`setsid sh -c '${deaf}' & wait`, { signal: stop.signal })
    await printed(join(scene.dir, 'log'), 'ready')
    stop.abort()
    while (!fs.existsSync(join(scene.dir, 'asked'))) await pause(5)
    const start = performance.now()
    scene.real.killNow()
    assert.equal((await running)[0], { how: 'cancelled' })
    // The grace is 2 s.
    assert.ok(performance.now() - start < 1000)
    assert.equal(marked(scene.mark), [])
  },
)

shell('a signal that was given before starts nothing', async ({ dir, real, run }) => {
  const signal = AbortSignal.abort()
  assert.equal((await run('touch canary', { signal }))[0], { how: 'cancelled' })
  const options = { cwd: dir, env: { PATH }, timeoutMs: 9000, signal }
  assert.equal((await real.capture(['touch', 'canary'], options)).exit, { how: 'cancelled' })
  assert.equal(fs.readdirSync(dir), [])
})

shell('many commands with one signal leave no listener on it', async ({ run }) => {
  const { signal } = new AbortController()
  const added: unknown[] = []
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...all: Parameters<typeof addEventListener>) => {
    added.push(all[1])
    addEventListener.apply(signal, all)
  }
  signal.removeEventListener = (...all: Parameters<typeof removeEventListener>) => {
    added.splice(added.indexOf(all[1]), 1)
    removeEventListener.apply(signal, all)
  }
  for (let i = 0; i < 20; i++) assert.equal((await run(':', { signal }))[0], exited(0))
  assert.equal(added, [])
})

shell(
  'both streams go to the log in the order of writing, after what it held',
  async ({ dir, run }) => {
    fs.writeFileSync(join(dir, 'log'), 'before\n')
    const [, log] = await run('echo 1; echo 2 >&2; sh -c "echo 3; echo 4 >&2"; echo 5')
    assert.is(log, 'before\n1\n2\n3\n4\n5\n')
  },
)

shell('a log has any name, and bytes that are no text stay as they are', async ({ dir, run }) => {
  const log = join(dir, `it's a "log"\n$(touch canary) 😀`)
  await run(`printf '\\377\\000\\200'`, { log })
  assert.equal([...fs.readFileSync(log)], [255, 0, 128])
  assert.equal(fs.readdirSync(dir).length, 1)
})

shell('a folder has any name', async ({ dir, run }) => {
  const cwd = join(dir, `-it's a "folder"\n$(touch canary) 😀`)
  fs.mkdirSync(cwd)
  await run('touch here', { cwd })
  assert.equal(fs.readdirSync(cwd), ['here'])
})

shell('50 MB of output do not pass through our memory', async ({ dir, run }) => {
  const before = process.memoryUsage.rss()
  const [exit] = await run(`yes 'warning: a line' | head -c 50000000`, { log: join(dir, 'big') })
  assert.equal(exit, exited(0))
  assert.is(fs.statSync(join(dir, 'big')).size, 50_000_000)
  assert.ok(process.memoryUsage.rss() - before < 30_000_000)
})

shell('a command reads nothing from us', async ({ run }) => {
  const [exit, printed] = await run('readlink /proc/self/fd/0; cat; read line')
  assert.equal([exit, printed], [exited(1), '/dev/null\n'])
})

shell('a command has no files open but its three', async ({ run }) => {
  // And those that whoever started these tests left open to everybody.
  const inherited = execFileSync('/bin/ls', ['/proc/self/fd'], { encoding: 'utf8' })
  const [, printed] = await run('ls /proc/self/fd')
  assert.is(printed, inherited)
})

shell('two commands run at once, each with its own log', async ({ dir, run }) => {
  // Each waits for what the other makes.
  const make = (own: string, other: string) =>
    run(`mkfifo ${own} 2>/dev/null; echo ${own} >${own} & cat ${other}; wait`, {
      log: join(dir, `log-${own}`),
    })
  await run('mkfifo a b')
  const both = await Promise.all([make('a', 'b'), make('b', 'a')])
  assert.equal(both, [
    [exited(0), ''],
    [exited(0), ''],
  ])
  assert.is(fs.readFileSync(join(dir, 'log-a'), 'utf8'), 'b\n')
  assert.is(fs.readFileSync(join(dir, 'log-b'), 'utf8'), 'a\n')
})

shell('200 commands on 8 workers each get their own end', async ({ dir, run }) => {
  const queue = Array.from({ length: 200 }, (_, i) => i)
  const found: Exit[] = []
  const work = async (): Promise<void> => {
    for (let i = queue.pop(); i !== undefined; i = queue.pop())
      found[i] = (await run(`echo ${i} >out-${i}; exit ${i}`))[0]
  }
  await Promise.all(Array.from({ length: 8 }, work))
  assert.equal(
    found,
    Array.from({ length: 200 }, (_, i) => exited(i)),
  )
  assert.is(fs.readdirSync(dir).filter((name) => name.startsWith('out-')).length, 200)
})

shell(
  'once closed, Node ends by itself, also with something left in the background',
  async ({ dir }) => {
    const told = await inChild(
      `import { shell } from ${JSON.stringify(SHELL_MODULE)}
const real = shell('test-background', process.env.PATH)
const more = { cwd: ${JSON.stringify(dir)}, env: { PATH: process.env.PATH } }
const log = more.cwd + '/log'
await Promise.all(['echo 1', 'sleep 100 &'].map((text) => real.run({ text, ...more, log })))
await real.capture(['true'], { ...more, timeoutMs: 9000 })
real.close()
process.on('exit', () => console.log('ended'))`,
      { PATH },
    )
    assert.is(told, 'ended\n')
    await machineShell('x', PATH).endStrays('test-background')
    await nobodyIsLeft('test-background')
  },
)

shell('what was warmed up runs the first command', async ({ dir, mark, real, run }) => {
  const env = { PATH }
  real.warmUp(env, dir)
  real.warmUp(env, dir)
  const [pid, ...others] = marked(mark)
  assert.equal(others, [])
  assert.equal(await run('echo $$', { env }), [exited(0), `${pid}\n`])
  real.warmUp(env, dir)
  assert.equal(marked(mark), [pid])
})

shell('what was warmed up for nothing holds no process', async ({ dir }) => {
  const told = await inChild(
    `import { machine } from ${JSON.stringify(INDEX_MODULE)}
const { shell } = machine()
const warm = () => shell.warmUp({ PATH: process.env.PATH }, ${JSON.stringify(dir)})
warm()
await shell.capture(['true'], { cwd: '/', env: {}, timeoutMs: 9000 })
shell.close()
// Before it has begun.
warm()
shell.close()
process.on('exit', () => console.log('ended'))`,
    { PATH },
  )
  assert.is(told, 'ended\n')
})

shell(
  'what a killed engine left is ended by its mark, and nobody else',
  async ({ dir, real, run }) => {
    const engine = spawn(NODE, ['--input-type=module', '-'], {
      cwd: dir,
      env: { PATH },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    engine.stdin.end(`import { machine } from ${JSON.stringify(INDEX_MODULE)}
const host = machine()
console.log(host.mark)
const [cwd, env] = [process.cwd(), { PATH: process.env.PATH }]
void host.shell.run({ text: 'setsid sleep 100 & echo ready; sleep 100', cwd, env, log: cwd + '/theirs' })`)
    const [chunk] = await once(engine.stdout, 'data')
    const mark = String(chunk).trim()
    await printed(join(dir, 'theirs'), 'ready')
    const stop = new AbortController()
    const ours = run('echo ours; sleep 100', { signal: stop.signal })
    await printed(join(dir, 'log'), 'ours')
    engine.kill('SIGKILL')
    await once(engine, 'exit')
    assert.is.not(marked(mark).length, 0)
    assert.is(await real.endStrays(`${mark}0`), 0)
    assert.is(await real.endStrays(mark.slice(0, -1)), 0)
    assert.is(await real.endStrays(''), 0)
    assert.ok((await real.endStrays(mark)) >= 2)
    assert.equal(marked(mark), [])
    assert.is(await real.endStrays(mark), 0)
    stop.abort()
    assert.equal((await ours)[0], { how: 'cancelled' })
  },
)

shell('a captured program tells what it printed and how it ended', async ({ dir, real }) => {
  const options = { cwd: dir, env: { PATH, A: "it's" }, timeoutMs: 9000 }
  const words = ['sh', '-c', 'echo "$A"; pwd >&2; exit 3']
  const found = await real.capture(words, options)
  assert.equal(found, { exit: exited(3), stdout: "it's\n", stderr: `${dir}\n` })
  const { exit } = await real.capture(['sh', '-c', 'kill -9 $$'], options)
  assert.equal(exit, { how: 'signalled', signal: 'SIGKILL' })
  const input = await real.capture(['cat'], options)
  assert.equal(input, { exit: exited(0), stdout: '', stderr: '' })
})

shell('the words of a captured program arrive as they are', async ({ dir, real }) => {
  const words = [NODE, '-e', ECHO, '--', ...HOSTILE]
  const found = await real.capture(words, { cwd: dir, env: { PATH }, timeoutMs: 9000 })
  assert.equal(found.exit, exited(0))
  assert.equal(JSON.parse(found.stdout), HOSTILE)
  assert.equal(fs.readdirSync(dir), [])
})

shell('a captured program that cannot start says so', async ({ dir, real }) => {
  const options = { cwd: dir, env: { PATH }, timeoutMs: 9000 }
  const missing = await real.capture(['no-such-program'], options)
  assert.equal(missing.exit, exited(127))
  assert.match(missing.stderr, 'no-such-program')
  const nowhere = await real.capture(['true'], { ...options, cwd: join(dir, 'none') })
  assert.is(nowhere.exit.how, 'not-started')
  assert.is((nowhere.exit as { errno: string }).errno, 'ENOENT')
  const tooLong = await real.capture(['true', 'x'.repeat(128 * 1024)], options)
  assert.is((tooLong.exit as { errno: string }).errno, 'E2BIG')
})

for (const [what, text] of [
  ['ignores the signal', STUBBORN],
  ['exits with 0 at the signal', POLITE],
  ['has children in other sessions', SETSID],
] as const) {
  shell(`a captured program that ${what} is ended by its timeout`, async ({ dir, mark, real }) => {
    const options = { cwd: dir, env: { PATH, [MARK]: mark }, timeoutMs: 200 }
    const { exit, stdout } = await real.capture(['sh', '-c', text], options)
    assert.equal(exit, { how: 'timed-out' })
    assert.is(stdout, 'ready\n')
    assert.equal(marked(mark), [])
  })

  shell(`a captured program that ${what} is ended by a signal`, async ({ dir, mark, real }) => {
    const stop = new AbortController()
    const env = { PATH, [MARK]: mark }
    const options = { cwd: dir, env, timeoutMs: 60_000, signal: stop.signal }
    const captured = real.capture(['sh', '-c', text.replace('echo ready', 'touch ready')], options)
    while (!fs.existsSync(join(dir, 'ready'))) await pause(5)
    stop.abort()
    assert.equal((await captured).exit, { how: 'cancelled' })
    assert.equal(marked(mark), [])
  })
}

shell(
  'a captured program does not end what others of the same engine run',
  async ({ dir, mark, real, run }) => {
    const stop = new AbortController()
    const running = run('echo ready; sleep 100', { signal: stop.signal })
    await printed(join(dir, 'log'), 'ready')
    const options = { cwd: dir, env: { PATH, [MARK]: mark }, timeoutMs: 50 }
    assert.equal((await real.capture(['sleep', '100'], options)).exit, { how: 'timed-out' })
    assert.is.not(marked(mark).length, 0)
    stop.abort()
    assert.equal((await running)[0], { how: 'cancelled' })
  },
)

shell('what is paused stands still, whatever it has left, until it goes on', async (scene) => {
  const { dir, mark, real, run } = scene
  const still = `while [ ! -f ${join(dir, 'go')} ]; do sleep 0.02; done`
  const own = `env -i PATH="$PATH" setsid sh -c ${quote(`echo $$ > own; ${still}`)} &`
  const options = { cwd: dir, env: { PATH }, timeoutMs: 60_000 }
  const captured = real.capture(['sh', '-c', `touch asked; ${still}`], options)
  const running = run(`${own} ${still}; wait`)
  const areThere = (): boolean => ['own', 'asked'].every((name) => fs.existsSync(join(dir, name)))
  while (!areThere() || fs.readFileSync(join(dir, 'own'), 'utf8') === '') await pause(5)
  const all = [...marked(mark), Number(fs.readFileSync(join(dir, 'own'), 'utf8'))]
  assert.ok(all.length >= 4, `${all}`)
  const goOn = real.pause()
  // A sleep that has just ended stays a zombie while its shell stands still.
  const isStill = (pid: number): boolean => ['T', 'Z', undefined].includes(stateOf(pid))
  while (!all.every(isStill)) await pause(5)
  assert.equal(marked(mark).map(stateOf), new Array(marked(mark).length).fill('T'))
  fs.writeFileSync(join(dir, 'go'), '')
  goOn()
  assert.equal((await running)[0], exited(0))
  assert.equal((await captured).exit, exited(0))
})

for (const [what, isOver] of [
  ['takes nothing of a time limit', false],
  ['takes no time limit away', true],
] as const)
  shell(`a pause ${what}`, async ({ dir, real, run }) => {
    const text = (name: string): string => `touch ${name}; while [ ! -f go ]; do sleep 0.02; done`
    const options = { cwd: dir, env: { PATH }, timeoutMs: 400 }
    const both = [
      run(text('a'), { timeoutMs: 400 }).then(([exit]) => exit),
      real.capture(['sh', '-c', text('b')], options).then(({ exit }) => exit),
    ]
    while (!['a', 'b'].every((name) => fs.existsSync(join(dir, name)))) await pause(5)
    const goOn = real.pause()
    // As whoever is stopped: nothing of ours goes on meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
    goOn()
    if (!isOver) fs.writeFileSync(join(dir, 'go'), '')
    const exit = isOver ? { how: 'timed-out' } : exited(0)
    assert.equal(await Promise.all(both), [exit, exit])
  })

shell('a captured program is ended at once with all others', async ({ dir, mark, real }) => {
  const options = { cwd: dir, env: { PATH }, timeoutMs: 60_000 }
  const captured = real.capture(['sh', '-c', `trap '' TERM; touch ready; sleep 100`], options)
  while (!fs.existsSync(join(dir, 'ready'))) await pause(5)
  real.killNow()
  assert.equal((await captured).exit, { how: 'signalled', signal: 'SIGKILL' })
  assert.equal(marked(mark), [])
})

shell('a month, or no end, is no timeout that is over at once', async ({ dir, real, run }) => {
  const options = { cwd: dir, env: { PATH }, timeoutMs: Number.POSITIVE_INFINITY }
  assert.equal((await run('sleep 0.05', { timeoutMs: 31 * 86_400_000 }))[0], exited(0))
  assert.equal((await real.capture(['sleep', '0.05'], options)).exit, exited(0))
})

shell('one who prints without end is stopped, and 1 MiB is kept', async ({ dir, real }) => {
  const before = process.memoryUsage.rss()
  const options = { cwd: dir, env: { PATH }, timeoutMs: 60_000 }
  const out = await real.capture(['yes'], options)
  const err = await real.capture(['sh', '-c', `trap '' TERM; exec yes >&2`], options)
  const stopped: Exit = { how: 'signalled', signal: 'SIGTERM' }
  assert.equal([out.exit, err.exit], [stopped, stopped])
  assert.equal([out.stdout.length, out.stderr.length], [1024 * 1024, 0])
  assert.equal([err.stdout.length, err.stderr.length], [0, 1024 * 1024])
  assert.ok(process.memoryUsage.rss() - before < 100_000_000)
})

shell('which: the first folder on PATH that has a program of that name', ({ dir }) => {
  for (const [name, mode] of [
    ['a/tool', 0o644],
    ['b/tool', 0o755],
    ['c/tool', 0o755],
    ['c/other', 0o755],
  ] as const) {
    fs.mkdirSync(join(dir, name, '..'), { recursive: true })
    fs.writeFileSync(join(dir, name), '')
    fs.chmodSync(join(dir, name), mode)
  }
  fs.mkdirSync(join(dir, 'a/other'))
  fs.symlinkSync('tool', join(dir, 'b/link'))
  const which = (name: string, path = `${dir}/none:${dir}/a:${dir}/b:${dir}/c`) =>
    machineShell('x', path).which(name)
  assert.is(which('tool'), `${dir}/b/tool`)
  assert.is(which('tool', `${dir}/c:${dir}/b`), `${dir}/c/tool`)
  // 'a/other' is a folder.
  assert.is(which('other'), `${dir}/c/other`)
  assert.is(which('link'), `${dir}/b/link`)
  assert.is(which('none'), undefined)
  assert.is(which(`${dir}/c/tool`, ''), `${dir}/c/tool`)
  assert.is(which(`${dir}/a/tool`, ''), undefined)
})

shell('AC-278 which: nothing is looked for in the working folder', () => {
  // The tests run in the folder of the project, which has these two.
  const path = `:${process.cwd()}/none::`
  const script = fs.readdirSync('.').find((name) => fs.statSync(name).isFile())
  assert.is(machineShell('x', path).which(script ?? ''), undefined)
  assert.is(machineShell('x', undefined).which('sh'), undefined)
  assert.is(machineShell('x', '/bin').which(''), undefined)
})

shell.run()

/** Programs whose environment holds the mark, by pid. */
function marked(mark: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isMarked(entry, mark))
    .map(Number)
}

/** Programs by their words, each ended by a NUL. */
function about(words: string): readonly number[] {
  return fs.readdirSync('/proc').flatMap((entry) => {
    try {
      const isIt = fs.readFileSync(`/proc/${entry}/cmdline`, 'latin1') === words
      return isIt ? [Number(entry)] : []
    } catch {
      return []
    }
  })
}

function isMarked(pid: string, mark: string): boolean {
  try {
    const rows = fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
    const isOurs = rows.some(
      (row) => row === `${MARK}=${mark}` || row.startsWith(`${MARK}=${mark}.`),
    )
    return isOurs && !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

/** As /proc has it: 'T' is stopped. Undefined when it is not there. */
function stateOf(pid: number): string | undefined {
  try {
    return /^State:\s+(\S)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  } catch {
    return undefined
  }
}

// An idle worker ends when its input is closed: that takes a moment.
async function nobodyIsLeft(mark: string): Promise<void> {
  for (let i = 0; i < 200 && marked(mark).length > 0; i++) await pause(10)
  const left = marked(mark).map((pid) => fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
  for (const pid of marked(mark)) process.kill(pid, 'SIGKILL')
  assert.equal(left, [])
}

// While a command runs, what it prints stands in the spool of its worker, beside the log.
async function printed(log: string, text: string): Promise<void> {
  const folder = dirname(log)
  const isOutput = (name: string): boolean => name === basename(log) || name.startsWith('.spool-')
  const hasIt = (name: string): boolean =>
    fs.readFileSync(join(folder, name), 'utf8').includes(text)
  while (!fs.readdirSync(folder).filter(isOutput).some(hasIt)) await pause(5)
}

async function inChild(program: string, env: Record<string, string>): Promise<string> {
  const child = spawn(NODE, ['--input-type=module', '-'], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(program)
  let told = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  const [code] = await once(child, 'close')
  assert.is(code, 0)
  return told
}
