// No node writes where our own state lies: what it removed there before a run would be that state.
import { type Graph, GraphError } from '../graph/index.ts'

const STATE = '.bitnet-tasks'

/**
 * Refuses a graph with a node whose output lies in the state folder.
 *
 * @throws GraphError 'bad-graph' that names the node
 */
export function refuseOutputsInState({ nodes }: Graph): void {
  for (const { name, spec } of nodes)
    for (const path of spec.outputs ?? [])
      if (path.split('/')[0] === STATE)
        throw new GraphError(
          `'${name}': the output ${JSON.stringify(path)} lies in the folder of the state`,
          {
            code: 'bad-graph',
            place: name,
            hint: `bitnet-tasks keeps its own files in ${STATE}: choose another folder`,
          },
        )
}
