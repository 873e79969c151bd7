// timeout: 400
// Past runs as a person sees them: the page in a browser, the trace as Perfetto reads it, the summary again.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { inHome } from '../cli/support/home.ts'
import { bitnetTasks } from '../cli/support/program.ts'
import { HEADLESS } from '../support/chromium.ts'
import { debianProgram } from '../support/debian.ts'
import { suite } from '../support/suite.ts'

const report = suite('report')

const GRAPH = `import { argv, defineGraph, root, sh, task } from 'bitnet-tasks'
const part = task('part', { n: ['a', 'b'] }, ({ n }) => ({
  title: \`make <b>\${n}</b> & co\`,
  inputs: ['in.txt'],
  outputs: [\`out/\${n}.txt\`],
  run: sh\`echo "part \${n} says </script><script>document.title = 'forged'</script>"; cp in.txt \${\`out/\${n}.txt\`}\`,
}))
const bad = task('bad', () => ({ needs: [part({ n: 'a' })], run: sh\`echo 'x.c:3: error: expected ;'; exit 3\` }))
const after = task('after', () => ({ needs: [bad()], run: sh\`true\` }))
const ninja = task('ninja', () => ({
  inputs: ['build.ninja'],
  outputs: ['b d/done'],
  run: argv('ninja', '-C', root('')('b d'), '-f', '../build.ninja'),
}))
export default defineGraph({ tasks: [part, bad, after, ninja] })
`

const NINJA = `rule copy
  command = sleep 0.05; cp $in $out
rule both
  command = sleep 0.05; cp $in one; cp $in two
build one two: both ../in.txt
build done: copy one
`

function write(home: string): void {
  fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
  fs.writeFileSync(join(home, 'build.ninja'), NINJA)
  fs.writeFileSync(join(home, 'in.txt'), 'in\n')
  fs.mkdirSync(join(home, 'b d'))
}

