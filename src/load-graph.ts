// Evaluates a user's graph file.
import { readFileSync, statSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { type Graph, GraphError } from '../graph/index.ts'
import { errorPlace } from './error-place.ts'
import { nativeImport } from './native-import.ts'
import { realPath } from './real-path.ts'
import { eprint } from './report/eprint.ts'
import { loadHint } from './report/words/load-hint.ts'
import { systemErrorText } from './report/words/system-error.ts'
import { refuseOutputsInState } from './state-outputs.ts'

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
  const { graph, sources } = await evaluateGraphFile(file, () => '')
  if (graph instanceof GraphError) throw graph
  return { graph, sources: [...sources.keys()] }
}

/**
 * Evaluates a user's graph file anew each time. `identify` is asked of each source before it is read, and
 * its answers come back with the graph, or with why there is none.
 */
export async function evaluateGraphFile(
  file: string,
  identify: (path: string) => string,
): Promise<{ graph: Graph | GraphError; sources: ReadonlyMap<string, string> }> {
  const sources = new Map<string, string>()
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return { graph: aFolder(file), sources }
  sources.set(file, identify(file))
  if (stat === undefined) return { graph: gone(file), sources }
  hookModules(await import('../graph/index.ts'))
  evaluation.count++
  evaluation.onSource = (path) => {
    // A second import of a module of CommonJS would find the first.
    delete require.cache[path]
    sources.set(path, identify(path))
  }
  const graph = await defaultExport(file, sources)
  evaluation.onSource = () => {}
  return { graph, sources }
}

function aFolder(file: string): GraphError {
  return new GraphError(`${file}: is a folder, and no graph file`, {
    code: 'bad-file',
    place: file,
    hint: 'name the file; -C DIR begins in another folder',
  })
}

function gone(file: string): GraphError {
  return new GraphError(`there is no graph file '${file}'`, {
    code: 'bad-file',
    place: file,
    hint: 'bitnet-tasks init writes one',
  })
}

// What a person waits before it is said for what.
const SLOW_MS = 5000

async function defaultExport(
  file: string,
  sources: ReadonlyMap<string, string>,
): Promise<Graph | GraphError> {
  let graph: Graph | undefined
  try {
    graph = (await imported(file)) as Graph | undefined
    if (isGraph(graph)) refuseOutputsInState(graph)
  } catch (error) {
    return inFile(file, error, [...sources.keys()])
  }
  if (isGraph(graph)) return graph
  return new GraphError(`${file}: its default export is no graph`, {
    code: 'bad-graph',
    place: file,
    hint: 'end it with: export default defineGraph({ tasks: [...] })',
  })
}

function isGraph(graph: Graph | undefined): graph is Graph {
  return Array.isArray(graph?.nodes) && graph.byName instanceof Map
}

/** What a graph file exports when `import … from 'bitnet-tasks'` means this; once in a process. */
export async function exportedWith(engine: object, file: string): Promise<unknown> {
  hookModules(engine)
  return imported(file)
}

async function imported(file: string): Promise<unknown> {
  const { log } = console
  const slow = setTimeout(() => {
    eprint(`still evaluating ${file}\n  hint: what does it wait for?\n`)
  }, SLOW_MS).unref()
  // stdout is for the answer.
  console.log = console.error
  try {
    const loaded = await nativeImport(numbered(pathToFileURL(file).href))
    return loaded.default
  } finally {
    clearTimeout(slow)
    console.log = log
  }
}

const require = nodeModule.createRequire(import.meta.url)
const evaluation = { count: 0, isHooked: false, onSource: (_: string): void => {} }
const NUMBER = '?evaluation='

// Node evaluates a module once for each address; what is installed stays as it is.
function numbered(url: string): string {
  const isOwn = url.startsWith('file:') && !url.includes('/node_modules/')
  return evaluation.count > 1 && isOwn ? `${url}${NUMBER}${evaluation.count}` : url
}

// `import … from 'bitnet-tasks'` in the file means the program that runs it, installed beside the file
// or not: two copies of the engine would not know each other's tasks.
function hookModules(engine: object): void {
  if (evaluation.isHooked) return
  evaluation.isHooked = true
  const own: Readonly<Record<string, string>> = {
    'bitnet-tasks': moduleOf('index', engine),
    'bitnet-tasks/repair': REPAIR,
  }
  nodeModule.registerHooks({
    resolve: (specifier, context, next) => {
      if (Object.hasOwn(own, specifier)) return { url: `${SCHEME}${specifier}`, shortCircuit: true }
      const found = next(specifier, context)
      const named = namedPath(specifier, context.parentURL)
      if (named === undefined || !found.url.startsWith('file:')) return found
      if (fileURLToPath(found.url) !== named) evaluation.onSource(named)
      const isOfGraph = `${specifier} ${context.parentURL}`.includes(NUMBER)
      return isOfGraph ? { ...found, url: numbered(whereItLies(named, found.url)) } : found
    },
    load: (url, context, next) => {
      if (url.startsWith(SCHEME)) {
        const source = own[url.slice(SCHEME.length)] as string
        return { format: 'module', source, shortCircuit: true }
      }
      if (!url.startsWith('file:')) return next(url, context)
      const path = fileURLToPath(url)
      evaluation.onSource(path)
      return next(url, { ...context, format: formatOf(path, context.format) })
    },
  })
}

// What a module of the graph names by its path; the graph file itself has none above it. Node says where that
// leads; that it led there is something that the graph stands on.
function namedPath(specifier: string, parent: string | undefined): string | undefined {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier)
  const isOfFile = /^\.\.?\//.test(specifier) && parent?.startsWith('file:')
  return isOfFile ? fileURLToPath(new URL(specifier, parent)) : undefined
}

// Node remembers for as long as it lives where a link led.
function whereItLies(named: string, url: string): string {
  const path = realPath(named)
  return path === named && fileURLToPath(url) !== path ? url : pathToFileURL(path).href
}

// `npm init` writes "type": "commonjs", and there Node refuses the `import` that a graph begins with;
// without a type it warns. A package that somebody has installed says itself what it is.
function formatOf(path: string, format: string | null | undefined): string | null | undefined {
  if (format?.startsWith('module') || !/\.[jt]s$/.test(path) || path.includes('/node_modules/'))
    return format
  const isModule = /^(?:import|export)\b(?!\s*[(.])/m.test(readFileSync(path, 'utf8'))
  return isModule ? (path.endsWith('.ts') ? 'module-typescript' : 'module') : format
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
export const { repairGraph, repairTasks, prefixOf, stepPath, XTASK_REBUILT } = made
export const { cargoBuild, cargoClean, cargoVariables, cmakeInputs, cmakeRoots } = made
export default made.default
`
Object.assign(globalThis, {
  [Symbol.for('bitnet-tasks.repair')]: () => import('../bitnet.tasks.ts'),
})

function inFile(file: string, error: unknown, sources: readonly string[]): GraphError {
  // Anything can be thrown, not only an Error.
  const told = isRefused(error) ? systemErrorText(error) : undefined
  const message = told?.message ?? (error instanceof Error ? error.message : String(error))
  const place = errorPlace(error, file, sources)
  const hint = error instanceof GraphError ? error.hint : (told?.hint ?? loadHint(message))
  const code = error instanceof GraphError ? error.code : 'bad-graph'
  return new GraphError(`${place}: ${message}`, {
    code,
    place,
    ...(hint ? { hint } : {}),
    cause: error,
  })
}

// By the system: a file that may not be read.
function isRefused(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'path' in error
}
