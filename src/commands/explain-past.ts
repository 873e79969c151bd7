// explain --run: why nodes ran in a past run, and what became of them.
import { readRun, type Session, select } from '../../graph/index.ts'
import { chain, chainText } from '../report/chain.ts'
import { eprint } from '../report/eprint.ts'
import { type PastNode, pastNodes, stateOf } from '../report/past-nodes.ts'
import { print } from '../report/print.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { reasonText } from '../report/words/reason.ts'

/** Every reason of the nodes in that run, and the chain of needs that made them run. */
export function explainPast(
  session: Session,
  named: string,
  targets: readonly string[],
  asJson: boolean,
): number {
  const run = readRun(session, named)
  const nodes = pastNodes(run)
  const known = new Map(nodes.map((node) => [node.name, node]))
  // Nodes of that run that the graph no longer has are known by their names.
  const names =
    targets.length === 0
      ? nodes.filter(({ outcome }) => outcome !== 'fresh').map(({ name }) => name)
      : targets.flatMap((target) =>
          known.has(target) ? [target] : select(session.graph, [target]).map(({ name }) => name),
        )
  const rows = names.flatMap((name) => known.get(name) ?? [])
  if (asJson) print(jsonDocument({ version: 1, run: run.header.id, nodes: rows }))
  else if (names.length === 0) eprint(`every node was fresh in run ${run.header.id}\n`)
  else {
    for (const name of names)
      if (!known.has(name)) print(`${name} was not part of run ${run.header.id}\n`)
    for (const node of rows)
      for (const line of linesOf(node, known, targets.length > 0)) print(`${clean(line)}\n`)
  }
  return 0
}

// Without names every link of a chain is explained itself.
function linesOf(
  node: PastNode,
  known: ReadonlyMap<string, PastNode>,
  isNamed: boolean,
): readonly string[] {
  const { name, ms, reasons, failure, blockedBy } = node
  const took = ms > 0 ? ` (${(ms / 1000).toFixed(1)}s)` : ''
  const by = blockedBy === undefined ? '' : ` by '${blockedBy}'`
  const why = reasons.map((reason) => `  - ${reasonText(reason)}`)
  const how = failure === undefined ? [] : [`  ${failure.message.split('\n')[0]}`]
  const links = isNamed ? chain(name, known) : []
  const behind = chainText(
    links,
    (link) => `${link.name}: ${stateOf(link)}, ${link.reasons.map(reasonText)[0] ?? ''}`,
  )
  return [`${name} was ${stateOf(node)}${by}${took}`, ...why, ...behind, ...how]
}
