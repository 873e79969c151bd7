// list: the nodes that there are.
import { select } from '../../graph/index.ts'
import { print } from '../report/print.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'

export async function list(
  selectors: readonly string[],
  args: GraphChoices & { json?: boolean },
): Promise<number> {
  const { graph } = await openSession(args)
  const nodes = select(graph, selectors)
  if (args.json) {
    const rows = nodes.map(({ name, kind, spec, needs }) => ({
      name,
      kind,
      title: spec.title ?? name,
      needs: needs.map((need) => need.name),
    }))
    print(jsonDocument({ version: 1, nodes: rows }))
    return 0
  }
  const width = Math.max(0, ...nodes.map(({ name }) => name.length))
  for (const { name, spec } of nodes)
    print(`${name.padEnd(width)}  ${clean(spec.title ?? '')}`.trimEnd() + '\n')
  return 0
}
