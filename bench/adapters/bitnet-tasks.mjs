// This project as a peer of the side-by-side harness. BITNET_TASKS names the project's root (built).
import { join } from 'node:path'
import { command, writeFiles } from '../gen.mjs'

const root = process.env.BITNET_TASKS
const bin = root && join(root, 'dist/src/bin.cjs')

export default {
  name: 'bitnet-tasks',
  detects: 'content',
  tool: (ctx) => ({ cmd: bin && ctx.node, version: [bin, '--version'] }),
  emit(graph, folder) {
    const tasks = graph.nodes.map((t) => [
      t.name,
      `${t.dir}/f*.txt`,
      t.outputs,
      t.deps.map((d) => `t${d}`),
      command(graph, t),
    ])
    writeFiles(folder, {
      'bitnet.tasks.mjs': `import { defineGraph, sh, task } from 'bitnet-tasks'
const handles = {}
for (const [name, input, outputs, needs, line] of ${JSON.stringify(tasks)})
  handles[name] = task(name, () => ({
    inputs: [input],
    outputs,
    needs: needs.map((need) => handles[need]()),
    run: sh(line),
  }))
export default defineGraph({ tasks: Object.values(handles) })
`,
    })
  },
  state: ['.bitnet-tasks'],
  build: (_, ctx) => ({ cmd: ctx.node, args: [bin, 'run', '--quiet', '--jobs', String(ctx.jobs)] }),
  startup: (_, ctx) => [
    { name: 'bitnet-tasks --help', command: { cmd: ctx.node, args: [bin, '--help'] } },
  ],
}
