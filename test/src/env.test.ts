// What env prints is read back by each shell as what it was, whatever stands in a value, and nothing else
// happens. sh and bash read it themselves; of the others their documented rules do.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { emit } from '../../src/commands/env.ts'
import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'

const env = suite('env')

const HOSTILE = [
  '/home/you/it is',
  "it's",
  '"double"',
  '$(touch canary)',
  '`touch canary`',
  '$HOME $(HOME) %PATH% $env:PATH !PATH!',
  "'; touch canary; #",
  "'); touch canary; ('",
  '; touch canary',
  '& touch canary &',
  '| touch canary',
  '> canary',
  'new\nline\ntouch canary\n',
  '\\',
  "\\'",
  'back\\slash\\',
  '’; touch canary; ‘',
  '‚‛',
  'EOF\nEVIL=1\nEOF_',
  '-n',
  '^ caret',
  'äöü€😀\u2028',
]
const SEARCH = { name: 'LD_LIBRARY_PATH', folders: ['/a/lib', '/b c/lib'] }
const values = (list: readonly string[]) => new Map(list.map((value, i) => [`V${i}`, value]))

/** Strings of what is special anywhere, always the same. */
function noise(count: number, withoutLines = false): readonly string[] {
  const parts = [...`'"$\`%\\!&|<>^;#(){}[]*?~=, aV’‘‚‛`, ...(withoutLines ? [] : ['\n', '\r'])]
  const random = new Random(7)
  const text = (): string =>
    Array.from({ length: random.below(12) }, () => random.pick(parts)).join('')
  return Array.from({ length: count }, text)
}

for (const shell of ['sh', 'bash'])
  env(`AC-280 ${shell} reads every value as it is, and runs nothing of it`, () => {
    const all = [...HOSTILE, ...noise(300)]
    const folder = fs.mkdtempSync(join(tmpdir(), 'bitnet-env-'))
    try {
      const show = all.map((_, i) => `printf '%s\\0' "$V${i}"`).join('\n')
      const script = `${emit('sh', values(all), SEARCH)}\n${show}\nprintf '%s' "$LD_LIBRARY_PATH"`
      const path = { PATH: process.env['PATH'], HOME: folder }
      const run = (own: Readonly<Record<string, string>>): readonly string[] =>
        execFileSync(shell, ['-c', script], {
          cwd: folder,
          env: { ...path, ...own },
          encoding: 'utf8',
        }).split('\0')
      const fresh = run({})
      assert.equal(fresh.slice(0, -1), all)
      assert.is(fresh.at(-1), '/a/lib:/b c/lib')
      assert.is(run({ LD_LIBRARY_PATH: '' }).at(-1), '/a/lib:/b c/lib')
      assert.is(run({ LD_LIBRARY_PATH: '/old' }).at(-1), '/a/lib:/b c/lib:/old')
      assert.equal(fs.readdirSync(folder), [])
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })

env(
  'AC-280 fish: each value is one literal, in which only a backslash and a quote mean more',
  () => {
    const all = [...HOSTILE, ...noise(2000)]
    const text = emit('fish', values(all), SEARCH)
    for (const [i, value] of all.entries()) {
      const rest = after(text, `set -gx V${i} `)
      // In single quotes \\ and \' are escapes, and any other backslash is itself.
      const [literal = '', body = ''] = /^'((?:\\[\\']|[^'\\]|\\(?![\\']))*)'/.exec(rest) ?? []
      assert.is(body !== '' || literal === "''", true)
      assert.is(literal.slice(1, -1).replace(/\\([\\'])/g, '$1'), value)
      assert.is(rest[literal.length], '\n')
    }
  },
)

env(
  'AC-280 PowerShell: each value is one literal, in which only quotes mean more, of all five kinds',
  () => {
    const all = [...HOSTILE, ...noise(2000)]
    const text = emit('pwsh', values(all), SEARCH)
    for (const [i, value] of all.entries()) {
      const rest = after(text, `$env:V${i} = `)
      const [literal = ''] = /^'(?:(['‘’‚‛])\1|[^'‘’‚‛])*'/.exec(rest) ?? []
      assert.is(literal.slice(1, -1).replace(/(['‘’‚‛])\1/g, '$1'), value)
      assert.is(rest[literal.length], '\n')
    }
  },
)

env('AC-280 cmd: a value stands in quotes, % doubled; one that cmd cannot hold is refused', () => {
  const fits = (value: string): boolean => !/["\r\n]/.test(value)
  const all = [...HOSTILE, ...noise(2000, true)].filter(fits)
  const lines = emit('cmd', values(all), SEARCH).split('\r\n')
  for (const [i, value] of all.entries()) {
    const [, body = ''] = new RegExp(`^set "V${i}=([^"]*)"$`).exec(lines[i] ?? '') ?? []
    assert.is(body.replaceAll('%%', '%'), value)
    assert.not.match(body.replaceAll('%%', ''), '%')
  }
  for (const value of ['a"b', 'a\nb', 'a\rb'])
    assert.throws(() => emit('cmd', values([value]), SEARCH), /cmd cannot hold this value/)
})

env('AC-280 GitHub: no value ends its own entry, or begins another one', () => {
  const all = [...HOSTILE, ...noise(300)]
  const read = new Map<string, string>()
  const lines = emit('github', values(all), SEARCH).split('\n')
  // As the runner reads $GITHUB_ENV: NAME<<DELIMITER, lines, DELIMITER.
  while (lines.length > 1) {
    const [name = '', delimiter = ''] = (lines.shift() as string).split('<<')
    const end = lines.indexOf(delimiter)
    assert.ok(end >= 0, name)
    read.set(
      name,
      lines
        .splice(0, end + 1)
        .slice(0, -1)
        .join('\n'),
    )
  }
  for (const [i, value] of all.entries()) assert.is(read.get(`V${i}`), value)
  assert.is(read.size, all.length + 1)
})

env('AC-077 on Windows the search path is PATH, in front of what it was', () => {
  const windows = { name: 'PATH', folders: ['C:\\a b\\lib', 'C:\\c\\lib'] }
  const none = new Map<string, string>()
  const inCmd = 'C:\\a b\\lib;C:\\c\\lib'
  assert.is(
    emit('cmd', none, windows),
    `if defined PATH (set "PATH=${inCmd};%PATH%") else (set "PATH=${inCmd}")\r\n`,
  )
  assert.match(
    emit('pwsh', none, windows),
    /^\$env:PATH = 'C:\\a b\\lib[:;]C:\\c\\lib' \+ \$\(if \(\$env:PATH\)/,
  )
})

env.run()

function after(text: string, start: string): string {
  const at = text.indexOf(start)
  assert.ok(at >= 0, start)
  return text.slice(at + start.length)
}
