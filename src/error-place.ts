// Where in a graph's source files an error belongs: file and line, as a compiler names them.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

import { GraphError } from '../graph/index.ts'
import { realPath } from './real-path.ts'
import { syntaxPlace } from './syntax-place.ts'

/**
 * `FILE:LINE` of the task that an error is about, else of what threw it; `FILE` when no line is known.
 *
 * @param file the graph file, absolute
 * @param sources what it was evaluated from, itself among them
 */
export function errorPlace(error: unknown, file: string, sources: readonly string[]): string {
  if (!(error instanceof Error)) return file
  return (
    declarationOf(error, sources) ??
    importOf(error, sources) ??
    frameOf(error, sources) ??
    syntaxPlace(error, sources) ??
    file
  )
}

/** `FILE:LINE` of the call that declares a task, where its name is written out once. */
export function declarationPlace(task: string, sources: readonly string[]): string | undefined {
  const found = declarations(task, sources)
  return found.length === 1 ? found[0] : undefined
}

function declarationOf(error: Error, sources: readonly string[]): string | undefined {
  if (!(error instanceof GraphError) || error.place === undefined) return undefined
  const task = /^[^[]*/.exec(error.place)?.[0] ?? ''
  // Of two tasks with one name the second is one too many.
  return error.code === 'duplicate-task'
    ? declarations(task, sources).at(-1)
    : declarationPlace(task, sources)
}

// V8 knows only where defineGraph() was called, and noting a stack in each task() would cost every start.
function declarations(task: string, sources: readonly string[]): readonly string[] {
  const name = task.replace(/[^\w-]/g, '\\$&')
  return lines(sources, new RegExp(`\\b(?:task|probe)\\(\\s*(['"\`])${name}\\1`, 'g'))
}

// A module that is not there leaves no frame.
function importOf(error: Error, sources: readonly string[]): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return undefined
  const missing = /'([^']*)'/.exec(error.message)?.[1]?.split('/').at(-1) ?? ''
  const name = missing.replace(/[^\w-]/g, '\\$&')
  return lines(sources, new RegExp(`\\b(?:from|import)\\b.*${name}['"]`, 'g'))[0]
}

// V8 names the line of a syntax error first (`file.ts:3`), and of a thrown one in the stack (`file.ts:3:9`).
function frameOf({ stack = '' }: Error, sources: readonly string[]): string | undefined {
  const named = sources.flatMap((source) =>
    [pathToFileURL(source).href, source, realPath(source)].map((name) => ({ name, source })),
  )
  for (const frame of stack.split('\n'))
    for (const { name, source } of named) {
      const at = frame.indexOf(name)
      // A file that is evaluated again has a number behind its name.
      const line = at < 0 ? null : /^(?:\?[\w=]+)?:(\d+)/.exec(frame.slice(at + name.length))
      if (line !== null) return `${source}:${line[1]}`
    }
  return undefined
}

function lines(sources: readonly string[], pattern: RegExp): readonly string[] {
  return sources.flatMap((source) => {
    const text = textOf(source)
    const at = [...text.matchAll(pattern)].map(({ index }) => index)
    return at.map((index) => `${source}:${text.slice(0, index).split('\n').length}`)
  })
}

// Not there any more: a watch meets files that come and go.
function textOf(source: string): string {
  try {
    return readFileSync(source, 'utf8')
  } catch {
    return ''
  }
}
