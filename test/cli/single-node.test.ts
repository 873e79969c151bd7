// One node by hand: its shell, its script, its log; on real processes.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bin, bitnetTasks, start } from './support/program.ts'
import { openTerminal } from './support/terminal.ts'

const single = suite('single node')

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
const say = task('say', { how: ['it is', 'twice'].map((x) => x.replace(' ', '-')) }, ({ how }) => ({
  env: ['GREETING'],
  set: { FIXED: "it's" },
  cwd: 'sub',
  run: [sh\`echo "$GREETING $FIXED \${how} in $(basename "$PWD")"\`, sh\`test -z "$SECRET" || exit 9; exit 3\`],
}))
const made = task('made', () => ({
  outputs: ['out/deep/made', 'out/link'],
  passEnv: ['TOKEN'],
  run: sh\`mkdir out/deep/made.d && rmdir out/deep/made.d; test -n "$TOKEN" && ln -s nowhere out/link && set -C && echo x > out/deep/made\`,
}))
const lies = task('lies', () => ({ outputs: ['out/lies'], run: sh\`true\` }))
const wait = task('wait', () => ({
  run: [sh\`echo first\`, sh\`echo second; while test ! -e go; do sleep 0.05; done; echo last\`],
}))
export default defineGraph({ tasks: [say, made, lies, wait] })
`

function write(home: string): void {
  fs.mkdirSync(join(home, 'sub'))
  fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
}

const env = { GREETING: 'good $day', SECRET: 'not declared' }

single(
  'repro gives a script that prints and ends as the run does, without us',
  inHome(async (home) => {
    write(home)
    const run = await bitnetTasks(['run', 'say[twice]'], { home, env })
    assert.match(run.stderr, 'command failed with exit code 3')
    const { stdout, code } = await bitnetTasks(['repro', 'say[twice]'], { home, env })
    assert.is(code, 0)
    const script = spawnSync('sh', ['-c', stdout], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], SECRET: 'x', GREETING: 'other' },
    })
    assert.is(script.stdout, "good $day it's twice in sub\n")
    assert.is(script.status, 3)
    const logs = await bitnetTasks(['logs', 'say[twice]'], { home })
    assert.is(logs.stdout, script.stdout)
  }),
)

single(
  'the script of repro takes away no file that somebody has made of a former output',
  inHome(async (home) => {
    const graphFile = (output: string): void =>
      fs.writeFileSync(
        join(home, 'bitnet.tasks.ts'),
        `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['${output}'], run: sh\`echo a > ${output}\` }))
export default defineGraph({ tasks: [a] })
`,
      )
    graphFile('old')
    assert.is((await bitnetTasks(['run'], { home })).code, 0)
    fs.writeFileSync(join(home, 'old'), 'by hand')
    graphFile('new')
    const { stdout } = await bitnetTasks(['repro', 'a'], { home })
    assert.is(spawnSync('sh', ['-c', stdout]).status, 0)
    assert.is(fs.readFileSync(join(home, 'old'), 'utf8'), 'by hand')
    assert.is(fs.readFileSync(join(home, 'new'), 'utf8'), 'a\n')
  }),
)

single(
  'repro makes folders and removes what was made as a run does, asks for each output, and holds no password',
  inHome(async (home) => {
    write(home)
    const env = { TOKEN: 'hush' }
    const scriptOf = async (node: string): Promise<string> =>
      (await bitnetTasks(['repro', node], { home, env })).stdout
    const sh = (script: string) =>
      spawnSync('sh', ['-c', script], { encoding: 'utf8', env: { ...process.env, ...env } })
    const first = await scriptOf('made')
    assert.not.match(first, 'hush')
    const alone = sh(first)
    assert.is(alone.status, 0, alone.stderr)
    fs.rmSync(join(home, 'out'), { recursive: true })
    assert.match((await bitnetTasks(['run', 'made'], { home, env })).stderr, '1 changed')
    assert.is(sh(await scriptOf('made')).status, 0)
    const lies = sh(await scriptOf('lies'))
    assert.equal([lies.status, lies.stderr], [1, `was not made: ${home}/out/lies\n`])
    assert.is((await bitnetTasks(['run', 'lies'], { home })).code, 1)
  }),
)

single(
  'logs of a node that printed nothing say so; a try that was not names those that were',
  inHome(async (home) => {
    write(home)
    await bitnetTasks(['run', 'made', 'say[twice]', '-k'], { home, env: { TOKEN: 'hush' } })
    for (const more of [[], ['--follow']]) {
      const { code, stdout, stderr } = await bitnetTasks(['logs', 'made', ...more], { home })
      assert.equal([code, stdout, stderr], [0, '', "'made' printed nothing when it last ran\n"])
    }
    const other = await bitnetTasks(['logs', 'say[twice]', '--attempt', '4'], { home })
    assert.is(other.stderr, "'say[twice]' has no log of try 4\n  hint: there is a log of try 1\n")
    const quiet = await bitnetTasks(['logs', 'made', '--attempt', '4'], { home })
    assert.is(
      quiet.stderr,
      "'made' has no log of try 4\n  hint: it printed nothing when it last ran\n",
    )
    const none = await bitnetTasks(['logs', 'wait', '--follow'], { home })
    assert.equal(
      [none.code, none.stderr.split('\n')[0]],
      [2, "'wait' has no log: it has not run yet"],
    )
  }),
)

single(
  'shell stands in the folder of the node with its environment, and passes the exit code on',
  inHome(async (home) => {
    write(home)
    const said = spawnSync(process.execPath, [bin, 'shell', 'say[it-is]'], {
      cwd: home,
      encoding: 'utf8',
      env: { HOME: home, PATH: process.env['PATH'], SHELL: '/bin/sh', ...env },
      input: 'echo "$PWD $GREETING $FIXED [$SECRET]"; exit 42\n',
    })
    assert.is(said.stdout, `${home}/sub good $day it's []\n`)
    assert.is(said.status, 42)
    assert.match(said.stderr, `say[it-is] in ${home}/sub; its commands:\n`)
  }),
)

single(
  'logs --follow shows what a running node prints, to its end and nothing twice',
  inHome(async (home) => {
    write(home)
    const run = start(['run', 'wait', '-q'], { home })
    const note = join(home, '.bitnet-tasks/logs/wait.running')
    while (!fs.existsSync(note)) execFileSync('sleep', ['0.02'])
    const following = start(['logs', 'wait', '--follow'], { home })
    const seen = new Promise<void>((resolve) => {
      following.child.stdout?.on('data', (text: string) => {
        if (text.includes('second')) resolve()
      })
    })
    await seen
    fs.writeFileSync(join(home, 'go'), '')
    assert.is((await following.ended).stdout, 'first\nsecond\nlast\n')
    assert.is((await run.ended).code, 0)
    assert.is(fs.existsSync(note), false)
  }),
)

single(
  "a person's settings of bash do not change what shell shows of the commands",
  inHome(async (home) => {
    write(home)
    fs.writeFileSync(join(home, '.bashrc'), 'SETTINGS=mine\n')
    const line = `'${process.execPath}' '${bin}' shell made`
    const { type, sees, ended } = openTerminal(home, line, { SHELL: '/bin/bash' })
    await sees('its commands:')
    type('echo "[$SETTINGS]"\nexit 7\n')
    await sees('[]')
    assert.is((await ended).code, 7)
  }),
)

const REFUSED: readonly (readonly [title: string, args: readonly string[], says: string])[] = [
  ['a node without a log', ['logs', 'wait'], "'wait' has no log: it has not run yet"],
  ['a name of several nodes', ['shell', 'say'], "'say' is 2 nodes\n  hint: name one: say[it-is]"],
  ['a document where a log is asked for', ['logs', 'made', '--json'], "unknown option '--json'"],
  ['an unknown node', ['repro', 'wiat'], "did you mean 'wait'?"],
]
for (const [title, args, says] of REFUSED)
  single(
    `${title} is an error that says what to do`,
    inHome(async (home) => {
      write(home)
      const { code, stdout, stderr } = await bitnetTasks(args, { home })
      assert.is(code, 2)
      assert.is(stdout, '')
      assert.match(stderr, says)
    }),
  )

single.run()
