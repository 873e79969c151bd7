// A task with its parameters bound: what is planned, decided and run.
import type { Command } from './command.ts'
import type { TaskSpec } from './task.ts'

/** `task[value,value]` */
export type NodeName = string

/** The task that a node belongs to, by its name. */
export function taskOf(name: NodeName): string {
  const end = name.indexOf('[')
  return end < 0 ? name : name.slice(0, end)
}

export interface Node {
  readonly name: NodeName
  /** Its place in `graph.nodes`, which is also a topological order. */
  readonly index: number
  readonly kind: 'task' | 'probe'
  readonly task: string
  readonly values: Readonly<Record<string, string>>
  readonly spec: TaskSpec
  readonly commands: readonly Command[]
  readonly needs: readonly Node[]
  readonly after: readonly Node[]
}

/** A node whose edges are still being tied. */
export interface Draft extends Node {
  index: number
  needs: Node[]
  after: Node[]
}
