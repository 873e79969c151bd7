// graph: the nodes, what they need and how they are, as text, for other programs, and as a picture.
import {
  assess,
  type Graph,
  lastMs,
  type Node,
  plan,
  readRun,
  recall,
  type Session,
  select,
} from '../../graph/index.ts'
import { dotText, mermaidText, plainText } from '../report/graph-text.ts'
import { pastNodes, stateOf } from '../report/past-nodes.ts'
import type { Pictured } from '../report/pictured.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'

export type GraphFormat = 'text' | 'dot' | 'mermaid' | 'svg' | 'html' | 'json'

/** Prints the graph with the states of now, or of a past run. */
export async function graph(
  targets: readonly string[],
  args: GraphChoices & { format?: GraphFormat; json?: boolean; run?: string },
): Promise<number> {
  const session = await openSession(args)
  const nodes = plan(session.graph, select(session.graph, targets))
  const states = args.run === undefined ? await present(session, nodes) : past(session, args.run)
  const pictured = nodes.map(({ name, spec, needs }) => ({
    name,
    title: spec.title ?? name,
    needs: needs.map((need) => need.name),
    ...(states.get(name) ?? { state: 'not in that run', ms: undefined }),
  }))
  const format = args.json ? 'json' : (args.format ?? 'text')
  print(format === 'json' ? json(session.graph, nodes, pictured) : await drawn(pictured, format))
  return 0
}

type States = ReadonlyMap<string, { readonly state: string; readonly ms: number | undefined }>

async function present(session: Session, nodes: readonly Node[]): Promise<States> {
  const memory = recall(session)
  const assessed = await assess(nodes, memory)
  return new Map(
    assessed.map(({ node, state }) => [
      node.name,
      { state, ms: lastMs(memory.journal.history, node.name) },
    ]),
  )
}

function past(session: Session, named: string): States {
  const nodes = pastNodes(readRun(session, named))
  return new Map(nodes.map((node) => [node.name, { state: stateOf(node), ms: node.ms }]))
}

async function drawn(
  nodes: readonly Pictured[],
  format: Exclude<GraphFormat, 'json'>,
): Promise<string> {
  switch (format) {
    case 'text':
      return plainText(nodes)
    case 'dot':
      return dotText(nodes)
    case 'mermaid':
      return mermaidText(nodes)
    case 'svg':
      return (await import('../report/svg.ts')).svgText(nodes)
    case 'html':
      return (await import('../report/html.ts')).graphPage(nodes)
    default:
      return format satisfies never
  }
}

function json(graph: Graph, nodes: readonly Node[], pictured: readonly Pictured[]): string {
  const rows = nodes.map(({ spec }, i) => {
    const { name, title, needs, state, ms } = pictured[i] as Pictured
    const { outputs = [], pool = null } = spec
    return { name, title, needs, outputs, pool, state, ms: ms ?? null }
  })
  return jsonDocument({ version: 1, pools: graph.pools, nodes: rows })
}
