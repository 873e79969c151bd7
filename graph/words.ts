// More words for a command than the graph says, for one run.
import { type Command, quote } from './command.ts'
import { GraphError } from './error.ts'
import type { Graph } from './graph.ts'
import type { Node } from './node.ts'

/**
 * The same graph, in which the last command of a node has more words. They are part of its key like any
 * other.
 *
 * @throws GraphError 'bad-graph' when the node has no command
 * @example const wordy = addWords(graph, select(graph, ['test'])[0]!, ['--grep', 'one thing'])
 */
export function addWords(graph: Graph, node: Node, words: readonly string[]): Graph {
  const last = node.commands.at(-1)
  if (last === undefined)
    throw new GraphError(`'${node.name}' has no command that could take words`, {
      code: 'bad-graph',
      place: node.name,
      hint: 'name a node that runs something',
    })
  const wordy: Node = { ...node, commands: [...node.commands.slice(0, -1), longer(last, words)] }
  const nodes = graph.nodes.map((one) => (one === node ? wordy : one))
  return { ...graph, nodes, byName: new Map(nodes.map((one) => [one.name, one])) }
}

function longer(command: Command, words: readonly string[]): Command {
  if (command.kind === 'argv') return { ...command, words: [...command.words, ...words] }
  return { ...command, text: [...command.text, ` ${words.map(quote).join(' ')}`] }
}
