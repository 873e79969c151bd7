// What a step of this package reads of it, and what it asks of cmake: whoever uses one, as cmakeInputs()
// does, could not declare that.
import { commandText, type Node, type Session } from '../../graph/index.ts'
import { PACKAGE } from '../package.ts'
import { realPath } from '../real-path.ts'

/** Tells of a real path whether it belongs to the steps of this package that a node runs. */
export function isOfOwnSteps({ graph, folder }: Session, node: Node): (path: string) => boolean {
  const roots = { ...graph.roots, '': folder }
  const isStep = STEPS.some((steps) =>
    node.commands.some((command) => commandText(command, roots).includes(steps)),
  )
  if (!isStep) return () => false
  const program = realPath(process.execPath)
  const top = `${realPath(PACKAGE)}/`
  const isPart = (path: string): boolean =>
    path.startsWith(top) && PARTS.test(path.slice(top.length))
  return (path) => path === program || FILE_API.test(path) || isPart(path)
}

const STEPS = [`${PACKAGE}/dist/tasks/steps/`, `${PACKAGE}/tasks/steps/`]

// In a checkout steps are sources. Node looks into package.json for what a .js file is.
const PARTS = /^(?:package\.json$|(?:dist\/)?tasks\/(?:steps|fetch)\/|dist\/chunks\/)/

// The query and its reply.
const FILE_API = /\/\.cmake\/api\/v1(?:\/|$)/
