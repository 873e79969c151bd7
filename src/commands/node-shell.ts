// shell and repro: one node by hand, as its run has it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, dirname } from 'node:path'

import {
  commandText,
  isPattern,
  MARK,
  type Node,
  nodeEnvironment,
  quote,
  recall,
  recordedOutputs,
  type Session,
} from '../../graph/index.ts'
import { oneNode } from '../one-node.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'
import { clean } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'

/** A shell where the node's commands run, with what they see; its exit code becomes ours. */
export async function shell([name = '']: readonly string[], args: GraphChoices): Promise<number> {
  const session = await openSession(args)
  const node = oneNode(session, name)
  const { cwd, env } = surroundings(session, node)
  const own = session.host.env
  const program = own['SHELL'] && existsSync(own['SHELL']) ? own['SHELL'] : '/bin/sh'
  // A shell needs to know its terminal; the commands do not.
  const terminal = own['TERM'] === undefined ? {} : { TERM: own['TERM'] }
  eprint(`${node.name} in ${cwd}; its commands:\n`)
  for (const text of commandLines(session, node)) eprint(`  ${clean(text)}\n`)
  const plain = WITHOUT_SETTINGS[basename(program)] ?? []
  return ended(spawn(program, plain, { cwd, env: { ...env, ...terminal }, stdio: 'inherit' }))
}

// What a person's settings put on PATH the commands do not see.
const WITHOUT_SETTINGS: Readonly<Record<string, readonly string[]>> = {
  bash: ['--norc', '--noprofile'],
  zsh: ['-f'],
  fish: ['--no-config'],
}

/** A script that does what the node's run does, and ends with the same exit code, without us. */
export async function repro([name = '']: readonly string[], args: GraphChoices): Promise<number> {
  const session = await openSession(args)
  const node = oneNode(session, name)
  print(reproText(session, node))
  return 0
}

function surroundings(session: Session, node: Node) {
  const { [MARK]: _, ...env } = nodeEnvironment(node, session.host)
  return {
    cwd: recall(session)
      .world.path(node.spec.cwd ?? '')
      .replace(/(?<=.)\/$/, ''),
    env,
  }
}

function commandLines({ graph, folder }: Session, node: Node): readonly string[] {
  const roots = { ...graph.roots, '': folder }
  return [...node.commands, ...(node.spec.contracts ?? [])].map((one) => commandText(one, roots))
}

// `env -i` takes away what the run would not pass on either.
function reproText(session: Session, node: Node): string {
  const { cwd, env } = surroundings(session, node)
  const words = Object.entries(env).map(([key, value]) => variable(session, node, key, value))
  const steps = commandLines(session, node).map((text) => `clean ${quote(text)} || exit $?`)
  const { before, after } = aroundCommands(session, node)
  const limit = node.spec.timeoutMs
  const ends = limit === undefined ? '' : `# A run ends them after ${limit / 1000} s.\n`
  return `#!/bin/sh
# ${clean(node.name)}: its commands, as a run gives them to /bin/sh, one after another.
${ends}${lines(before)}cd ${quote(cwd)} || exit 1
clean() {
  env -i ${words.join(' \\\n    ')} \\
    /bin/sh -c "$1" </dev/null
}
${lines([...steps, ...after])}`
}

function lines(all: readonly string[]): string {
  return all.map((one) => `${one}\n`).join('')
}

// What is passed on and decides nothing may be a password, and a script is there to be shown to others.
function variable({ host }: Session, { spec }: Node, name: string, value: string): string {
  const isTheirs = process.env[name] === host.env[name] && spec.set?.[name] === undefined
  return isTheirs && spec.passEnv?.includes(name) && /^\w+$/.test(name)
    ? `\${${name}+"${name}=$${name}"}`
    : quote(`${name}=${value}`)
}

// Before its commands a run removes what the node made the last time, and makes the folders of its outputs;
// afterwards each output must be there.
function aroundCommands(session: Session, node: Node) {
  const { world } = recall(session)
  const literal = (node.spec.outputs ?? []).filter((path) => !isPattern(path)).map(at)
  const made = recordedOutputs(session, [node]).map(at)
  const folders = [...new Set(literal.map((path) => dirname(path)))]
  const isCleaned = node.spec.clean === undefined || node.spec.clean === true
  function at(path: string): string {
    return world.path(path)
  }
  return {
    before: [
      ...(isCleaned && made.length > 0 ? [`rm -f ${made.map(quote).join(' ')}`] : []),
      ...(folders.length > 0 ? [`mkdir -p ${folders.map(quote).join(' ')}`] : []),
    ],
    after: literal.map((path) => {
      const file = quote(path)
      const missing = quote(`was not made: ${clean(path)}`)
      return `[ -e ${file} ] || [ -L ${file} ] || { echo ${missing} >&2; exit 1; }`
    }),
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))
    })
  })
}
