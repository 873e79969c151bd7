// timeout: 300
// watch over a repair, and over a long time.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { endAll, WatchProcess } from './support/watching.ts'

const watch = suite('watch over time')

watch(
  'AC-021 detection runs again when libraries appear, and when they change',
  inHome(async (home) => {
    const tree = fixtureRepo(join(home, 'tree'), { broken: 'compile' }).dir
    const source = join(tree, 'src/llama.cpp')
    const detection = ['gen-detect-constants[llama,cpu]', 'revalidate[llama,cpu]']
    const options = { home, cwd: home }
    const watching = new WatchProcess(
      [...detection, '--source', tree, '--backend', 'llama'],
      options,
    )
    const ended = (node: string, how: string) =>
      watching.next('finished', (event) => event.node === node && event.outcome === how)
    try {
      await ended('cmake-build[llama,cpu]', 'failed')
      const constants = join(home, '.cache/bitnet-tasks/constants/llama-cpu/detect-constants.json')
      assert.is(fs.existsSync(constants), false)
      // Libraries appear.
      const whole = fs.readFileSync(source, 'utf8').replace('int broken_on_purpose( {\n', '')
      fs.writeFileSync(source, whole)
      await ended('revalidate[llama,cpu]', 'changed')
      await watching.next('idle')
      const first = fs.readFileSync(constants, 'utf8')
      assert.match(first, '"hasLlama": true')
      // They change.
      fs.writeFileSync(source, `${whole}extern "C" int llama_is_newer() { return 1; }\n`)
      await ended('gen-detect-constants[llama,cpu]', 'changed')
      await ended('revalidate[llama,cpu]', 'unchanged')
      assert.is.not(fs.readFileSync(constants, 'utf8'), first)
    } finally {
      await endAll()
    }
  }),
)

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
const copy = task('copy', () => ({ inputs: ['in/*.txt'], outputs: ['out/all'], run: sh\`cat in/*.txt > out/all\` }))
export default defineGraph({ tasks: [copy] })
`

watch(
  'AC-271 a hundred runs later it holds no more files open, and hardly more memory',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    fs.mkdirSync(join(home, 'in'))
    fs.writeFileSync(join(home, 'in/a.txt'), 'a\n')
    const watching = new WatchProcess([], { home })
    const edits = async (count: number): Promise<{ files: number; kib: number }> => {
      for (let i = 0; i < count; i++) {
        fs.appendFileSync(join(home, 'in/a.txt'), `${i}\n`)
        await watching.next('done')
        await watching.next('idle')
      }
      const status = fs.readFileSync(`/proc/${watching.pid}/status`, 'utf8')
      const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
      return { files: fs.readdirSync(`/proc/${watching.pid}/fd`).length, kib }
    }
    try {
      await watching.next('idle')
      const early = await edits(20)
      const late = await edits(100)
      assert.is(late.files, early.files)
      assert.ok(late.kib < early.kib + 24 * 1024, `${early.kib} KiB grew to ${late.kib} KiB`)
    } finally {
      await endAll()
    }
  }),
)

watch.run()
