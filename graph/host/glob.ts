// Walks folders: with fast-glob, but for the commonest of patterns, which are a handful of calls.
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

import type { GlobResult } from '../host.ts'
import { entriesOf, nameTest, walkBelow } from './walk.ts'

type FastGlob = typeof import('fast-glob')
type FileSystemAdapter = import('fast-glob').FileSystemAdapter

// 17 ms to import, and a run in which no folder changed never walks one.
const require = createRequire(import.meta.url)
const fastGlob = (): FastGlob => require('fast-glob')

const GLOB = { dot: true, followSymbolicLinks: false, unique: true } as const

/** Files below a folder that match, and every folder that decided it. `onMany` is told of very many, beforehand. */
export function glob(
  patterns: readonly string[],
  ignore: readonly string[],
  cwd: string,
  onMany: () => void = () => {},
): GlobResult {
  const [only] = patterns
  const quick = patterns.length === 1 && globOne(only as string, ignore, cwd, onMany)
  if (quick) return quick
  const folders = new Set<string>()
  const found = fastGlob().sync(patterns.map(withoutQuestion), {
    ...GLOB,
    cwd,
    ignore: ignore.map(withoutQuestion),
    // onlyFiles would leave out links, which are outputs of every shared library.
    onlyFiles: false,
    objectMode: true,
    fs: witnessing(folders),
  })
  const files = found
    .filter((entry) => !entry.dirent.isDirectory())
    .map((entry) => realName(entry.path))
  return { files: files.sort(), folders: [...folders] }
}

// `src/*.c`: stars in the last part alone, nothing else that is special. The walk of one folder takes
// 7 us where fast-glob takes 45, and a graph may have thousands of these.
const ONE_FOLDER = /^(?:[\w.-]+\/)*(?!.*\*\*)[\w.*-]*\*[\w.*-]*$/

function globOne(
  pattern: string,
  ignore: readonly string[],
  cwd: string,
  onMany: () => void,
): GlobResult | undefined {
  if (ignore.length === 0 && ONE_FOLDER.test(pattern)) return globOneFolder(pattern, cwd)
  return walkBelow(pattern, ignore, cwd, onMany)
}

function globOneFolder(pattern: string, cwd: string): GlobResult {
  const slash = pattern.lastIndexOf('/')
  const prefix = pattern.slice(0, slash + 1)
  const folder = slash < 0 ? cwd : `${cwd}/${pattern.slice(0, slash)}`
  const last = pattern.slice(slash + 1)
  const isMeant = nameTest(last)
  const files = entriesOf(folder)
    .filter((entry) => !entry.isDirectory() && isMeant(entry.name))
    .map((entry) => prefix + entry.name)
  return { files: files.sort(), folders: [folder] }
}

// fast-glob takes a part whose only wildcard is `?` for a name as it is, and looks into no folder `d1` for
// `d?/*.c`. A bracket says the same (but for U+FFFF, a character of no language), and names no slash either.
function withoutQuestion(pattern: string): string {
  return pattern.replace(QUESTION, (found) => (found === '?' ? '[!\uffff]' : found))
}

// Left as they are: what is escaped, what is in a bracket, and `?(...)`.
const QUESTION = /\\.|\[[^\]]*\]|\?(?!\()/gs

// Whatever folder is read, and where a literal name is looked for, decides what is found.
function witnessing(folders: Set<string>): Partial<FileSystemAdapter> {
  const readdirSync = (folder: string): fs.Dirent[] => {
    const path = realName(folder)
    folders.add(path)
    const entries = entriesOf(path)
    for (const entry of entries) entry.name = standInName(entry.name)
    return entries
  }
  const lstatSync = (path: string): fs.Stats => {
    folders.add(dirname(path))
    return fs.lstatSync(path)
  }
  return { readdirSync, lstatSync } as unknown as Partial<FileSystemAdapter>
}

// `**` becomes a regular expression with a dot, which matches no line end: while fast-glob looks
// at a name, characters of no language stand in for those.
const LINE_ENDS = ['\n', '\r', '\u2028', '\u2029']
const STAND_INS = ['\u{10fff0}', '\u{10fff1}', '\u{10fff2}', '\u{10fff3}']

function standInName(name: string): string {
  return name.replace(/[\n\r\u2028\u2029]/g, (end) => STAND_INS[LINE_ENDS.indexOf(end)] as string)
}

function realName(path: string): string {
  const standIn = /[\u{10fff0}-\u{10fff3}]/gu
  return path.replace(standIn, (found) => LINE_ENDS[STAND_INS.indexOf(found)] as string)
}
