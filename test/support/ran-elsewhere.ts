// A worker: runs the graph in a process of its own and hands back what it left in the state folder.
import { parentPort } from 'node:worker_threads'

import { copyGraph, SOURCES } from './copy-graph.ts'
import { STATE, World } from './world.ts'

const world = new World(SOURCES)
await world.run(copyGraph)
await world.run(copyGraph)
parentPort?.postMessage(world.host.disk.tree(STATE))
