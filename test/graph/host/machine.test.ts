import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { machine as thisMachine } from '../../../graph/host/index.ts'
import { endingsOn, which } from '../../../graph/host/which.ts'
import { suite } from '../../support/suite.ts'

const machine = suite('machine')
const INDEX_MODULE = join(import.meta.dirname, '../../../graph/host/index.ts')

machine('the id of the boot is the kernel’s, and the same for every process', () => {
  const own = thisMachine({}).clock.bootId()
  assert.is(own, fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  assert.is(inChild('host.clock.bootId()'), own)
})

machine('what the processor can do is a fact, and the same for every process', () => {
  const cpu = thisMachine({}).fact('cpu') ?? ''
  assert.ok(cpu.startsWith(`${process.arch}; `))
  const words = /^(?:flags|Features)\s*: (.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
  assert.ok(cpu.includes(words ?? 'no flags'))
  // What changes from moment to moment decides nothing.
  assert.not.match(cpu, /MHz|bogomips/i)
  assert.is(inChild(`host.fact('cpu')`), cpu)
})

machine('the system is a fact; what is no fact has none', () => {
  const { fact } = thisMachine({})
  assert.is(fact('os'), `${process.platform} ${process.arch}`)
  for (const name of ['', 'memory', 'constructor', 'toString', '__proto__'])
    assert.is(fact(name), undefined)
})

machine(
  'what stands behind the name of a program is tried on Windows alone, as PATHEXT says',
  () => {
    for (const system of ['linux', 'darwin']) assert.equal(endingsOn(system, '.EXE'), [''])
    assert.equal(endingsOn('win32', undefined), ['', '.com', '.exe', '.bat', '.cmd'])
    assert.equal(endingsOn('win32', '.EXE;.PS1'), ['', '.exe', '.ps1'])
    const dir = fs.mkdtempSync(join(tmpdir(), 'machine-'))
    try {
      fs.writeFileSync(join(dir, 'tool.exe'), '', { mode: 0o755 })
      assert.is(which('tool', dir, endingsOn('win32', undefined)), join(dir, 'tool.exe'))
      assert.is(which('tool', dir, endingsOn('linux', undefined)), undefined)
    } finally {
      fs.rmSync(dir, { recursive: true })
    }
  },
)

machine('folders of PATH count from where it was started, for commands too', () => {
  const { env, shell } = thisMachine({ PATH: ':./none:test/../package.json::/bin:', A: 'a' })
  assert.equal(env, {
    A: 'a',
    PATH: `${process.cwd()}/none:${process.cwd()}/package.json:/bin`,
  })
  assert.is(shell.which('sh'), '/bin/sh')
  const whole = { PATH: '/usr/bin:/bin' }
  assert.is(thisMachine(whole).env, whole)
})

machine('the first two commands that it is given at once keep their output apart', async () => {
  const dir = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'machine-')))
  const { shell } = thisMachine({ PATH: process.env['PATH'] })
  try {
    const names = ['slow', 'quick']
    await Promise.all(
      names.map((name) => {
        const text = `${name === 'slow' ? 'sleep 0.05; ' : ''}echo ${name}`
        const env = { PATH: process.env['PATH'] ?? '' }
        return shell.run({ text, cwd: dir, env, log: join(dir, `${name}.log`) })
      }),
    )
    for (const name of names)
      assert.is(fs.readFileSync(join(dir, `${name}.log`), 'utf8'), `${name}\n`)
  } finally {
    shell.close()
    fs.rmSync(dir, { recursive: true })
  }
})

machine('its clock is that of files', () => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'machine-'))
  try {
    const { clock, disk } = thisMachine({})
    // The kernel's clock for files goes by ticks of up to 10 ms, and ours by milliseconds.
    const before = clock.fileNow() - 11
    fs.writeFileSync(join(dir, 'a'), '')
    const after = clock.fileNow() + 1
    const written = disk.stat(join(dir, 'a'))?.mtimeMs ?? 0
    assert.ok(before <= written && written <= after, `${before} ${written} ${after}`)
    assert.ok(Math.abs(clock.now() - Date.now()) < 1000)
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
})

machine('time never goes back within a run', () => {
  const { clock } = thisMachine({})
  let last = clock.now()
  for (let i = 0; i < 1000; i++) {
    const now = clock.now()
    assert.ok(now >= last)
    last = now
  }
})

machine('a call comes after its time, in order, and not when it was cancelled', async () => {
  const { clock } = thisMachine({})
  const called: string[] = []
  const start = performance.now()
  clock.after(1, () => called.push('first'))
  const cancel = clock.after(5, () => called.push('cancelled'))
  cancel()
  cancel()
  await new Promise<void>((resolve) => {
    clock.after(20, resolve)
  })
  assert.equal(called, ['first'])
  assert.ok(performance.now() - start >= 19)
})

machine('every process has its mark, of characters that need no quoting', () => {
  const { mark } = thisMachine({})
  assert.match(mark, /^\d+-\d+$/)
  assert.is.not(inChild('host.mark'), mark)
})

machine('programs are looked for on the PATH that it was given', () => {
  assert.is(thisMachine({}).shell.which('sh'), undefined)
  assert.is(thisMachine({ PATH: '/bin' }).shell.which('sh'), '/bin/sh')
  const env = { PATH: '/bin', OTHER: undefined }
  assert.is(thisMachine(env).env, env)
  assert.is(thisMachine().env, process.env)
  assert.is(thisMachine().cores, availableParallelism())
})

machine('no package is loaded before it is needed', () => {
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-'], {
    input: `import { registerHooks } from 'node:module'
const packages = []
registerHooks({ load(url, context, next) {
  if (url.includes('/node_modules/')) packages.push(url)
  return next(url, context)
} })
const { machine } = await import(${JSON.stringify(INDEX_MODULE)})
const host = machine()
host.disk.stat('/')
await host.shell.run({ text: ':', cwd: '/', env: {}, log: '/dev/null' })
host.shell.close()
console.log(packages.join(' '))`,
    encoding: 'utf8',
  })
  assert.is(loaded, '\n')
})

machine.run()

function inChild(expression: string): string {
  const program = `import { machine } from ${JSON.stringify(INDEX_MODULE)}
const host = machine()
process.stdout.write(String(${expression}))`
  return execFileSync(process.execPath, ['--input-type=module', '-'], {
    input: program,
    encoding: 'utf8',
  })
}
