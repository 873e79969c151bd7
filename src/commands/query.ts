// what-if, affected and query: questions about the graph that run nothing.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

import {
  affected,
  assess,
  dependents,
  GraphError,
  type Node,
  pathBetween,
  plan,
  recall,
  type Session,
  select,
} from '../../graph/index.ts'
import { print } from '../report/print.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { reasonText } from '../report/words/reason.ts'
import { type GraphChoices, openSession } from '../session.ts'

interface Args extends GraphChoices {
  readonly json?: boolean
}

/** What would run if these files changed. */
export async function whatIf(files: readonly string[], args: Args): Promise<number> {
  const session = await openSession(args)
  const memory = recall(session, new Set(files.map((file) => existing(file, args))))
  const assessed = await assess(session.graph.nodes, memory)
  const rows = assessed.filter(({ state }) => state !== 'fresh')
  if (args.json) {
    const nodes = rows.map(({ node, state, reasons }) => ({ name: node.name, state, reasons }))
    print(jsonDocument({ version: 1, nodes }))
    return 0
  }
  for (const { node, state, reasons } of rows) {
    const why = reasons.map(reasonText).slice(0, 3).join('; ')
    print(`${state === 'maybe' ? '? ' : '  '}${node.name}: ${why}\n`)
  }
  print(`${rows.length} would run, ${assessed.length - rows.length} would stay fresh\n`)
  return 0
}

/** The nodes that these files reach, fresh or not. */
export async function affectedBy(files: readonly string[], args: Args): Promise<number> {
  const session = await openSession(args)
  const paths = new Set(files.map((file) => resolve(args.folder, file)))
  const rows = affected(session.graph, recall(session), paths)
  if (args.json) {
    const nodes = rows.map(({ node, because }) => ({ name: node.name, because }))
    print(jsonDocument({ version: 1, nodes }))
    return 0
  }
  for (const { node, because } of rows) {
    const why =
      because.kind === 'need' ? `needs ${because.name}` : `${VERB[because.kind]} ${because.path}`
    print(clean(`${node.name}  ${why}`).concat('\n'))
  }
  return 0
}

const VERB = { input: 'reads', output: 'makes' } as const

/** `deps N`, `rdeps N`, `stale`, `path A B`. */
export async function query(words: readonly string[], args: Args): Promise<number> {
  const session = await openSession(args)
  const found = await answer(session, words)
  const names = found.map(({ name }) => name)
  if (args.json) print(jsonDocument({ version: 1, nodes: names }))
  else for (const name of names) print(`${name}\n`)
  // A path that is not there is an answer too, and a script can tell.
  return words[0] === 'path' && names.length === 0 ? 1 : 0
}

async function answer(session: Session, words: readonly string[]): Promise<readonly Node[]> {
  const { graph } = session
  const [question, ...names] = words
  const all = (name: string): readonly Node[] => select(graph, [name])
  if (question === 'deps' && names.length === 1) {
    const of = all(names[0] as string)
    return plan(graph, of).filter((node) => !of.includes(node))
  }
  if (question === 'rdeps' && names.length === 1) {
    const found = new Set(all(names[0] as string).flatMap((node) => dependents(graph, node)))
    return graph.nodes.filter((node) => found.has(node))
  }
  if (question === 'stale' && names.length === 0) {
    const assessed = await assess(graph.nodes, recall(session))
    return assessed.filter(({ state }) => state !== 'fresh').map(({ node }) => node)
  }
  if (question === 'path' && names.length === 2) {
    const [from, to] = names.map((name) => one(all(name), name)) as [Node, Node]
    return pathBetween(graph, from, to) ?? []
  }
  throw new GraphError(`there is no question '${clean(words.join(' '))}'`, {
    code: 'bad-file',
    hint: 'ask one of: deps NODE, rdeps NODE, stale, path FROM TO',
  })
}

function one(found: readonly Node[], name: string): Node {
  if (found.length === 1) return found[0] as Node
  throw new GraphError(`'${name}' is ${found.length} nodes, and a path has one at each end`, {
    code: 'unknown-node',
    hint: `name one of ${found
      .slice(0, 4)
      .map((node) => node.name)
      .join(', ')}`,
  })
}

function existing(file: string, { folder }: Args): string {
  const path = resolve(folder, file)
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
  throw new GraphError(`there is no file '${file}'`, {
    code: 'bad-file',
    place: path,
    hint: 'name a file that is there; it is not changed',
  })
}
