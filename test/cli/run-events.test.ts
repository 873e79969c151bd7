// run --events FILE: the record of a run, for another program, while the run goes on.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { Ajv2020 } from 'ajv/dist/2020.js'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { withParts } from './support/parts-graph.ts'
import { bin, bitnetTasks, start } from './support/program.ts'

const stream = suite('run --events')

function runsIn(home: string): readonly string[] {
  const folder = join(home, '.bitnet-tasks/runs')
  if (!fs.existsSync(folder)) return []
  const names = fs.readdirSync(folder).sort()
  return names.map((name) => fs.readFileSync(join(folder, name), 'utf8'))
}

type Line = Readonly<Record<string, unknown>>

function parsed(record: string): readonly Line[] {
  assert.ok(record.endsWith('\n'))
  return record
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

stream(
  'into a file goes what is kept of the run, byte for byte; it replaces what was there',
  withParts(async ({ home, write, read }) => {
    write('events.ndjson', 'of the run before\n')
    const cold = await bitnetTasks(['run', '--events', 'events.ndjson'], { home })
    assert.is(cold.code, 0)
    assert.is(read('events.ndjson'), runsIn(home).at(-1))
    write('a.txt', 'bad\n')
    const failed = await bitnetTasks(['run', '-k', '--events=events.ndjson'], { home })
    assert.is(failed.code, 1)
    assert.is(read('events.ndjson'), runsIn(home).at(-1))
    assert.is(runsIn(home).length, 2)
    // Of the same lines the same summary is made.
    const { id } = parsed(read('events.ndjson'))[0] as { id: string }
    const { stdout } = await bitnetTasks(['report', '--run', id], { home })
    assert.ok(failed.stderr.endsWith(stdout), failed.stderr)
  }),
)

stream(
  'with - the events are all that is on stdout',
  withParts(async ({ home }) => {
    const { code, stdout, stderr } = await bitnetTasks(['run', '--events', '-'], { home })
    assert.is(code, 0)
    assert.is(stdout, runsIn(home).at(-1))
    assert.match(stderr, '3 changed')
  }),
)

stream(
  'a line is there as soon as it happened, and a FIFO waits for who reads it',
  withParts(async ({ home, write }) => {
    write('wait', '')
    const fifo = join(home, 'fifo')
    execFileSync('mkfifo', [fifo])
    const { ended } = start(['run', '--events', fifo], { home })
    let seen = ''
    for await (const piece of fs.createReadStream(fifo, 'utf8')) {
      seen += piece
      // The run waits until the file is gone: it has not ended when this arrives.
      if (/"type":"started".*"node":"all"/.test(seen))
        fs.rmSync(join(home, 'wait'), { force: true })
    }
    assert.is((await ended).code, 0)
    assert.is(seen, runsIn(home).at(-1))
  }),
)

stream(
  'a descriptor that the caller has opened, be it a pipe or a socket',
  withParts(async ({ home, write }) => {
    // To Node a pipe of its child is a socket, which nobody can open by name.
    const before = ['sh', '-c', 'exec "$@" 3>&1 >/dev/null', 'sh']
    const socket = await bitnetTasks(['run', '--events', '/dev/fd/3'], { home, before })
    assert.is(socket.stdout, runsIn(home).at(-1))
    write('a.txt', 'A\n')
    const piped = ['bash', '-c', '"$@" 3> >(cat >piped) && wait $!', 'bash']
    assert.is(
      (await bitnetTasks(['run', '--events', '/dev/fd/3'], { home, before: piped })).code,
      0,
    )
    assert.is(fs.readFileSync(join(home, 'piped'), 'utf8'), runsIn(home).at(-1))
  }),
)

stream(
  'a reader that goes away ends the stream and not the run, and is told of once',
  withParts(async ({ home, write }) => {
    write('wait', '')
    const fifo = join(home, 'fifo')
    execFileSync('mkfifo', [fifo])
    const { ended } = start(['run', '--events', fifo], { home })
    const reader = spawn('head', ['-n', '1', fifo], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => reader.on('close', resolve))
    fs.rmSync(join(home, 'wait'))
    const { code, stderr } = await ended
    assert.is(code, 0, stderr)
    const gone = `the events in '${fifo}' are not whole: what read them has gone; the run is not touched by it\n`
    assert.is(stderr.split(gone).length, 2, stderr)
    assert.is(parsed(runsIn(home).at(-1) as string).at(-1)?.['type'], 'done')
  }),
)

// Its first line is more than a pipe or a socket takes.
const MUCH = Array<string>(60_000).fill('all')

// Nobody reads a FIFO that is only open: not before it is asked for.
function unread(home: string): { readonly fifo: string; readonly taken: () => Promise<string> } {
  const fifo = join(home, 'fifo')
  execFileSync('mkfifo', [fifo])
  const fd = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  const pipe = new Socket({ fd, readable: true, writable: false })
  pipe.pause()
  return { fifo, taken: () => text(pipe) }
}

stream(
  'a reader that stops reading holds no run; at the end the program waits until it has all',
  withParts(async ({ home }) => {
    const { fifo, taken } = unread(home)
    const { ended, says } = start(['run', ...MUCH, '--events', fifo], { home })
    await says('3 changed')
    await says(`the run has ended; what reads the events in '${fifo}' has not taken the last `)
    const seen = await taken()
    const { code, stderr } = await ended
    assert.equal([code, seen === runsIn(home).at(-1)], [0, true])
    assert.match(stderr, / KiB yet\n {2}hint: Ctrl-C ends it without them\n$/)
  }),
)

stream(
  'nor does a socket of which nobody reads',
  withParts(async ({ home }) => {
    const words = [bin, 'run', ...MUCH, '--events', '-']
    const env = { HOME: home, PATH: process.env['PATH'] }
    const child = spawn(process.execPath, words, { cwd: home, env })
    let said = ''
    child.stderr.setEncoding('utf8')
    for await (const piece of child.stderr) {
      said += piece
      if (said.includes('has not taken')) break
    }
    assert.match(said, '3 changed')
    const [seen, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.equal([code, seen === runsIn(home).at(-1)], [0, true])
  }),
)

stream(
  'Ctrl-C ends a run and the wait for a reader, by the signal',
  withParts(async ({ home, write }) => {
    const { fifo } = unread(home)
    const words = ['run', ...MUCH, '--events', fifo]
    const waiting = start(words, { home })
    await waiting.says('has not taken')
    waiting.child.kill('SIGINT')
    assert.is((await waiting.ended).signal, 'SIGINT')
    write('wait', '')
    write('a.txt', 'A\n')
    const running = start(words, { home })
    await running.says('] all started')
    running.child.kill('SIGTERM')
    const { signal, stderr } = await running.ended
    assert.is(signal, 'SIGTERM')
    assert.match(stderr, 'are not whole: what reads them did not take the rest; the run is not')
    assert.is(parsed(runsIn(home).at(-1) as string).at(-1)?.['type'], 'done')
  }),
)

stream(
  'a reader that still reads gets the end of a run that Ctrl-C has ended',
  withParts(async ({ home, write }) => {
    write('wait', '')
    const { child, ended, says } = start(['run', '--events', '-'], { home })
    await says('] all started')
    child.kill('SIGINT')
    const { signal, stdout } = await ended
    assert.equal([signal, stdout], ['SIGINT', runsIn(home).at(-1)])
  }),
)

stream(
  'a disk that is full is told of at the end, and the run goes well',
  withParts(async ({ home }) => {
    const { code, stderr } = await bitnetTasks(['run', '--events', '/dev/full'], { home })
    assert.is(code, 0)
    assert.match(
      stderr,
      "the events in '/dev/full' are not whole: ENOSPC; the run is not touched by it\n",
    )
    assert.match(stderr, '3 changed')
  }),
)

const SCHEMA = join(import.meta.dirname, '../../docs/schemas/events.json')

stream(
  'a run with nothing to do has events, sealed or not, and keeps none',
  withParts(async ({ home, read }) => {
    const validate = new Ajv2020({ strict: true }).compile(
      JSON.parse(fs.readFileSync(SCHEMA, 'utf8')),
    )
    await bitnetTasks(['run'], { home })
    for (const _ of ['unsealed', 'sealed', 'sealed']) {
      const { code } = await bitnetTasks(['run', 'all', '--events', 'events.ndjson'], { home })
      assert.is(code, 0)
      const lines = parsed(read('events.ndjson'))
      for (const line of lines) assert.ok(validate(line), JSON.stringify(validate.errors))
      const [header, ...events] = lines
      const { at, ...rest } = header as { at: number }
      assert.equal(rest, { type: 'run', version: 1, targets: ['all'] })
      assert.equal(
        events.map(({ type, node, outcome }) => [type, node, outcome].filter(Boolean).join(' ')),
        [
          'planned',
          'finished part[a] fresh',
          'finished part[b] fresh',
          'finished all fresh',
          'done',
        ],
      )
      assert.is((events.at(-1) as { summary?: { ok: boolean } }).summary?.ok, true)
      fs.rmSync(join(home, 'events.ndjson'))
      await bitnetTasks(['run', 'all'], { home })
    }
    assert.is(runsIn(home).length, 1)
  }),
)

const CANNOT = `cannot write 'no/such/file': ENOENT
  hint: give a path in a folder that is there and that you may write to, or - for stdout
`

stream(
  'a file that cannot be written is an error before anything runs',
  withParts(async ({ home }) => {
    const missing = await bitnetTasks(['run', '--events', 'no/such/file'], { home })
    assert.equal([missing.code, missing.stderr], [2, CANNOT])
    const closed = await bitnetTasks(['run', '--events', '/dev/fd/77'], { home })
    assert.is(closed.code, 2)
    assert.match(closed.stderr, "cannot write '/dev/fd/77': EBADF\n")
    // By these Node talks to the system, and would die of a line in them.
    for (let fd = 3; fd < 24; fd++) {
      const own = await bitnetTasks(['run', '--events', `/dev/fd/${fd}`], { home })
      assert.equal(
        [fd, own.code, own.stderr.split('\n')[0]],
        [fd, 2, `cannot write '/dev/fd/${fd}': EBADF`],
      )
    }
    assert.not(fs.existsSync(join(home, 'out')))
  }),
)

stream(
  'without a command too',
  withParts(async ({ home }) => {
    const { code, stdout } = await bitnetTasks(['--events', '-'], { home })
    assert.equal([code, parsed(stdout)[0]?.['type']], [0, 'run'])
  }),
)

const CONTRADICTIONS: readonly (readonly [words: readonly string[], message: string])[] = [
  [['--events', '-', '--json'], 'error: --events - and --json would both print on stdout\n'],
  [
    ['--events', '/dev/stdout', '--trace', '-'],
    'error: --events /dev/stdout and --trace - would both print on stdout\n',
  ],
  [
    ['--events', 'e', '--dry-run'],
    'error: --events and --dry-run: nothing runs, so there are no events\n',
  ],
]

stream(
  'two answers on one stdout, and the events of a run that is none, are refused',
  withParts(async ({ home }) => {
    for (const [words, message] of CONTRADICTIONS) {
      const { code, stdout, stderr } = await bitnetTasks(['run', ...words], { home })
      assert.equal([code, stdout], [2, ''])
      assert.ok(stderr.startsWith(`${message}  hint: `), stderr)
    }
    for (const made of ['e', 'out', '.bitnet-tasks'])
      assert.not(fs.existsSync(join(home, made)), made)
    const beside = await bitnetTasks(['run', '--events', 'e', '--json'], { home })
    assert.is(JSON.parse(beside.stdout).ok, true)
  }),
)

stream(
  'so are two of what a past run, or one that has just ended, is told as',
  withParts(async ({ home }) => {
    assert.is((await bitnetTasks(['run'], { home })).code, 0)
    for (const [words, both] of [
      [['report', '--html', '-', '--trace', '-'], '--html - and --trace -'],
      [['report', '--html', '/dev/stdout', '--json'], '--html /dev/stdout and --json'],
      [['report', '--trace', '/dev/fd/1', '--json'], '--trace /dev/fd/1 and --json'],
      [['run', '--trace', '-', '--json'], '--trace - and --json'],
    ] as const) {
      const { code, stdout, stderr } = await bitnetTasks(words, { home })
      assert.equal([code, stdout], [2, ''])
      const hint = '  hint: give one of them a file\n'
      assert.is(stderr, `error: ${both} would both print on stdout\n${hint}`)
    }
    const words = ['report', '--html', 'page', '--trace', '-']
    const { stdout } = await bitnetTasks(words, { home })
    assert.ok(JSON.parse(stdout).traceEvents.length > 0)
    assert.match(fs.readFileSync(join(home, 'page'), 'utf8'), '<!doctype html>')
  }),
)

stream.run()
