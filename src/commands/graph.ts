// graph: the nodes and edges as a picture for other programs.
import { type Graph, type Node, plan, select } from '../../graph/index.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'

export type GraphFormat = 'text' | 'dot' | 'mermaid' | 'json'

export async function graph(
  targets: readonly string[],
  args: GraphChoices & { format?: GraphFormat; json?: boolean },
): Promise<number> {
  const session = await openSession(args)
  const nodes = plan(session.graph, select(session.graph, targets))
  print(draw(session.graph, nodes, args.json ? 'json' : (args.format ?? 'text')))
  return 0
}

function draw(graph: Graph, nodes: readonly Node[], format: GraphFormat): string {
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
