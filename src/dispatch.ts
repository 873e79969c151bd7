// From a command's name to what it does, loaded when it is called.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

import type { CheckedSeal } from '../graph/index.ts'
import type { ParsedArgs } from './flag.ts'
import { eprint } from './report/eprint.ts'

export interface Dispatched extends ParsedArgs {
  /** What the seal of the last run of these nodes still says. */
  readonly checked?: CheckedSeal | undefined
}

/** Runs a command; resolves with its exit code. Errors are explained, never thrown. */
export async function dispatch(asked: Dispatched): Promise<number> {
  const { command, nodes, flags, words, checked } = asked
  const { directory, ...others } = flags
  const folder = resolve(String(directory ?? '.'))
  if (directory !== undefined && !isFolder(folder)) return noFolder(folder)
  const args = { ...others, folder, ...(words ? { words } : {}), checked } as never
  try {
    return (await COMMANDS_BY_NAME[command]?.(args, nodes)) ?? 1
  } catch (error) {
    const { explainError } = await import('./report/error.ts')
    const code = explainError(error)
    if ((error as { code?: unknown }).code === 'unknown-node') await sayWhichGraph(args)
    return code
  }
}

// Whoever stands in another folder than they believe meets the nodes of the shipped graph.
async function sayWhichGraph(args: { folder: string; file?: string }): Promise<void> {
  const { graphFileOf } = await import('./sealed.ts')
  if (graphFileOf(args) !== undefined) return
  const { shippedGraphText } = await import('./report/words/shipped-graph.ts')
  eprint(shippedGraphText(args.folder))
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

// Elsewhere would be another graph: the one of a folder above, or the shipped one.
async function noFolder(folder: string): Promise<number> {
  const [{ explainError }, { GraphError }] = await Promise.all([
    import('./report/error.ts'),
    import('../graph/index.ts'),
  ])
  return explainError(
    new GraphError(`-C ${folder}: there is no such folder`, {
      code: 'bad-file',
      place: folder,
      hint: 'correct the path; it counts from the folder in which you are',
    }),
  )
}

type Run = (args: never, nodes: readonly string[]) => Promise<number>

const COMMANDS_BY_NAME: Readonly<Record<string, Run>> = {
  preflight: async (args, command) =>
    (await import('./commands/preflight.ts')).preflight(args, command),
  init: async (args) => (await import('./commands/init.ts')).init(args),
  run: async (args, nodes) => (await import('./commands/run-graph.ts')).run(nodes, args),
  watch: async (args, nodes) => (await import('./commands/watch.ts')).watch(nodes, args),
  list: async (args, nodes) => (await import('./commands/list.ts')).list(nodes, args),
  plan: async (args, nodes) => (await import('./commands/plan.ts')).planned(nodes, args),
  explain: async (args, nodes) => (await import('./commands/plan.ts')).explain(nodes, args),
  status: async (args, nodes) => (await import('./commands/plan.ts')).status(nodes, args),
  graph: async (args, nodes) => (await import('./commands/graph.ts')).graph(nodes, args),
  shell: async (args, nodes) => (await import('./commands/node-shell.ts')).shell(nodes, args),
  repro: async (args, nodes) => (await import('./commands/node-shell.ts')).repro(nodes, args),
  logs: async (args, nodes) => (await import('./commands/logs.ts')).logs(nodes, args),
  lint: async (args, nodes) => (await import('./commands/lint.ts')).lint(nodes, args),
  'what-if': async (args, files) => (await import('./commands/what-if.ts')).whatIf(files, args),
  affected: async (args, files) => (await import('./commands/query.ts')).affectedBy(files, args),
  query: async (args, words) => (await import('./commands/query.ts')).query(words, args),
  runs: async (args) => (await import('./commands/runs.ts')).runs(args),
  report: async (args) => (await import('./commands/runs.ts')).report(args),
  timings: async (args) => (await import('./commands/runs.ts')).timings(args),
  clean: async (args, nodes) => (await import('./commands/clean.ts')).clean(nodes, args),
  cache: async (args, words) => (await import('./commands/cache.ts')).cache(words, args),
  doctor: async (args) => (await import('./commands/doctor.ts')).doctor(args),
  verify: async (args) => (await import('./commands/verify.ts')).verify(args),
  diagnose: async (args, nodes) => (await import('./commands/diagnose.ts')).diagnose(nodes, args),
  history: async (args) => (await import('./commands/history.ts')).history(args),
  completions: async (_, words) => (await import('./commands/completions.ts')).completions(words),
  'setup-cpp-auto': async (args) =>
    (await import('./commands/setup-cpp-auto.ts')).setupCppAuto(args),
  env: async (args) => (await import('./commands/env.ts')).env(args),
}
