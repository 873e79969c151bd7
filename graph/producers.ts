// Every path has one producer, and whoever reads it needs that one.
import { dirname, matchesGlob } from 'node:path'

import { isPlace, type Place, placePath, type Roots } from './command.ts'
import { GraphError } from './error.ts'
import { isPattern } from './file-names.ts'
import type { Node } from './node.ts'
import { plainPath } from './spelling.ts'

/**
 * Refuses two nodes that make one path, and a node that reads what it does not need.
 *
 * @throws GraphError 'duplicate-output', 'bad-graph'
 */
export function refuseSharedOutputs(nodes: readonly Node[], roots: Roots): void {
  const producers = new Map<string, Node>()
  for (const node of nodes)
    for (const output of node.spec.outputs ?? []) {
      if (output.startsWith('!')) continue
      const other = producers.get(output)
      if (other) throw bothMake(other, node, output)
      producers.set(output, node)
    }
  const globs = new OutputGlobs(nodes)
  for (const [path, node] of producers) {
    const other = globs.producerOf(path)
    if (other && other !== node && !isPattern(path)) throw bothMake(other, node, path)
  }
  for (const node of nodes)
    for (const input of node.spec.inputs ?? []) {
      if (isPlace(input)) placePath(input as Place, { ...roots, '': '' })
      if (typeof input !== 'string') continue
      const path = plainPath(input.replace(/\?$/, ''))
      const producer = producers.get(path) ?? globs.producerOf(path)
      if (producer === node) throw readsAndMakes(node, input)
      if (producer && !reaches(node, producer))
        throw new GraphError(
          `'${node.name}' reads '${input}', which '${producer.name}' makes, and does not need it`,
          { code: 'bad-graph', place: node.name, hint: `add '${producer.name}' to its needs` },
        )
    }
}

// An output goes before its node runs; an input counts as what it is then.
function readsAndMakes({ name }: Node, input: string): GraphError {
  return new GraphError(`'${name}' has '${input}' among its inputs and its outputs`, {
    code: 'bad-graph',
    place: name,
    hint: 'take it out of inputs if the commands make it anew, out of outputs if they edit it',
  })
}

function bothMake(one: Node, other: Node, path: string): GraphError {
  const [first, second] = one.index < other.index ? [one, other] : [other, one]
  return new GraphError(`'${first.name}' and '${second.name}' both make the output '${path}'`, {
    code: 'duplicate-output',
    place: second.name,
    hint: 'an output has one producer; give one of them another path',
  })
}

interface OutputGlob {
  readonly node: Node
  readonly pattern: string
  readonly except: readonly string[]
}

// By the folder in which each begins, so that a path meets only those above it.
class OutputGlobs {
  private readonly globs = new Map<string, OutputGlob[]>()

  constructor(nodes: readonly Node[]) {
    for (const node of nodes) {
      const outputs = node.spec.outputs ?? []
      const except = outputs.filter((one) => one.startsWith('!')).map((one) => one.slice(1))
      for (const output of outputs) {
        if (output.startsWith('!') || !isPattern(output)) continue
        const folder = dirname(`${/^[^*?[\]{}()!]*/.exec(output)?.[0]}x`)
        const others = this.globs.get(folder)
        if (others) others.push({ node, pattern: output, except })
        else this.globs.set(folder, [{ node, pattern: output, except }])
      }
    }
  }

  /** Who makes a literal path. Files whose names begin with a point are not recognized. */
  producerOf(path: string): Node | undefined {
    if (this.globs.size === 0 || isPattern(path)) return undefined
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      const found = this.globs
        .get(folder)
        ?.find(
          ({ pattern, except }) =>
            matchesGlob(path, pattern) && !except.some((one) => matchesGlob(path, one)),
        )
      if (found) return found.node
      if (folder === dirname(folder)) return undefined
    }
  }
}

function reaches(from: Node, target: Node): boolean {
  const seen = new Set<Node>()
  const stack: Node[] = [from]
  for (let node = stack.pop(); node; node = stack.pop())
    for (const edge of [...node.needs, ...node.after]) {
      if (edge === target) return true
      if (!seen.has(edge)) {
        seen.add(edge)
        stack.push(edge)
      }
    }
  return false
}
