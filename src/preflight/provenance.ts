// What an installation was made of and by: an in-toto statement with SLSA's provenance beside its files, so
// that anybody can check it years later without us. https://slsa.dev/spec/v1.0/provenance
import * as fs from 'node:fs'
import { isAbsolute, join } from 'node:path'

import { commandText, recall, recordedTools, type Session } from '../../graph/index.ts'
import type { Candidate } from './candidate.ts'
import { MANIFEST } from './detect.ts'

export const PROVENANCE = 'provenance.json'

interface Subject {
  readonly name: string
  readonly digest: { readonly sha256: string }
}

interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1'
  readonly subject: readonly Subject[]
  readonly predicateType: 'https://slsa.dev/provenance/v1'
  readonly predicate: unknown
}

/** What was done: `source` says what was fetched. */
export interface BuildFacts {
  readonly source: Readonly<Record<string, string>>
  readonly steps: readonly {
    readonly node: string
    readonly commands: readonly string[]
    readonly tools: Readonly<Record<string, string>>
  }[]
  readonly backend: string
  readonly device: string
  /** Of this program. */
  readonly version: string
  /** ISO 8601. */
  readonly startedAt: string
}

const STEPS = [
  'fetch-source',
  'cmake-configure',
  'cmake-build',
  'gen-detect-constants',
  'rebuild-tool',
]

/** The commands and tools with which a backend was built, as the journal has them. */
export function buildSteps(session: Session, { backend, device }: Candidate): BuildFacts['steps'] {
  const { records } = recall(session).journal.history
  return STEPS.flatMap((task) => {
    const names = [`${task}[${backend.name}]`, `${task}[${backend.name},${device}]`]
    const node = names.flatMap((name) => session.graph.byName.get(name) ?? [])[0]
    const record = node && records.get(node.name)
    if (node === undefined || record === undefined) return []
    const roots = { ...session.graph.roots, '': session.folder }
    const commands = node.commands.map((command) => commandText(command, roots))
    return [{ node: node.name, commands, tools: recordedTools(record) }]
  })
}

/** The text of the file: every file of the folder with its digest, and what they were made of. */
export function provenanceText(folder: string, facts: BuildFacts): string {
  const { source, steps, backend, device, version, startedAt } = facts
  const statement: Statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjectsOf(folder),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:bitnet-tasks:backend:v1',
        externalParameters: { backend, device },
        internalParameters: { steps },
        resolvedDependencies: [{ uri: source['from'] ?? 'unknown', annotations: source }],
      },
      runDetails: {
        builder: {
          id: 'urn:bitnet-tasks',
          version: { 'bitnet-tasks': version, node: process.version },
        },
        metadata: { startedOn: startedAt },
      },
    },
  }
  return `${JSON.stringify(statement, null, 2)}\n`
}

/** What `verify` finds of one installation. */
export interface Verification {
  readonly checked: number
  /** One line each: changed, gone, or not known. */
  readonly problems: readonly string[]
}

/** Compares an installation with its provenance: every byte of it, and nothing beside it. */
export function verifyFolder(folder: string): Verification | 'no provenance' {
  const wanted = readSubjects(folder)
  if (wanted === undefined) return 'no provenance'
  const found = new Map(subjectsOf(folder).map(({ name, digest }) => [name, digest.sha256]))
  const problems: string[] = []
  for (const { name, digest } of wanted) {
    const now = found.get(name)
    if (now === undefined) problems.push(`${name} is gone`)
    else if (now !== digest.sha256) problems.push(`${name} was changed after the build`)
    found.delete(name)
  }
  for (const name of found.keys()) problems.push(`${name} was added after the build`)
  return { checked: wanted.length, problems }
}

function readSubjects(folder: string): readonly Subject[] | undefined {
  try {
    const statement = JSON.parse(fs.readFileSync(join(folder, PROVENANCE), 'utf8')) as Statement
    const isOurs = statement._type === 'https://in-toto.io/Statement/v1'
    return isOurs && Array.isArray(statement.subject) ? statement.subject : undefined
  } catch {
    return undefined
  }
}

// Not what says of itself when it was written, nor the history, which grows.
const APART: readonly string[] = [PROVENANCE, MANIFEST, '.repair.log']

function subjectsOf(folder: string): readonly Subject[] {
  return filesBelow(folder, '')
    .filter((name) => !APART.includes(name))
    .sort()
    .map((name) => ({ name, digest: { sha256: digestOf(join(folder, name)) } }))
}

// readdir's own recursion goes through links, and would name a linked folder's files twice.
function filesBelow(folder: string, prefix: string): readonly string[] {
  return fs.readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = `${prefix}${entry.name}`
    return entry.isDirectory() ? filesBelow(folder, `${name}/`) : [name]
  })
}

// A link counts by where it leads; one to a library of somebody else by that library as well.
function digestOf(path: string): string {
  // Late: commands that only list or look come by here too.
  const { createHash } = process.getBuiltinModule('node:crypto')
  const hash = createHash('sha256')
  const target = fs.lstatSync(path).isSymbolicLink() ? fs.readlinkSync(path) : undefined
  if (target !== undefined) hash.update(`link ${target}`)
  if (target !== undefined && (!isAbsolute(target) || !fs.existsSync(path)))
    return hash.digest('hex')
  const file = fs.openSync(path, 'r')
  try {
    const piece = Buffer.allocUnsafe(1 << 20)
    for (let read = fs.readSync(file, piece); read > 0; read = fs.readSync(file, piece))
      hash.update(piece.subarray(0, read))
    return hash.digest('hex')
  } finally {
    fs.closeSync(file)
  }
}
