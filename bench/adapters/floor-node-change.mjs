// A bare Node program that builds what changed: see bench/floor-change.mjs.
import { join } from 'node:path'
import { command, writeFiles } from '../gen.mjs'

const program = join(process.env.BITNET_TASKS ?? '.', 'bench/floor-change.mjs')

export default {
  name: 'floor-node-change',
  detects: 'mtime',
  floor: true,
  tool: (ctx) => ({ cmd: ctx.node }),
  emit(graph, root) {
    const tasks = graph.nodes.map((t) => ({
      deps: t.deps,
      command: command(graph, t),
      files: [...t.inputs, ...t.outputs],
    }))
    writeFiles(root, { 'graph.json': JSON.stringify({ tasks }) })
  },
  state: ['state.json'],
  scenarios: ['noop', 'change', 'touch'],
  build: (_, ctx) => ({ cmd: ctx.node, args: [program] }),
}
