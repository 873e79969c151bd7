// What can follow on a command line, and the scripts with which shells ask for it.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { debianProgram } from '../support/debian.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bin, bitnetTasks } from './support/program.ts'

const completions = suite('completions')

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
const build = task('build', { mode: ['debug', 'release'] }, ({ mode }) => ({ run: sh\`echo \${mode}\` }))
const join = task('join', () => ({ needs: [build({ mode: 'debug' })], run: sh\`true\` }))
export default defineGraph({ tasks: [build, join] })
`

const ASKED: readonly (readonly [words: readonly string[], answer: readonly string[]])[] = [
  [['ru'], ['run', 'runs']],
  [
    ['run', 'bu'],
    ['build', 'build[debug]', 'build[release]'],
  ],
  [['run', 'build[r'], ['build[release]']],
  [['run', '--from', 'j'], ['join']],
  [
    ['run', '--color', ''],
    ['auto', 'always', 'never'],
  ],
  [['run', '--color=n'], ['--color=never']],
  [
    ['preflight', '--backend', ''],
    ['bitnet', 'llama'],
  ],
  [['preflight', '--repair=al'], ['--repair=always']],
  [['query', 'r'], ['rdeps']],
  [['cache', 'c'], ['clean']],
  [['report', '--run', ''], ['last']],
  [['help', 'exit'], ['exit-codes']],
  [['query', 'rdeps', 'jo'], ['join']],
  [['run', '--no-such-flag=x'], []],
  [['nonsense', 'x'], []],
]
for (const [words, answer] of ASKED)
  completions(
    `after '${words.join(' ')}' comes ${answer.join(', ') || 'nothing'}`,
    inHome(async (home) => {
      fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
      const { code, stdout, stderr } = await bitnetTasks(['__complete', ...words], { home })
      assert.equal(stdout.split('\n').filter(Boolean), answer)
      assert.is(stderr, '')
      assert.is(code, 0)
    }),
  )

const MATRIX = `import { defineGraph, sh, task } from 'bitnet-tasks'
import { MODES } from './modes.mjs'
export default defineGraph({ tasks: [task('build', { mode: MODES }, () => ({ run: sh\`true\` }))] })
`

completions(
  'names that are kept are offered only while the graph and what it imports are as they were',
  inHome(async (home) => {
    const modes = (names: readonly string[]): void =>
      fs.writeFileSync(join(home, 'modes.mjs'), `export const MODES = ${JSON.stringify(names)}\n`)
    const offered = async (): Promise<readonly string[]> => {
      const { stdout } = await bitnetTasks(['__complete', 'run', 'b'], { home })
      return stdout.split('\n').filter(Boolean)
    }
    const kept = join(home, '.bitnet-tasks/names')
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), MATRIX)
    modes(['debug', 'release'])
    for (let i = 0; i < 50 && !fs.existsSync(kept); i++) await bitnetTasks(['run'], { home })
    assert.ok(fs.existsSync(kept))
    assert.equal(await offered(), ['build', 'build[debug]', 'build[release]'])
    // Of the same length, so that only the time of the file tells.
    modes(['clean', 'release'])
    assert.equal(await offered(), ['build', 'build[clean]', 'build[release]'])
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), MATRIX.replaceAll('build', 'bake'))
    assert.equal(await offered(), ['bake', 'bake[clean]', 'bake[release]'])
    // Damaged, or somebody else's.
    fs.writeFileSync(kept, 'seal 3 nonsense\n')
    assert.equal(await offered(), ['bake', 'bake[clean]', 'bake[release]'])
  }),
)

const ODD = `import { defineGraph, sh, task } from 'bitnet-tasks'
import { repairTasks } from 'bitnet-tasks/repair'
const pair = task('pair', { a: ['1', '2'], b: ['x', 'y'] }, () => ({ run: sh\`true\` }))
const one = task('one', () => ({ needs: [pair({ b: 'x', a: '2' })], run: sh\`true\` }))
const whole = defineGraph({ tasks: [pair, one] })
`
const EXPORTS: Readonly<Record<string, string>> = {
  'as it was made': 'export default whole',
  'looked at':
    "if (whole.nodes.length !== 5 || !whole.byName.has('one')) throw new Error(); export default whole",
  'taken apart': 'export default { ...whole }',
  'with shipped tasks': 'export default defineGraph({ ...repairTasks() })',
}
for (const [what, text] of Object.entries(EXPORTS))
  completions(
    `names of a graph ${what} are the same before anything ran there and after`,
    inHome(async (home) => {
      fs.writeFileSync(join(home, 'bitnet.tasks.ts'), `${ODD}${text}\n`)
      const offered = async () => (await bitnetTasks(['__complete', 'run', ''], { home })).stdout
      const before = await offered()
      assert.not(fs.existsSync(join(home, '.bitnet-tasks')))
      assert.ok(before.split('\n').length > 5, before)
      fs.mkdirSync(join(home, '.bitnet-tasks'))
      assert.is(await offered(), before)
    }),
  )

