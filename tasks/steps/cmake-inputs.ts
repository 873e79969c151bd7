// A program: makes a Makefile fragment of what cmake has read, by the reply of its File API.
// Usage: cmake-inputs BUILD DEPFILE KIND,KIND [TREE]
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'

// What of the reply is used; there is more. Paths are absolute, or start at the top of the sources.
interface Reply {
  readonly reply?: Readonly<
    Record<string, Readonly<Record<string, { readonly jsonFile?: string }>>>
  >
}
interface Named {
  readonly path: string
  /** A module of cmake itself. */
  readonly isCMake?: boolean
  readonly isGenerated?: boolean
}
interface CMakeFiles {
  readonly paths: { readonly source: string }
  readonly inputs: readonly Named[]
}
interface CodeModel {
  readonly paths: { readonly source: string }
  readonly configurations: readonly { readonly targets: readonly { readonly jsonFile: string }[] }[]
}
interface Target {
  readonly sources?: readonly Named[]
}

// The system's no is an answer like any tool's: one line, no stack.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  process.stderr.write(`cmake-inputs: ${error.code === undefined ? error.stack : error.message}\n`)
  process.exitCode = 1
})

const [build = '', depfile = '', kinds = '', tree] = process.argv.slice(2)
const folder = join(build, '.cmake/api/v1/reply')
const replies = indexed()
if (replies.length === 0)
  process.stderr.write(
    `cmake-inputs: cmake left no reply in '${folder}' (before 3.14 it has none): what it reads is not known\n`,
  )
const files = [...new Set(replies.flatMap(read))].sort()
fs.writeFileSync(depfile, fragment(files))

// Of several the last counts: a configure that failed leaves its own beside that of the one before.
function indexed(): readonly string[] {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : []
  const index = names.filter((name) => name.startsWith('index-')).at(-1)
  if (index === undefined) return []
  const own = parsed<Reply>(index).reply?.['client-bitnet-tasks'] ?? {}
  return kinds.split(',').flatMap((kind) => own[kind]?.jsonFile ?? [])
}

function read(jsonFile: string): readonly string[] {
  const object = parsed<CMakeFiles | CodeModel>(jsonFile)
  const named =
    'inputs' in object
      ? object.inputs
      : object.configurations
          .flatMap(({ targets }) => targets)
          .flatMap((target) => parsed<Target>(target.jsonFile).sources ?? [])
  return named.flatMap((one) => ownPath(one, object.paths.source))
}

// What was made is no input: not all of that is marked. Outside of the sources lie cmake's modules and what
// is installed. And git writes its index when it is only asked for the state.
function ownPath({ path, isCMake, isGenerated }: Named, source: string): readonly string[] {
  const top = resolve(tree ?? source)
  const named = isAbsolute(path) ? path : join(source, path)
  const file = real(named)
  // By its name first: a link may lead out of the sources.
  const name = below(top, named) ?? below(real(top), file)
  const isMade = isGenerated || below(real(build), file) !== undefined
  const isOther =
    isCMake || name === undefined || /(^|[\\/])\.git[\\/]/.test(name) || isFolder(file)
  return isMade || isOther ? [] : [join(top, name)]
}

/** The name of a file from a folder in which it lies. */
function below(folder: string, file: string): string | undefined {
  const name = relative(resolve(folder), file)
  return name.startsWith('..') || isAbsolute(name) ? undefined : name
}

function isFolder(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function real(path: string): string {
  return fs.existsSync(path) ? fs.realpathSync(path) : path
}

// Relative where that can be: it does not say where the graph lies.
function fragment(paths: readonly string[]): string {
  const content = createHash('sha256')
  for (const path of paths)
    content.update(
      fs.existsSync(path) ? createHash('sha256').update(fs.readFileSync(path)).digest() : '',
    )
  const rule = ['inputs:', ...paths.map((path) => escaped(below('.', path) ?? path))].join(
    ' \\\n  ',
  )
  return `# ${content.digest('hex')}\n${rule}\n`
}

function escaped(path: string): string {
  return path.replaceAll('\\', '/').replaceAll('$', '$$$$').replace(/[ #]/g, '\\$&')
}

function parsed<T>(name: string): T {
  return JSON.parse(fs.readFileSync(join(folder, name), 'utf8')) as T
}
