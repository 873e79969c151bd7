// clean: removes what nodes made, and what is remembered of them. Only recorded outputs go: nothing that
// a node is not known to have made.
import { forgetNodes, recordedOutputs, select } from '../../graph/index.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { counted } from '../report/words/watch.ts'
import { type GraphChoices, openSession } from '../session.ts'

export async function clean(
  targets: readonly string[],
  args: GraphChoices & { dryRun?: boolean; json?: boolean; wait?: boolean },
): Promise<number> {
  const session = await openSession(args)
  const nodes = select(session.graph, targets)
  const files = args.dryRun
    ? recordedOutputs(session, nodes)
    : await forgetNodes(session, nodes, { wait: args.wait !== false })
  if (args.json) print(jsonDocument({ version: 1, removed: files }))
  else {
    const verb = args.dryRun ? 'would remove' : 'removed'
    print(`${verb} ${counted(files.length, 'file')} of ${counted(nodes.length, 'node')}\n`)
  }
  return 0
}
