// A program: lays a source tree out anew, as a folder of links beside which the files lie that the tree
// lacks. The tree itself is not touched. Usage: lay-source SOURCE FOLDER STAND-INS-AS-JSON
import * as fs from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import type { StandIn } from '../backend.ts'

const source = resolve(process.argv[2] ?? '')
const folder = resolve(process.argv[3] ?? '')
const standIns = JSON.parse(process.argv[4] ?? '') as readonly StandIn[]

fs.rmSync(folder, { recursive: true, force: true })
layOut('')
for (const { file, from } of standIns)
  standIn(file, from[process.arch === 'arm64' ? 'arm64' : 'x64'])

// Links to whole folders, so that a file that is added to one is there; a folder of our own only where
// a file goes into it.
function layOut(below: string): void {
  fs.mkdirSync(join(folder, below), { recursive: true })
  for (const name of fs.readdirSync(join(source, below)).sort()) {
    if (name === '.git') continue
    const path = join(below, name)
    if (standIns.some(({ file }) => file.startsWith(`${path}/`))) layOut(path)
    else link(path)
  }
}

function link(path: string): void {
  const at = join(folder, path)
  const target = join(source, path)
  const isFolder = fs.statSync(target, { throwIfNoEntry: false })?.isDirectory() === true
  // Windows lets everybody make junctions, and links to files only some.
  if (process.platform !== 'win32') fs.symlinkSync(relative(dirname(at), target), at)
  else if (isFolder) fs.symlinkSync(target, at, 'junction')
  else fs.copyFileSync(target, at)
}

function standIn(file: string, from: string): void {
  const at = join(folder, file)
  if (fs.existsSync(at)) return
  // With its time, or everything that includes it would be compiled again.
  if (fs.existsSync(join(source, from)))
    return fs.cpSync(join(source, from), at, { preserveTimestamps: true })
  process.stderr.write(
    `lay-source: '${source}' lacks '${file}', and '${from}' to stand in for it\n`,
  )
  process.exitCode = 1
}
