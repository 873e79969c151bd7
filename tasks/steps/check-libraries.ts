// A program: the contract of a built backend. Usage: check-libraries ORDER-AS-JSON
// Every library is a real one for this machine and exports what it must; CMake's cache says what it must.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'

import type { CheckOrder } from '../contracts.ts'

const order = JSON.parse(process.argv[2] ?? '') as CheckOrder
// The first four bytes of a file; of PE the first two are its own.
const MAGIC = {
  ELF: ['7f454c46'],
  'Mach-O': ['cffaedfe', 'cafebabe'],
  PE: ['4d5a9000'],
}
const wrong: string[] = []

for (const [name, symbols] of Object.entries(order.symbols)) {
  const path = libraryPath(name)
  const trouble = kindOf(path)
  if (trouble !== undefined) wrong.push(`'${path}' ${trouble}`)
  else if (symbols.length > 0) {
    const exported = exportsOf(...[path, ...piecesOf(name)])
    for (const symbol of symbols)
      if (!exported.has(symbol)) wrong.push(`'${path}' does not export '${symbol}'`)
  }
}
const entries = Object.entries(order.cache)
const cache =
  entries.length === 0 ? '' : fs.readFileSync(join(order.build, 'CMakeCache.txt'), 'utf8')
for (const [key, value] of entries)
  if (!cache.includes(`\n${key}=${value}\n`))
    wrong.push(`CMakeCache.txt does not say ${key}=${value}`)

for (const line of wrong) process.stderr.write(`check-libraries: ${line}\n`)
process.exitCode = wrong.length === 0 ? 0 : 1

function libraryPath(name: string): string {
  return join(order.prefix, 'lib', order.files[name] ?? name)
}

// Newer commits split libggml into libggml-base and libggml-cpu.
function piecesOf(name: string): string[] {
  const pieces = order.pieces.filter((piece) => piece.startsWith(`${name}-`))
  return pieces.map(libraryPath).filter((path) => fs.existsSync(path))
}

function kindOf(path: string): string | undefined {
  if (!fs.existsSync(path)) return 'is not there'
  const head = Buffer.alloc(20)
  const file = fs.openSync(path, 'r')
  fs.readSync(file, head, 0, 20, 0)
  fs.closeSync(file)
  if (!MAGIC[order.format].includes(head.toString('hex', 0, 4)))
    return `is no ${order.format} library`
  if (order.format !== 'ELF') return undefined
  const machine: Readonly<Record<string, number>> = { x64: 62, arm64: 183 }
  const wanted = machine[process.arch]
  const is = head.readUInt16LE(18)
  return wanted === undefined || is === wanted
    ? undefined
    : `is for machine ${is}, this one is ${wanted}`
}

function exportsOf(...paths: readonly string[]): ReadonlySet<string> {
  const flags = order.format === 'Mach-O' ? ['-gU'] : ['-D', '--defined-only']
  const text = execFileSync('nm', [...flags, ...paths], { encoding: 'utf8', maxBuffer: 1 << 26 })
  const names = text.split('\n').map((line) => line.split(' ').at(-1) ?? '')
  return new Set(names.map((name) => name.replace(/^_/, '').replace(/@.*$/, '')))
}
