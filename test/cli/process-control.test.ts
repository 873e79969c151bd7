// timeout: 240
// A command that is not to go on: what counts as its end, what is left of it, and how the engine itself ends.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as assert from 'uvu/assert'

import type { RunSummary } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { appears, inHomeOf, leftIn, untilAll } from './support/processes.ts'
import { bin, bitnetTasks, start } from './support/program.ts'
import { becoming, HIDES_CURSOR, openTerminal, showsCursor } from './support/terminal.ts'

const control = suite('process control')

/** Runs with a graph of some tasks: name, command, and more of its spec as text. */
function withTasks(
  rows: readonly (readonly [name: string, command: string, more?: string])[],
  body: (home: string) => Promise<void>,
): () => Promise<void> {
  const tasks = rows.map(([name, command, more = '']) => {
    const spec = `{ outputs: ['out/${name}'], run: sh(${JSON.stringify(command)}), ${more} }`
    return `const ${name} = task('${name}', () => (${spec}))\n`
  })
  const names = rows.map(([name]) => name).join(', ')
  return inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.mjs'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
${tasks.join('')}export default defineGraph({ tasks: [${names}] })
`,
    )
    await body(home)
  })
}

/** The exit code, and how many nodes ended how. */
async function runJson(home: string, ...args: string[]) {
  const { code, stdout } = await bitnetTasks(['run', '--json', ...args], { home })
  const { outcomes, failures } = JSON.parse(stdout) as RunSummary
  const ends = Object.entries(outcomes).filter(([, count]) => count > 0)
  return { code, ends: Object.fromEntries(ends), failed: failures.map(({ node }) => node) }
}

const LATE = {
  'ends with 0 at the signal': `trap 'echo made > out/late; exit 0' TERM; sleep 100 & wait`,
  'ends with 0 a while after the signal': `trap '' TERM; sleep 0.6; echo made > out/late`,
  'has its output ready, and does not end': `trap '' TERM; echo made > out/late; sleep 100`,
}
for (const [what, command] of Object.entries(LATE))
  control(
    `a command that is over its time and ${what} has timed out: nothing is recorded, cached or built on it`,
    withTasks(
      [
        ['late', command, 'timeoutMs: 300'],
        ['after', 'cp out/late out/after', 'needs: [late()]'],
        ['other', 'sleep 0.5; echo other > out/other'],
      ],
      async (home) => {
        const first = await runJson(home, '-k')
        assert.is(first.code, 1)
        assert.equal(first.ends, { changed: 1, 'timed-out': 1, blocked: 1 })
        assert.equal(first.failed, ['late'])
        const { stdout } = await bitnetTasks(['cache', 'stats', '--json'], { home })
        assert.is(JSON.parse(stdout).entries, 1, 'that of the one that went well')
        // Taken for a success it would be fresh now.
        const second = await runJson(home, 'after', '--retry')
        assert.is(second.code, 1)
        assert.equal(second.ends, { 'timed-out': 1, blocked: 1 })
        assert.equal(inHomeOf(home), [])
      },
    ),
  )

control(
  'a command within its time that ends just before is a success',
  withTasks([['quick', 'sleep 0.1; echo made > out/quick', 'timeoutMs: 20000']], async (home) => {
    assert.equal((await runJson(home)).ends, { changed: 1 })
  }),
)

// dash and bash go on after a command that has handled the signal itself; only its death by it ends them.
control(
  'Ctrl-C in a terminal ends a loop of the shell as well: the engine dies by the signal',
  withTasks([['long', 'sleep 1234']], async (home) => {
    const loop = `for i in 1 2 3; do echo "[turn $i]"; ${process.execPath} ${bin} run; done; echo "[after]"`
    const { type, ended } = openTerminal(home, loop, { SHELL: '/bin/bash' })
    await appears(home, /^sleep 1234/)
    type('\x03')
    const { screen } = await ended
    assert.match(screen, '[turn 1]')
    assert.not.match(screen, '[turn 2]')
    assert.not.match(screen, '[after]')
    assert.equal(inHomeOf(home), [])
  }),
)

control(
  'kill -l in the shell that started it names the signal',
  withTasks([['long', 'sleep 1234']], async (home) => {
    const line = `${process.execPath} ${bin} run & wait $!; kill -l $?`
    for (const name of ['TERM', 'INT', 'HUP', 'QUIT']) {
      // An asynchronous command of a shell without job control is deaf to INT and QUIT, save in Node.
      const child = spawn('bash', ['-c', line], { cwd: home, env: environment(home) })
      let said = ''
      child.stdout.on('data', (text) => {
        said += text
      })
      await appears(home, /^sleep 1234/)
      const { pid } = await appears(home, /^\S*node .*bin\S+ run$/)
      process.kill(pid, `SIG${name}`)
      await once(child, 'close')
      assert.is(said.trim(), name)
      assert.equal(inHomeOf(home), [])
    }
  }),
)

control(
  'Ctrl-C leaves what failed before it told, with how many nodes became what',
  withTasks(
    [
      ['breaks', 'echo "x.c:1: error: broken" >&2; exit 3'],
      ['long', 'sleep 1234'],
    ],
    async (home) => {
      const { child, ended } = start(['run', '-k', '-j2'], { home })
      await appears(home, /^sleep 1234/)
      while (!fs.existsSync(join(home, '.bitnet-tasks/logs/breaks.1.log'))) await pause(10)
      child.kill('SIGINT')
      const { signal, stderr } = await ended
      assert.is(signal, 'SIGINT')
      assert.match(
        stderr,
        /\n1 failed, 1 cancelled in [\d.]+s\nbreaks: command failed with exit code 3: /,
      )
    },
  ),
)
const ERASES_ABOVE = '\x1b[1A'

control(
  'Ctrl-Z leaves the shell its cursor and stops what runs; fg draws below, and all goes on',
  withTasks([['long', 'setsid sleep 1234 & sleep 1234']], async (home) => {
    const run = `${process.execPath} ${bin} run`
    const line = `bash -mc '${run}; echo "[stopped]"; read -r; fg > /dev/null'`
    const { type, sees, ended } = openTerminal(home, line, { SHELL: '/bin/bash' })
    await appears(home, /^sleep 1234/)
    await sees(HIDES_CURSOR)
    type('\x1a')
    await sees('[stopped]')
    await untilAll('stopped', home, /^sleep 1234/)
    type('\n')
    await sees(HIDES_CURSOR)
    assert.is((await untilAll('going on', home, /^sleep 1234/)).length, 2)
    type('\x03')
    const { screen } = await ended
    assert.ok(showsCursor(screen.slice(0, screen.indexOf('[stopped]'))), screen)
    assert.ok(showsCursor(screen))
    const after = screen.slice(screen.indexOf('[stopped]'))
    const untilDrawn = after.slice(0, after.indexOf('0/1'))
    assert.not.match(untilDrawn, ERASES_ABOVE, 'what the shell has written stays')
    assert.equal(await leftIn(home), [])
  }),
)

control(
  'the next run ends what one has left that was stopped with Ctrl-Z, and then killed',
  withTasks(
    [['long', `[ -f quick ] || { setsid sleep 1234 & sleep 1234; }; echo > out/long`]],
    async (home) => {
      const line = `bash -mc '${process.execPath} ${bin} run -q; echo "[stopped]"; kill -9 %1'`
      const { type, sees, ended } = openTerminal(home, line, { SHELL: '/bin/bash' })
      await appears(home, /^sleep 1234/)
      type('\x1a')
      await sees('[stopped]')
      await ended
      assert.is((await untilAll('stopped', home, /^sleep 1234/)).length, 2)
      fs.writeFileSync(join(home, 'quick'), '')
      assert.equal((await runJson(home)).ends, { changed: 1 })
      assert.equal(await leftIn(home), [])
    },
  ),
)

control(
  'a second Ctrl-C ends at once also what is deaf and in a session of its own',
  withTasks(
    [
      [
        'long',
        `setsid sh -c "trap 'touch asked' TERM; echo > ready; while :; do sleep 0.01; done" & wait`,
      ],
    ],
    async (home) => {
      const appearsFile = async (name: string): Promise<void> => {
        while (!fs.existsSync(join(home, name))) await pause(10)
      }
      const running = start(['run'], { home })
      await appearsFile('ready')
      running.child.kill('SIGINT')
      await appearsFile('asked')
      const sentAt = performance.now()
      running.child.kill('SIGINT')
      const { signal } = await running.ended
      assert.is(signal, 'SIGINT')
      assert.equal(inHomeOf(home), [])
      // The first leaves it 2 s.
      assert.ok(performance.now() - sentAt < 1500)
    },
  ),
)

control(
  'an error that nobody caught leaves no processes',
  withTasks([['long', 'setsid sleep 1234 & sleep 1234']], async (home) => {
    const bomb = join(home, 'bomb.cjs')
    fs.writeFileSync(bomb, `process.on('SIGUSR2', () => { throw new Error('bomb') })\n`)
    const running = start(['run'], { home, node: ['--require', bomb] })
    await appears(home, /^sleep 1234/)
    running.child.kill('SIGUSR2')
    const { code, stderr } = await running.ended
    assert.is(code, 1)
    assert.match(stderr, 'Error: bomb')
    assert.equal(await leftIn(home), [])
  }),
)

control(
  'after an error that nobody caught the cursor is back, too',
  withTasks([['long', 'sleep 1234']], async (home) => {
    const bomb = join(home, 'bomb.cjs')
    fs.writeFileSync(bomb, `process.on('SIGUSR2', () => { throw new Error('bomb') })\n`)
    const words = [process.execPath, '--require', bomb, bin, 'run']
    const { sees, ended } = openTerminal(home, becoming(words))
    const { pid } = await appears(home, /bomb.cjs \S+ run$/)
    await appears(home, /^sleep 1234/)
    await sees(HIDES_CURSOR)
    process.kill(pid, 'SIGUSR2')
    const { screen } = await ended
    assert.match(screen, 'Error: bomb')
    assert.ok(showsCursor(screen), screen)
    assert.equal(await leftIn(home), [])
  }),
)

for (const command of ['run', 'watch'])
  control(
    `a terminal that is closed ends ${command} and what it runs`,
    withTasks([['long', 'setsid sleep 1234 & sleep 1234']], async (home) => {
      const { child } = openTerminal(home, becoming([process.execPath, bin, command]))
      await appears(home, /^sleep 1234/)
      // The terminal is that of `script`.
      child.kill('SIGKILL')
      assert.equal(await leftIn(home), [])
    }),
  )

control(
  'a watch notices by itself that its terminal is closed, where whoever started it hides the signal',
  withTasks([['long', 'sleep 1234']], async (home) => {
    const line = `trap : HUP; "$0" "$@"; echo $? > code`
    const words = ['bash', '-c', line, process.execPath, bin, 'watch']
    const { child } = openTerminal(home, becoming(words))
    await appears(home, /^sleep 1234/)
    child.kill('SIGKILL')
    assert.equal(await leftIn(home), [])
    assert.is(fs.readFileSync(join(home, 'code'), 'utf8'), '129\n')
  }),
)

control(
  'after kill -9 the next run ends what was left, also without a mark, before it begins',
  withTasks(
    [['long', `[ -f quick ] || { env -i setsid sleep 1234 & sleep 1234; }; echo > out/long`]],
    async (home) => {
      const first = start(['run'], { home })
      await appears(home, /^sleep 1234/)
      const naked = nakedNaps(home)
      first.child.kill('SIGKILL')
      assert.is((await first.ended).code, 137)
      assert.ok(inHomeOf(home).some(({ command }) => command === 'sleep 1234'))
      fs.writeFileSync(join(home, 'quick'), '')
      const second = await runJson(home)
      assert.equal(second.ends, { changed: 1 })
      assert.equal(await leftIn(home), [])
      assert.ok(naked.length > 0)
      assert.equal(nakedNaps(home), [])
    },
  ),
)

control(
  'after kill -9 the next run ends what was left also when the log was followed meanwhile',
  withTasks(
    [
      ['other', 'echo other > out/other'],
      ['long', 'echo begun; sleep 1234'],
    ],
    async (home) => {
      const first = start(['run', 'long'], { home })
      await appears(home, /^sleep 1234/)
      // Says where the log of a running node grows.
      while (!fs.existsSync(join(home, '.bitnet-tasks/logs/long.running'))) await pause(10)
      first.child.kill('SIGKILL')
      await first.ended
      assert.is((await bitnetTasks(['logs', 'long', '--follow'], { home })).code, 0)
      assert.is((await runJson(home, 'other')).code, 0)
      assert.equal(await leftIn(home), [])
    },
  ),
)

control(
  'a run goes on where stderr takes nothing, as a file on a full disk',
  withTasks([['a', 'echo a > out/a']], async (home) => {
    for (const [flags, code] of [
      [[], 0],
      [['--no-such-flag'], 2],
    ] as const) {
      const stderr = fs.openSync('/dev/full', 'w')
      const child = spawn(process.execPath, [bin, 'run', ...flags], {
        cwd: home,
        env: environment(home),
        stdio: ['ignore', 'ignore', stderr],
      })
      assert.equal(await once(child, 'exit'), [code, null])
      fs.closeSync(stderr)
    }
    const { stdout } = await bitnetTasks(['status'], { home })
    assert.is(stdout, 'a  fresh\n')
  }),
)

control.run()

/** Without an environment only its working folder tells whose it is. */
function nakedNaps(home: string): readonly string[] {
  return fs.readdirSync('/proc').filter((pid) => {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      return words === 'sleep\x001234\0' && fs.readlinkSync(`/proc/${pid}/cwd`) === home
    } catch {
      return false
    }
  })
}

function environment(home: string): Record<string, string> {
  return { HOME: home, PATH: process.env['PATH'] ?? '', TERM: 'xterm', SHELL: '/bin/sh' }
}
