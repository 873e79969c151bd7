import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { GraphError } from '../../../graph/index.ts'

import { nextStep, systemErrorText } from '../../../src/report/words/system-error.ts'
import { suite } from '../../support/suite.ts'

const words = suite('system error')

function failure(act: () => unknown): NodeJS.ErrnoException {
  try {
    act()
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
  throw new Error('it did not fail')
}

words('what was tried with which file, and the next step, for what Node really throws', () => {
  const none = join(tmpdir(), 'no such folder/file')
  for (const [act, tried] of [
    [() => fs.readFileSync(none), 'open'],
    [() => fs.readdirSync(none), 'list'],
    [() => fs.statSync(none), 'look at'],
    [() => fs.rmSync(none), 'look at'],
    [() => fs.unlinkSync(none), 'remove'],
    [() => fs.mkdirSync(none), 'make'],
    [() => fs.renameSync(none, `${none}2`), 'rename'],
    [() => fs.realpathSync.native(none), 'use (realpath)'],
  ] as const)
    assert.equal(systemErrorText(failure(act)), {
      message: `cannot ${tried} '${none}': no such file or directory (ENOENT)`,
      hint: `look at it: ls -ld ${tmpdir()}`,
    })
})

words('each kind of refusal has its own next step', () => {
  const told = (code: string): string =>
    systemErrorText(
      Object.assign(new Error(`${code}: refused, open '/w/a b/c'`), {
        code,
        syscall: 'open',
        path: '/w/a b/c',
      }),
    ).hint
  assert.is(told('ENOSPC'), "free some space on the disk of '/w/a b'")
  assert.is(
    told('EROFS'),
    'that disk is mounted read-only: mount it writable, or work on another one',
  )
  assert.is(told('EMFILE'), 'allow more open files: ulimit -n 4096')
  assert.is(told('EACCES'), 'see whose it is: ls -ld /')
  const bare = Object.assign(new Error('spawn E2BIG'), { code: 'E2BIG' })
  assert.equal(systemErrorText(bare), {
    message: 'spawn E2BIG',
    hint: 'look at what the message names',
  })
})

words('of the own state it says how to have it back; other errors keep their hint', () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'system-error-'))
  try {
    const state = join(folder, '.bitnet-tasks')
    fs.mkdirSync(state)
    const hint = (code: 'state-unwritable' | 'bad-file', errno: string) =>
      nextStep(new GraphError('no', { code, errno, place: join(state, 'lock'), hint: 'its own' }))
    const own = `make it readable and writable: chmod -R u+rwX ${state}`
    assert.is(hint('state-unwritable', 'EACCES'), own)
    assert.is(hint('state-unwritable', 'ENOSPC'), 'its own')
    assert.is(hint('bad-file', 'EACCES'), 'its own')
    if (process.getuid?.() !== 0) return
    fs.lchownSync(state, 65534, 65534)
    assert.is(
      hint('state-unwritable', 'EPERM'),
      `it belongs to another user (65534); take it back: sudo chown -R $USER ${state}`,
    )
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

words.run()
