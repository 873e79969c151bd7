// Finds the graph that a command is about: the bitnet.tasks.ts upward from the folder, or the shipped one.
import { existsSync, realpathSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { type Graph, GraphError } from '../graph/index.ts'
import { PACKAGE } from './package.ts'

const NAMES = ['bitnet.tasks.ts', 'bitnet.tasks.mts', 'bitnet.tasks.js', 'bitnet.tasks.mjs']

/** The nearest graph file of a user, or undefined for the shipped graph. */
export function findGraphFile(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const name = NAMES.find((candidate) => existsSync(join(folder, candidate)))
    // The file in our own checkout is the shipped graph itself.
    if (name !== undefined) return real(folder) === real(PACKAGE) ? undefined : join(folder, name)
    if (dirname(folder) === folder) return undefined
  }
}

/**
 * Evaluates a user's graph file.
 *
 * @throws GraphError 'bad-graph' with file and line when it does not load or exports no graph
 */
export async function loadGraphFile(file: string): Promise<Graph> {
  resolveOurselves()
  let loaded: { default?: unknown }
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (error) {
    throw inFile(file, error)
  }
  const graph = loaded.default as Graph | undefined
  if (graph && Array.isArray(graph.nodes) && graph.byName instanceof Map) return graph
  throw new GraphError(`${file}: its default export is no graph`, {
    code: 'bad-graph',
    place: file,
    hint: 'end it with: export default defineGraph({ tasks: [...] })',
  })
}

// `import … from 'bitnet-tasks'` in the file means the program that runs it, installed beside the file
// or not: two copies of the engine would not know each other's tasks.
function resolveOurselves(): void {
  const isBuilt = import.meta.url.endsWith('.js')
  const file = (name: string): string =>
    pathToFileURL(join(PACKAGE, isBuilt ? `dist/${name}.js` : `${name}.ts`)).href
  const own: Readonly<Record<string, string>> = {
    'bitnet-tasks': file('graph/index'),
    'bitnet-tasks/repair': file('bitnet.tasks'),
  }
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      Object.hasOwn(own, specifier)
        ? { url: own[specifier] as string, shortCircuit: true }
        : next(specifier, context),
  })
}

function inFile(file: string, error: unknown): GraphError {
  const { message, stack } = error as Error
  const line = lineIn(file, stack ?? '')
  const place = line === undefined ? file : `${file}:${line}`
  const hint = error instanceof GraphError ? error.hint : undefined
  const code = error instanceof GraphError ? error.code : 'bad-graph'
  return new GraphError(`${place}: ${message}`, {
    code,
    place,
    ...(hint ? { hint } : {}),
    cause: error,
  })
}

// V8 names the line of a syntax error first (`file.ts:3`), and of a thrown one in the stack (`file.ts:3:9`).
function lineIn(file: string, stack: string): string | undefined {
  for (const name of [pathToFileURL(file).href, file, real(file)]) {
    const at = stack.indexOf(`${name}:`)
    if (at >= 0) return /^\d+/.exec(stack.slice(at + name.length + 1))?.[0]
  }
  return undefined
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
