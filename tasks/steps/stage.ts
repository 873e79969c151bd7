// A program: copies what consumers need out of a source and its build folder, libraries with their
// chains of links and headers. Usage: stage SOURCE ORDER-AS-JSON
import * as fs from 'node:fs'
import { basename, join } from 'node:path'

interface StageOrder {
  readonly build: string
  readonly prefix: string
  readonly libraries: readonly string[]
  /** Libraries that the build may have made. */
  readonly pieces: readonly string[]
  readonly libraryFolders: readonly string[]
  /** Folders of headers; two may go to one place. */
  readonly includes: readonly { readonly from: string; readonly to: string }[]
}

// The system's no is an answer like any tool's: one line, no stack.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  process.stderr.write(`stage: ${error.code === undefined ? error.stack : error.message}\n`)
  process.exitCode = 1
})

const source = process.argv[2] ?? ''
const order = JSON.parse(process.argv[3] ?? '') as StageOrder
const folders = order.libraryFolders.map((folder) => join(order.build, folder))

const lib = join(order.prefix, 'lib')
fs.rmSync(lib, { recursive: true, force: true })
fs.mkdirSync(lib, { recursive: true })
for (const library of order.libraries) {
  const found = filesOf(library)
  if (found.length === 0) {
    process.stderr.write(`stage: the build made no library '${library}' in ${folders.join(', ')}\n`)
    process.exitCode = 1
  }
  found.forEach(copy)
}
for (const piece of order.pieces) filesOf(piece).forEach(copy)

for (const { to } of order.includes)
  fs.rmSync(join(order.prefix, to), { recursive: true, force: true })
for (const { from, to } of order.includes) copyHeaders(join(source, from), join(order.prefix, to))

// libllama.so -> libllama.so.0 -> libllama.so.0.5.0; libllama.0.dylib; llama.dll
function filesOf(library: string): string[] {
  const name = new RegExp(`^(lib)?${library}(\\.so[.\\d]*|[.\\d]*\\.dylib|\\.dll|\\.lib)$`)
  for (const folder of folders) {
    const there = fs.existsSync(folder) ? fs.readdirSync(folder) : []
    const files = there.filter((file) => name.test(file))
    if (files.length > 0) return files.map((file) => join(folder, file))
  }
  return []
}

function copy(from: string): void {
  const to = join(lib, basename(from))
  if (fs.lstatSync(from).isSymbolicLink()) return fs.symlinkSync(fs.readlinkSync(from), to)
  fs.copyFileSync(from, to)
  fs.chmodSync(to, fs.statSync(from).mode & 0o755)
}

function copyHeaders(from: string, to: string): void {
  fs.mkdirSync(to, { recursive: true })
  for (const name of fs.readdirSync(from)) {
    // By stat: the source may be laid out as links.
    if (fs.statSync(join(from, name)).isDirectory()) copyHeaders(join(from, name), join(to, name))
    else if (/\.(h|hpp|hh)$/.test(name)) fs.copyFileSync(join(from, name), join(to, name))
  }
}
