// graph: the nodes and edges as a picture for other programs.
import {
  assess,
  type Graph,
  type Node,
  plan,
  readRun,
  recall,
  type Session,
  select,
} from '../../graph/index.ts'
import { pastNodes } from '../report/past-nodes.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'

export type GraphFormat = 'text' | 'dot' | 'mermaid' | 'svg' | 'html' | 'json'

export async function graph(
  targets: readonly string[],
  args: GraphChoices & { format?: GraphFormat; json?: boolean; run?: string },
): Promise<number> {
  const session = await openSession(args)
  const nodes = plan(session.graph, select(session.graph, targets))
  const format = args.json ? 'json' : (args.format ?? 'text')
  print(
    format === 'svg' || format === 'html'
      ? await picture(session, nodes, format, args.run)
      : draw(session.graph, nodes, format),
  )
  return 0
}

// With the states of a past run, or those of now.
async function picture(
  session: Session,
  nodes: readonly Node[],
  format: 'svg' | 'html',
  run: string | undefined,
): Promise<string> {
  const { svgText } = await import('../report/svg.ts')
  const states = run === undefined ? await present(session, nodes) : past(session, run)
  const svg = svgText(
    nodes.map(({ name, spec, needs }) => ({
      name,
      title: spec.title ?? name,
      needs: needs.map((need) => need.name),
      ...(states.get(name) ?? { state: 'not in that run', ms: undefined }),
    })),
  )
  return format === 'svg'
    ? svg
    : `<!doctype html>\n<meta charset="utf-8">\n<title>graph</title>\n${svg}`
}

type States = ReadonlyMap<string, { readonly state: string; readonly ms: number | undefined }>

async function present(session: Session, nodes: readonly Node[]): Promise<States> {
  const memory = recall(session)
  const { durations } = memory.journal.history
  const assessed = await assess(nodes, memory)
  return new Map(
    assessed.map(({ node, state }) => [node.name, { state, ms: durations.get(node.name) }]),
  )
}

function past(session: Session, named: string): States {
  const nodes = pastNodes(readRun(session, named))
  return new Map(nodes.map(({ name, outcome = 'killed', ms }) => [name, { state: outcome, ms }]))
}

function draw(
  graph: Graph,
  nodes: readonly Node[],
  format: Exclude<GraphFormat, 'svg' | 'html'>,
): string {
  switch (format) {
    case 'text':
      return nodes
        .map(
          ({ name, needs }) =>
            `${name}${needs.length ? ` <- ${needs.map((n) => n.name).join(', ')}` : ''}\n`,
        )
        .join('')
    case 'dot': {
      const edges = nodes.flatMap((node) =>
        node.needs.map((need) => `  ${quoted(need)} -> ${quoted(node)};\n`),
      )
      return `digraph tasks {\n  rankdir=LR;\n${nodes.map((node) => `  ${quoted(node)};\n`).join('')}${edges.join('')}}\n`
    }
    case 'mermaid': {
      const edges = nodes.flatMap((node) =>
        node.needs.map((need) => `  n${need.index} --> n${node.index}\n`),
      )
      return `graph LR\n${nodes.map((node) => `  n${node.index}[${quoted(node)}]\n`).join('')}${edges.join('')}`
    }
    case 'json': {
      const rows = nodes.map((node) => ({
        name: node.name,
        title: node.spec.title ?? node.name,
        needs: node.needs.map((need) => need.name),
        outputs: node.spec.outputs ?? [],
        pool: node.spec.pool ?? null,
      }))
      return jsonDocument({ version: 1, pools: graph.pools, nodes: rows })
    }
    default:
      return format satisfies never
  }
}

function quoted({ name }: Node): string {
  return JSON.stringify(name)
}
