// Forgetting nodes: their records and the outputs that these name go, nothing else.
import type { Node } from './node.ts'
import { removableOutputs } from './removable.ts'
import { recall, type Session, unwritable } from './state.ts'
import { underStateLock } from './state-lock.ts'

/**
 * The outputs that the nodes are known to have made, and that are theirs still, relative to the graph's folder.
 *
 * @example const files = recordedOutputs(session, graph.nodes)
 */
export function recordedOutputs(session: Session, nodes: readonly Node[]): readonly string[] {
  const memory = recall(session)
  return nodes.flatMap((node) => removableOutputs(node, memory))
}

/**
 * Removes the recorded outputs and the records of the nodes; resolves with the removed paths.
 *
 * @throws GraphError 'locked', 'state-unwritable'
 * @example const removed = await forgetNodes(session, select(graph, ['compile']), { wait: true })
 */
export async function forgetNodes(
  session: Session,
  nodes: readonly Node[],
  options: { readonly wait: boolean },
): Promise<readonly string[]> {
  const { host } = session
  return underStateLock(session, { purpose: 'clean', ...options }, async () => {
    const { journal, world } = recall(session)
    const paths = recordedOutputs(session, nodes)
    try {
      journal.open()
    } catch (error) {
      throw unwritable(session, error)
    }
    for (const path of paths) host.disk.removeFile(world.path(path))
    journal.drop(nodes.map((node) => node.name))
    await journal.sync()
    journal.close()
    return paths
  })
}
