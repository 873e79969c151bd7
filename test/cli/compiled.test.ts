// The compiled code of the program, kept from one process to the next.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { type At, withParts } from './support/parts-graph.ts'
import { bitnetTasks, builtBin } from './support/program.ts'

const compiled = suite('the compiled code of the program')

type Home = Pick<At, 'home'>

const built = { program: builtBin }

async function forced({ home }: Home, ...more: readonly string[]): Promise<void> {
  const { code, stderr } = await bitnetTasks(['run', 'all', '--force', ...more], { home, ...built })
  assert.is(code, 0, stderr)
}

function folder({ home }: Home): string {
  const below = join(home, '.cache/bitnet-tasks/node')
  const name = fs.readdirSync(below).find((one) => one.startsWith('program-'))
  return join(below, name as string)
}

function names(at: Home): readonly string[] {
  return fs.readdirSync(folder(at))
}

function only(at: Home): string {
  const [name, ...others] = names(at)
  assert.equal(others, [])
  return join(folder(at), name as string)
}

compiled(
  'is kept by the first run and taken by the next',
  withParts(async (at) => {
    await forced(at)
    assert.is(fs.statSync(only(at)).mode & 0o077, 0)
    assert.ok(await isTaken(at))
  }),
)

// One that is not taken is made anew, and one that a shorter command has left.
async function isTaken(at: Home, workMs = 1e9): Promise<boolean> {
  const bytes = fs.readFileSync(only(at))
  bytes.writeUInt32LE(workMs, 4)
  fs.writeFileSync(only(at), bytes)
  const { ino } = fs.statSync(only(at))
  await forced(at)
  return fs.statSync(only(at)).ino === ino
}

compiled(
  'of a command that did more is kept instead',
  withParts(async (at) => {
    await forced(at)
    assert.not.ok(await isTaken(at, 0))
    assert.ok(await isTaken(at))
  }),
)

compiled(
  'of a help is not that of its command',
  withParts(async (at) => {
    const { code } = await bitnetTasks(['run', '--help'], { home: at.home, ...built })
    assert.is(code, 0)
    assert.match(only(at), /\/help-\w+$/)
  }),
)

compiled(
  'of wrong use is kept once, whatever was asked',
  withParts(async ({ home }) => {
    for (const words of [['rnu'], ['query', 'nothing']]) {
      const { code } = await bitnetTasks(words, { home, ...built })
      assert.is(code, 2)
    }
    assert.equal(
      names({ home }).map((name) => name.replace(/-\w+$/, '')),
      ['usage'],
    )
  }),
)

const SPOILT: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'with another byte': (bytes) => bytes.fill(bytes[9999]! ^ 1, 9999, 10_000),
  'half there': (bytes) => bytes.subarray(0, bytes.length / 2),
  empty: () => Buffer.alloc(0),
}

for (const [how, spoil] of Object.entries(SPOILT))
  compiled(
    `that is ${how} is not taken, and made anew`,
    withParts(async (at) => {
      await forced(at)
      fs.writeFileSync(only(at), spoil(fs.readFileSync(only(at))))
      const spoilt = fs.statSync(only(at))
      await forced(at)
      assert.is.not(fs.statSync(only(at)).ino, spoilt.ino)
      assert.ok(await isTaken(at))
    }),
  )

compiled(
  'of another build goes when it is old',
  withParts(async (at) => {
    await forced(at)
    const [old, young] = ['0', '1'].map((sum) => `${only(at)}${sum}`) as [string, string]
    fs.renameSync(only(at), old)
    fs.copyFileSync(old, young)
    fs.utimesSync(old, 1, 1)
    await forced(at)
    assert.not.ok(fs.existsSync(old))
    assert.ok(fs.existsSync(young))
  }),
)

compiled(
  'is nothing that a run needs',
  withParts(async (at) => {
    fs.mkdirSync(join(at.home, '.cache'))
    fs.writeFileSync(join(at.home, '.cache/bitnet-tasks'), 'theirs')
    await forced(at)
    assert.is(fs.readFileSync(join(at.home, '.cache/bitnet-tasks'), 'utf8'), 'theirs')
  }),
)

compiled.run()
