// The commonest of patterns that look below a folder, `src/**` and `**/*.c`, walked by ourselves: one call for each
// folder and no more for each file than its name takes, a third of what fast-glob needs.
import * as fs from 'node:fs'

import type { GlobResult } from '../host.ts'
import { absentIsUndefined } from './absent.ts'

// Names that mean nothing but themselves; `**`; at most one name with stars.
const BELOW = /^((?:(?!\.\.?\/)[\w.-]+\/)*)\*\*(?:\/(?!.*\*\*)([\w.*-]*\*[\w.*-]*))?$/
const ANYWHERE = /^\*\*\/([\w.-]+)\/\*\*$/
const AT_ONE_PLACE = /^((?:[\w.-]+\/)*[\w.-]+)\/\*\*$/

// So many files take longer to digest than a thread to start.
const MANY_FILES = 2000

/**
 * Files below a folder; undefined for patterns of which more is to be known. `onMany` is told once there are so
 * many that others had better help with what comes next.
 */
export function walkBelow(
  pattern: string,
  ignore: readonly string[],
  cwd: string,
  onMany: () => void,
): GlobResult | undefined {
  const [, base, last = '*'] = BELOW.exec(pattern) ?? []
  if (base === undefined) return undefined
  const names = new Set(ignore.flatMap((one) => ANYWHERE.exec(one)?.[1] ?? []))
  const paths = new Set(ignore.flatMap((one) => AT_ONE_PLACE.exec(one)?.[1] ?? []))
  const isPlain = ignore.every((one) => ANYWHERE.test(one) || AT_ONE_PLACE.test(one))
  if (!isPlain || isWithin(base, names, paths)) return undefined
  const isMeant = nameTest(last)
  const files: string[] = []
  const folders: string[] = []
  let isTold = false
  const walk = (below: string): void => {
    const folder = below === '' ? cwd : `${cwd}/${below.slice(0, -1)}`
    folders.push(folder)
    // A folder counts with its slash, so that all of it comes in the order of code units.
    for (const entry of entriesOf(folder).map(slashed).sort()) {
      const isFolder = entry.endsWith('/')
      const name = isFolder ? entry.slice(0, -1) : entry
      if (names.has(name) || (paths.size > 0 && paths.has(below + name))) continue
      if (isFolder) walk(below + entry)
      else if (isMeant(name)) files.push(below + name)
    }
    if (isTold || files.length < MANY_FILES) return
    isTold = true
    onMany()
  }
  walk(base)
  return { files, folders }
}

/** Whether a name fits one with stars. */
export function nameTest(pattern: string): (name: string) => boolean {
  if (pattern === '*') return () => true
  const name = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^]*')}$`)
  return (each) => name.test(each)
}

/** What lies in a folder; nothing where there is none. */
export function entriesOf(folder: string): fs.Dirent[] {
  return absentIsUndefined(() => fs.readdirSync(folder, { withFileTypes: true })) ?? []
}

function slashed(entry: fs.Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name
}

function isWithin(base: string, names: ReadonlySet<string>, paths: ReadonlySet<string>): boolean {
  const parts = base.split('/').slice(0, -1)
  return parts.some((name, i) => names.has(name) || paths.has(parts.slice(0, i + 1).join('/')))
}
