// Evaluates a user's graph file.
import { realpathSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { type Graph, GraphError } from '../graph/index.ts'

export interface LoadedGraph {
  readonly graph: Graph
  /** The files that it was evaluated from, absolute. */
  readonly sources: readonly string[]
}

/**
 * Evaluates a user's graph file.
 *
 * @throws GraphError 'bad-graph' with file and line when it does not load or exports no graph
 */
export async function loadGraphFile(file: string): Promise<LoadedGraph> {
  const sources = await hookModules()
  let loaded: { default?: unknown }
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (error) {
    throw inFile(file, error)
  }
  const graph = loaded.default as Graph | undefined
  if (graph && Array.isArray(graph.nodes) && graph.byName instanceof Map) return { graph, sources }
  throw new GraphError(`${file}: its default export is no graph`, {
    code: 'bad-graph',
    place: file,
    hint: 'end it with: export default defineGraph({ tasks: [...] })',
  })
}

// `import … from 'bitnet-tasks'` in the file means the program that runs it, installed beside the file
// or not: two copies of the engine would not know each other's tasks.
async function hookModules(): Promise<readonly string[]> {
  const own: Readonly<Record<string, string>> = {
    'bitnet-tasks': moduleOf('index', await import('../graph/index.ts')),
    'bitnet-tasks/repair': REPAIR,
  }
  const sources: string[] = []
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      Object.hasOwn(own, specifier)
        ? { url: `${SCHEME}${specifier}`, shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) => {
      if (url.startsWith(SCHEME)) {
        const source = own[url.slice(SCHEME.length)] as string
        return { format: 'module', source, shortCircuit: true }
      }
      if (url.startsWith('file:')) sources.push(fileURLToPath(url))
      return next(url, context)
    },
  })
  return sources
}

const SCHEME = 'bitnet-tasks-own:'

// The text of a module that hands out what this program has loaded already.
function moduleOf(name: string, api: object): string {
  const key = `bitnet-tasks.${name}`
  Object.assign(globalThis, { [Symbol.for(key)]: api })
  const names = Object.keys(api).filter((own) => own !== 'default')
  return `export const { ${names.join(', ')} } = globalThis[Symbol.for(${JSON.stringify(key)})]\n`
}

// The repair graph, for those who extend it; few do, so it is loaded when they ask.
const REPAIR = `const made = await globalThis[Symbol.for('bitnet-tasks.repair')]()
export const { repairGraph, prefixOf } = made
export default made.default
`
Object.assign(globalThis, {
  [Symbol.for('bitnet-tasks.repair')]: () => import('../bitnet.tasks.ts'),
})

function inFile(file: string, error: unknown): GraphError {
  // Anything can be thrown, not only an Error.
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  const line = error instanceof Error ? lineIn(file, stack) : undefined
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
