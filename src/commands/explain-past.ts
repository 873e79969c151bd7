// explain --run: why nodes ran in a past run, and what became of them.
import { readRun, type Session, select } from '../../graph/index.ts'
import { type PastNode, pastNodes } from '../report/past-nodes.ts'
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
  const names = select(session.graph, targets).map(({ name }) => name)
  const rows = names.flatMap((name) => known.get(name) ?? [])
  if (asJson) print(jsonDocument({ version: 1, run: run.header.id, nodes: rows }))
  else {
    for (const name of names)
      if (!known.has(name)) print(`${name} was not part of run ${run.header.id}\n`)
    for (const node of rows) for (const line of linesOf(node, known)) print(`${clean(line)}\n`)
  }
  return 0
}

function linesOf(node: PastNode, known: ReadonlyMap<string, PastNode>): readonly string[] {
  const { name, outcome = 'killed', ms, reasons, failure, blockedBy } = node
  const took = ms > 0 ? ` (${(ms / 1000).toFixed(1)}s)` : ''
  const by = blockedBy === undefined ? '' : ` by '${blockedBy}'`
  const why = reasons.map((reason) => `  - ${reasonText(reason)}`)
  const how = failure === undefined ? [] : [`  ${failure.message.split('\n')[0]}`]
  const chain = chainOf(node, known).map((one) => `  because of ${one}`)
  return [`${name} was ${outcome}${by}${took}`, ...why, ...chain, ...how]
}

// From a need that produced something else to what made that one run, and so on.
function chainOf(node: PastNode, known: ReadonlyMap<string, PastNode>): readonly string[] {
  const chain: string[] = []
  const seen = new Set([node.name])
  for (let at: PastNode | undefined = node; at !== undefined; ) {
    const cause: string | undefined = at.reasons
      .flatMap((reason) => (reason.kind === 'need-changed' ? [reason.name] : []))
      .find((name) => !seen.has(name))
    const need: PastNode | undefined = cause === undefined ? undefined : known.get(cause)
    if (need === undefined) break
    seen.add(need.name)
    const why = need.reasons.map(reasonText)[0] ?? ''
    chain.push(`${need.name}: ${need.outcome ?? 'killed'}, ${why}`)
    at = need
  }
  return chain
}
