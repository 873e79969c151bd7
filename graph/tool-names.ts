// Which programs a node calls, as far as its commands say so.
import { isAbsolute, normalize } from 'node:path'

import { type Command, commandProgram, isPlace } from './command.ts'
import type { Node } from './node.ts'
import { plainPath } from './spelling.ts'

/**
 * The programs that a node is known to call, sorted; none that it makes itself. What a contract calls by its
 * path is mostly what the node has just made, somewhere.
 */
export function toolNames({ spec, commands }: Node): readonly string[] {
  const names = new Set(spec.tools)
  for (const command of commands) {
    const program = programOf(command, spec.cwd)
    if (program !== undefined && !spec.outputs?.includes(plainPath(program))) names.add(program)
  }
  for (const command of spec.contracts ?? []) {
    const program = programOf(command, spec.cwd)
    if (program?.includes('/') === false) names.add(program)
  }
  return names.size < 2 ? [...names] : [...names].sort()
}

function programOf(command: Command, cwd: Node['spec']['cwd']): string | undefined {
  const program = command.kind === 'sh' ? 'sh' : commandProgram(command)
  return program?.includes('/') && !isAbsolute(program) ? fromFolder(program, cwd) : program
}

// A program that a command names by a path is looked for from where the command runs.
function fromFolder(program: string, cwd: Node['spec']['cwd'] = ''): string {
  const { root, path } = isPlace(cwd) ? cwd : { root: '', path: cwd }
  if (root !== '') return `{${root}}/${normalize(`${path}/${program}`).replace(/^\//, '')}`
  if (path === '') return program
  const named = normalize(`${path}/${program}`)
  return named.includes('/') ? named : `./${named}`
}
