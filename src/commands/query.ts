// affected and query: questions about the graph that run nothing.
import { resolve } from 'node:path'

import {
  affected,
  assess,
  dependents,
  GraphError,
  type Node,
  nearest,
  pathBetween,
  plan,
  recall,
  type Session,
  select,
} from '../../graph/index.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'
import { shownPath } from '../report/shown-path.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'
import { spellings } from '../spellings.ts'

interface Args extends GraphChoices {
  readonly json?: boolean
}

/** The nodes that these files reach, fresh or not. */
export async function affectedBy(files: readonly string[], args: Args): Promise<number> {
  const session = await openSession(args)
  const paths = new Set(
    files.flatMap((file) => spellings(resolve(args.folder, file), session.folder)),
  )
  const rows = affected(session.graph, recall(session), paths)
  if (args.json) {
    const nodes = rows.map(({ node, because }) => ({ name: node.name, because }))
    print(jsonDocument({ version: 1, nodes }))
    return 0
  }
  if (rows.length === 0) eprint('no node reads or makes that\n')
  for (const { node, because } of rows) {
    const why =
      because.kind === 'need'
        ? `needs ${because.name}`
        : `${VERB[because.kind]} ${shownPath(args.folder, because.path)}`
    print(clean(`${node.name}  ${why}`).concat('\n'))
  }
  return 0
}

const VERB = { input: 'reads', output: 'makes', tool: 'calls' } as const

/** `deps N`, `rdeps N`, `stale`, `path A B`. */
export async function query(words: readonly string[], args: Args): Promise<number> {
  const session = await openSession(args)
  const found = await answer(session, words)
  const names = found.map(({ name }) => name)
  if (args.json) print(jsonDocument({ version: 1, nodes: names }))
  else for (const name of names) print(`${name}\n`)
  if (words[0] !== 'path' || names.length > 0) return 0
  // A path that is not there is an answer too, and a script can tell.
  eprint(clean(`neither of '${words[1]}' and '${words[2]}' needs the other`).concat('\n'))
  return 1
}

const TAKES: Readonly<Record<string, { readonly what: string; readonly as: string }>> = {
  deps: { what: 'one node', as: ' NODE' },
  rdeps: { what: 'one node', as: ' NODE' },
  stale: { what: 'all nodes', as: '' },
  path: { what: 'two nodes', as: ' FROM TO' },
}
const QUESTIONS = Object.keys(TAKES)

async function answer(session: Session, words: readonly string[]): Promise<readonly Node[]> {
  const { graph } = session
  const [question = '', ...names] = words
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
    // Whoever asks seldom knows which of the two stands on the other.
    return pathBetween(graph, from, to) ?? pathBetween(graph, to, from)?.toReversed() ?? []
  }
  const takes = TAKES[question]
  if (takes !== undefined)
    throw new GraphError(`'${question}' asks about ${takes.what}, and ${names.length} are named`, {
      code: 'bad-file',
      hint: `write: bitnet-tasks query ${question}${takes.as}`,
    })
  const near = nearest(question, QUESTIONS)
  throw new GraphError(`there is no question '${clean(words.join(' '))}'`, {
    code: 'bad-file',
    hint:
      near === undefined
        ? 'ask one of: deps NODE, rdeps NODE, stale, path FROM TO'
        : `did you mean '${near}'?`,
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
