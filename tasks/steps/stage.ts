// A program: copies what consumers need out of a source and its build folder, libraries with their
// chains of links and headers. Usage: stage SOURCE ORDER-AS-JSON
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'

interface StageOrder {
  readonly build: string
  readonly prefix: string
  readonly libraries: readonly string[]
  readonly libraryFolders: readonly string[]
  readonly includes: readonly string[]
}

// The system's no is an answer like any tool's: one line, no stack.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  process.stderr.write(`stage: ${error.code === undefined ? error.stack : error.message}\n`)
  process.exitCode = 1
})

const source = process.argv[2] ?? ''
const order = JSON.parse(process.argv[3] ?? '') as StageOrder

const lib = join(order.prefix, 'lib')
fs.rmSync(lib, { recursive: true, force: true })
fs.mkdirSync(lib, { recursive: true })
for (const library of order.libraries) {
  const found = order.libraryFolders.flatMap((folder) =>
    filesOf(join(order.build, folder), library),
  )
  if (found.length === 0) {
    const places = order.libraryFolders.map((folder) => join(order.build, folder)).join(', ')
    process.stderr.write(`stage: the build made no library '${library}' in ${places}\n`)
    process.exitCode = 1
  }
  for (const file of found) copy(file, join(lib, file.slice(dirname(file).length + 1)))
}
for (const folder of order.includes) copyHeaders(join(source, folder), join(order.prefix, folder))

// libllama.so -> libllama.so.0 -> libllama.so.0.5.0; libllama.0.dylib; llama.dll
function filesOf(folder: string, library: string): string[] {
  if (!fs.existsSync(folder)) return []
  const name = new RegExp(`^(lib)?${library}(\\.so[.\\d]*|[.\\d]*\\.dylib|\\.dll|\\.lib)$`)
  return fs
    .readdirSync(folder)
    .filter((file) => name.test(file))
    .map((file) => join(folder, file))
}

function copy(from: string, to: string): void {
  if (fs.lstatSync(from).isSymbolicLink()) return fs.symlinkSync(fs.readlinkSync(from), to)
  fs.copyFileSync(from, to)
  fs.chmodSync(to, fs.statSync(from).mode & 0o755)
}

function copyHeaders(from: string, to: string): void {
  fs.rmSync(to, { recursive: true, force: true })
  fs.mkdirSync(to, { recursive: true })
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyHeaders(join(from, entry.name), join(to, entry.name))
    else if (/\.(h|hpp|hh)$/.test(entry.name))
      fs.copyFileSync(join(from, entry.name), join(to, entry.name))
  }
}
