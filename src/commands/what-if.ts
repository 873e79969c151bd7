// what-if: what would run if files changed; nothing is changed.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

import { type Assessed, assess, GraphError, recall } from '../../graph/index.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { reasonText } from '../report/words/reason.ts'
import { graphFileOf } from '../sealed.ts'
import { type GraphChoices, openSession } from '../session.ts'
import { spellings } from '../spellings.ts'

interface Args extends GraphChoices {
  readonly json?: boolean
}

/** What would run if these files changed; what would run anyway is told apart. */
export async function whatIf(files: readonly string[], args: Args): Promise<number> {
  const session = await openSession(args)
  const paths = files.map((file) => existing(file, args))
  const { nodes } = session.graph
  const now = new Map((await assess(nodes, recall(session))).map((one) => [one.node, one]))
  const pretended = new Set(paths.flatMap((path) => spellings(path, session.folder)))
  const then = await assess(nodes, recall(session, { pretended }))
  const isAnyway = (one: Assessed): boolean => isSame(one, now.get(one.node))
  const rows = then.filter(({ state }) => state !== 'fresh')
  if (args.json) {
    const found = rows.map((one) => {
      const { node, state, reasons } = one
      return { name: node.name, state, reasons, anyway: isAnyway(one) }
    })
    print(jsonDocument({ version: 1, nodes: found }))
    return 0
  }
  const caused = rows.filter((one) => !isAnyway(one))
  for (const { node, state, reasons } of caused) {
    const why = reasons.map(reasonText).slice(0, 3).join('; ')
    print(`${state === 'maybe' ? '? ' : '  '}${node.name}: ${why}\n`)
  }
  const anyway = rows.length - caused.length
  const also = anyway === 0 ? '' : `, ${anyway} would run anyway`
  print(`${caused.length} would run${also}, ${then.length - rows.length} would stay fresh\n`)
  if (paths.includes(graphFileOf(args) ?? ''))
    eprint('what an edit of the graph file changes, plan says after the edit\n')
  return 0
}

function isSame(one: Assessed, other: Assessed | undefined): boolean {
  return one.state === other?.state && JSON.stringify(one.reasons) === JSON.stringify(other.reasons)
}

function existing(file: string, { folder }: Args): string {
  const path = resolve(folder, file)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isFile()) return path
  const isFolder = stat?.isDirectory() === true
  throw new GraphError(`'${file}' ${isFolder ? 'is a folder' : 'is not there'}`, {
    code: 'bad-file',
    place: path,
    hint: isFolder ? `name its files: ${file}/*` : 'name a file that is there; it is not changed',
  })
}