completions(
  'where nothing ran, names are offered without asking any task what it does',
  inHome(async (home) => {
    // Nobody defined it.
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH.replaceAll('=> ({ ', '=> asked({ '))
    const { stdout } = await bitnetTasks(['__complete', 'run', 'j'], { home })
    assert.is(stdout, 'join\n')
  }),
)

completions(
  'a graph that does not load offers no names and prints nothing',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), 'export default (\n')
    const { code, stdout, stderr } = await bitnetTasks(['__complete', 'run', ''], { home })
    assert.equal([code, stdout, stderr], [0, '', ''])
  }),
)

// What a shell says in a folder with that graph, and with the program on PATH.
function inShell(home: string, words: readonly [string, ...string[]]): string {
  fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
  fs.mkdirSync(join(home, 'bin'))
  const program = join(home, 'bin/bitnet-tasks')
  fs.writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, {
    mode: 0o755,
  })
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}` }
  const [shell, ...args] = words
  return execFileSync(shell, args, { cwd: home, env, encoding: 'utf8' })
}

completions(
  'bash completes commands, values and nodes with the script, in quotes too',
  inHome(async (home) => {
    // COMP_WORDS as readline breaks it: at = as well.
    const ask = (line: string, words: readonly string[]): string => `
      COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}
      COMP_WORDS=(${words.map((word) => JSON.stringify(word)).join(' ')}); COMP_CWORD=${words.length - 1}
      COMPREPLY=(); _bitnet_tasks; echo "\${COMPREPLY[*]}"`
    const script = [
      'eval "$(bitnet-tasks completions bash)"',
      ask('bitnet-tasks stat', ['bitnet-tasks', 'stat']),
      ask('bitnet-tasks run build[d', ['bitnet-tasks', 'run', 'build[d']),
      ask('bitnet-tasks run --color=al', ['bitnet-tasks', 'run', '--color', '=', 'al']),
      ask("bitnet-tasks run 'build[r", ['bitnet-tasks', 'run', "'build[r"]),
      ask("bitnet-tasks run -C '.' jo", ['bitnet-tasks', 'run', '-C', "'.'", 'jo']),
    ].join('\n')
    assert.is(
      inShell(home, ['bash', '-c', script]),
      'status\nbuild[debug]\nalways\nbuild[release]\njoin\n',
    )
  }),
)

completions(
  'fish completes nodes with the script',
  inHome(async (home) => {
    const fish = debianProgram('fish')
    const script = `bitnet-tasks completions fish | source
complete -C 'bitnet-tasks stat'
complete -C 'bitnet-tasks run build\\[d'
complete -C "bitnet-tasks run 'build[r"
complete -C 'bitnet-tasks run bi'
complete -C 'bitnet-tasks affected bitn'`
    const said = inShell(home, [fish, '--no-config', '-c', script])
    assert.is(
      said,
      'status\nbuild[debug]\nbuild[release]\nbin/\nbitnet.tasks.ts\nbitnet.tasks.ts\n',
    )
  }),
)

completions(
  'zsh completes nodes with the script, and quotes them itself',
  inHome(async (home) => {
    const zsh = debianProgram('zsh')
    // As its editor sets them: the word so far without its opening quote, and no call of compdef outside it.
    const script = `compdef() {}; compadd() { print -r -- "$@" }; _files() { print files }
eval "$(bitnet-tasks completions zsh)"
words=(bitnet-tasks run "'build[d") CURRENT=3 PREFIX='build[d'; _bitnet_tasks
words=(bitnet-tasks run 'build\\[r') CURRENT=3 PREFIX='build\\[r'; _bitnet_tasks
words=(bitnet-tasks -C '' stat) CURRENT=4 PREFIX=stat; _bitnet_tasks
words=(bitnet-tasks affected b) CURRENT=3 PREFIX=b; _bitnet_tasks`
    assert.is(
      inShell(home, [zsh, '-f', '-c', script]),
      '-- build[debug]\n-- build[release]\n-- status\nfiles\n',
    )
  }),
)

completions(
  'an unknown shell is an error that names the known ones',
  inHome(async (home) => {
    const { code, stderr } = await bitnetTasks(['completions', 'tcsh'], { home })
    assert.is(code, 2)
    assert.is(stderr, "no completions for 'tcsh'\n  hint: one of bash, zsh, fish, pwsh\n")
  }),
)

completions.run()