report(
  'the page opens in a browser: graph, timeline, reasons, log; what was printed stays text',
  inHome(async (home) => {
    const chromium = debianProgram('chromium')
    write(home)
    await bitnetTasks(['run', '-k'], { home })
    const { code } = await bitnetTasks(['report', '--html', 'page.html'], { home })
    assert.is(code, 0)
    const page = join(home, 'page.html')
    assert.not.match(fs.readFileSync(page, 'utf8'), /<script|https?:\/\/(?!www\.w3\.org)/)
    const dom = execFileSync(
      chromium,
      [...HEADLESS, `--user-data-dir=${join(home, 'browser')}`, '--dump-dom', `file://${page}`],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 120_000 },
    )
    assert.match(dom, /<title>run \d{8}-\d{6}-\d{3}<\/title>/)
    assert.is([...dom.matchAll(/<g class="box s-/g)].length, 5)
    for (const [node, state] of Object.entries({
      bad: 'failed',
      after: 'blocked',
      ninja: 'changed',
    }))
      assert.match(dom, new RegExp(`<g class="box s-${state}">(?:(?!</g>).)*>${node}</text>`))
    assert.is([...dom.matchAll(/<rect class="bar /g)].length, 4)
    assert.match(dom, 'part a says &lt;/script&gt;&lt;script&gt;document.title')
    assert.match(dom, 'make &lt;b&gt;a&lt;/b&gt; &amp; co')
    assert.match(dom, 'it has not run yet')
    assert.match(dom, 'x.c:3: error: expected ;')
  }),
)

report(
  'a past run says the same again, byte for byte',
  inHome(async (home) => {
    write(home)
    const first = await bitnetTasks(['run', '-k'], { home })
    const end = first.stderr.slice(first.stderr.lastIndexOf('3 changed'))
    fs.writeFileSync(join(home, 'in.txt'), 'other\n')
    await bitnetTasks(['run', 'part'], { home })
    const { stdout } = await bitnetTasks(['report', '--run', 'last~1'], { home })
    assert.is(stdout, end)
    const why = await bitnetTasks(['explain', 'part[a]', '--run', 'last'], { home })
    assert.match(why.stdout, /^part\[a\] was changed .*\n {2}- the input 'in\.txt' changed \(/)
    const runs = await bitnetTasks(['runs'], { home })
    assert.match(
      runs.stdout,
      /^\S+ {2}not ok {2}all {2}3 changed, 1 failed, 1 blocked in .*\n\S+ {2}ok {6}part {2}2 changed in .*\n$/,
    )
  }),
)

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly cat: string
}

report(
  'the trace holds every node and the steps of ninja inside their node, none over another in its lane',
  inHome(async (home) => {
    write(home)
    await bitnetTasks(['run', '-k', '--trace', 'trace.json'], { home })
    const { traceEvents } = JSON.parse(fs.readFileSync(join(home, 'trace.json'), 'utf8'))
    const spans = (traceEvents as TraceEvent[]).filter(({ ph }) => ph === 'X')
    const named = (cat: string): string[] =>
      spans
        .filter((span) => span.cat === cat)
        .map(({ name }) => name)
        .sort()
    assert.equal(named('node'), ['bad', 'ninja', 'part[a]', 'part[b]'])
    assert.equal(named('step'), ['done', 'one, two'])
    const outer = spans.find(({ name }) => name === 'ninja') as TraceEvent
    for (const { ts, dur } of spans.filter(({ cat }) => cat === 'step'))
      assert.ok(ts >= outer.ts && ts + dur <= outer.ts + outer.dur + 50_000)
    for (const { ts, dur, pid, tid } of spans)
      for (const number of [ts, dur, pid, tid]) assert.ok(Number.isInteger(number) && number >= 0)
    const lanes = (traceEvents as TraceEvent[]).filter(({ name }) => name === 'thread_name')
    for (const { pid, tid } of spans)
      assert.ok(tid > 0 && lanes.some((lane) => lane.pid === pid && lane.tid === tid))
    for (const a of spans)
      for (const b of spans)
        if (a !== b && a.pid === b.pid && a.tid === b.tid)
          assert.ok(a.ts + a.dur <= b.ts || b.ts + b.dur <= a.ts, `${a.name} over ${b.name}`)
    const timings = await bitnetTasks(['timings', '--json'], { home })
    const { criticalPath, slowest } = JSON.parse(timings.stdout)
    assert.equal(
      criticalPath.map(({ name }: { name: string }) => name),
      ['ninja'],
    )
    assert.is(slowest[0].name, 'ninja')
  }),
)

report(
  'a picture of the graph has the states of now, or of a past run',
  inHome(async (home) => {
    write(home)
    const now = await bitnetTasks(['graph', '--format', 'svg'], { home })
    assert.is([...now.stdout.matchAll(/class="box s-stale"/g)].length, 5)
    await bitnetTasks(['run', '-k'], { home })
    const past = await bitnetTasks(['graph', '--format', 'svg', '--run', 'last'], { home })
    assert.is([...past.stdout.matchAll(/class="box s-failed"/g)].length, 1)
    assert.is([...past.stdout.matchAll(/<path class="edge"/g)].length, 2)
  }),
)

for (const [format, state] of Object.entries({
  text: /^bad +failed 0\.\ds +<- part\[a\]$/m,
  dot: /"bad" \[label="bad\\nfailed 0\.\ds"/,
  mermaid: /n\d\["bad<br\/>failed 0\.\ds"\]:::is_failed\n/,
  svg: />failed 0\.\ds<\/text>/,
  html: />failed 0\.\ds<\/text>/,
  json: /"name": "bad",[^}]*"state": "failed",\s+"ms": \d+/,
}))
  report(
    `graph --format ${format} says the state and the time of each node`,
    inHome(async (home) => {
      fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH.replace('exit 3', 'sleep 0.1; exit 3'))
      fs.writeFileSync(join(home, 'in.txt'), 'in\n')
      await bitnetTasks(['run', '-k', 'bad', 'after'], { home })
      const { stdout } = await bitnetTasks(['graph', '--format', format, '--run', 'last'], { home })
      assert.match(stdout, state)
      const now = await bitnetTasks(['graph', '--format', format, 'bad'], { home })
      assert.match(now.stdout, 'stale')
      assert.match(now.stdout, 'fresh')
    }),
  )

report(
  'Graphviz draws what --format dot writes',
  inHome(async (home) => {
    const dot = debianProgram('dot', 'graphviz')
    write(home)
    await bitnetTasks(['run', '-k'], { home })
    const { stdout } = await bitnetTasks(['graph', '--format', 'dot', '--run', 'last'], { home })
    const drawn = execFileSync(dot, ['-Tsvg'], { input: stdout, encoding: 'utf8' })
    assert.is([...drawn.matchAll(/class="node"/g)].length, 5)
    assert.is([...drawn.matchAll(/class="edge"/g)].length, 2)
    assert.match(drawn, />failed 0\.\ds</)
  }),
)

report(
  'a picture of many nodes is one of their tasks, with what became of how many',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const one = task('one', { n: Array.from({ length: 100 }, (_, i) => String(i)) }, ({ n }) => ({
  run: Number(n) < 3 ? sh\`exit 1\` : sh\`true\`,
}))
const two = task('two', { n: ['a', 'b'] }, () => ({ needs: [one({ n: '50' })], run: sh\`true\` }))
export default defineGraph({ tasks: [one, two] })
`,
    )
    await bitnetTasks(['run', '-k', '-q'], { home })
    const { stdout } = await bitnetTasks(['graph', '--format', 'svg', '--run', 'last'], { home })
    assert.is([...stdout.matchAll(/class="box /g)].length, 2)
    assert.match(stdout, /class="box s-failed">.*>one<\/text>.*>3 failed, 97 changed/)
  }),
)

report.run()
