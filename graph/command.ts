// A command as data: hashed, printed and replayed. Nothing runs here.
import { GraphError } from './error.ts'

/**
 * A path below a named root that lies outside the graph's own folder. The key of a node holds the
 * root's name and not where it lies, so that moving it (another checkout, another version folder)
 * does not make a node stale.
 */
export interface Place {
  readonly root: string
  readonly path: string
}

/** One word of a command: text, a place, or several of them joined without a blank. */
export type Word = string | Place | readonly (string | Place)[]

export interface ArgvCommand {
  readonly kind: 'argv'
  readonly words: readonly Word[]
  /** What messages show instead of the whole line; no part of the key. */
  readonly title?: string
}

export interface ShellCommand {
  readonly kind: 'sh'
  readonly text: readonly (string | Place)[]
  readonly title?: string
}

export type Command = ArgvCommand | ShellCommand

/** Where each named root lies on this machine. */
export type Roots = Readonly<Record<string, string>>

/**
 * A program with its arguments; no shell reads them.
 *
 * @example argv('make', '-C', 'build', 'install')
 */
export function argv(...words: readonly Word[]): ArgvCommand {
  if (words.length === 0)
    throw new GraphError('argv() was given no program', {
      code: 'bad-graph',
      hint: "write argv('cc', '-c', file)",
    })
  for (const word of words) {
    for (const piece of Array.isArray(word) ? word : [word])
      if (typeof piece !== 'string' && !isPlace(piece)) throw noText('argv()', piece)
    refuseNul(wordText(word, () => ''))
  }
  return { kind: 'argv', words }
}

/**
 * A line for `/bin/sh`. Values in `${}` are quoted as one word each; an array gives one word per
 * element; a place becomes its path.
 *
 * @example sh`cat ${inputs} > ${output}`
 */
export function sh(
  strings: TemplateStringsArray | string,
  ...values: readonly (string | number | Place | readonly string[])[]
): ShellCommand {
  if (typeof strings === 'string') {
    refuseNul(strings)
    return { kind: 'sh', text: [strings] }
  }
  const text: (string | Place)[] = []
  let open = ''
  strings.forEach((piece: string | undefined, i) => {
    const raw = strings.raw[i] as string
    if (piece === undefined) throw badEscape(raw)
    refuseIdleBackslash(raw)
    open += piece
    if (i >= values.length) return
    const value = values[i] as string | number | Place | readonly string[]
    for (const one of Array.isArray(value) ? value : isPlace(value) ? [] : [value])
      if (typeof one !== 'string' && typeof one !== 'number') throw noText('sh', one)
    if (isPlace(value)) {
      text.push(open, value)
      open = ''
    } else if (Array.isArray(value)) open += value.map((word) => quote(String(word))).join(' ')
    else open += quote(String(value))
  })
  text.push(open)
  refuseNul(text.filter((piece) => typeof piece === 'string').join(''))
  return { kind: 'sh', text }
}

/**
 * A command under a short name, for messages about it: its own line may be long, or hold what no
 * person reads. The key of a node holds the command and not its title.
 *
 * @example titled('check app', argv('node', 'check.mjs', JSON.stringify({ files: ['app'] })))
 */
export function titled(title: string, command: Command): Command {
  return { ...command, title }
}

/**
 * Names a root; give its folder to `defineGraph({ roots })`. The root '' is the graph's own folder.
 *
 * @example const pkg = root('package')
 */
export function root(name: string): (path: string) => Place {
  return (path) => ({ root: name, path })
}

export function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && 'root' in value && 'path' in value
}

/**
 * The command as `/bin/sh` would be given it, with every place resolved.
 *
 * @example commandText(argv('cc', '-c', 'it is.c'), {})   // cc -c 'it is.c'
 */
export function commandText(command: Command, roots: Roots): string {
  const where = (place: Place): string => placePath(place, roots)
  if (command.kind === 'argv')
    return command.words.map((word) => quote(wordText(word, where))).join(' ')
  return command.text
    .map((piece) => (typeof piece === 'string' ? piece : quote(where(piece))))
    .join('')
}

/** The command as messages have it: by its title, or else as `/bin/sh` would be given it. */
export function shownCommand(command: Command, roots: Roots): string {
  return command.title ?? commandText(command, roots)
}

/** The program that an argv command starts; undefined for shell text, where only sh is known. */
export function commandProgram(command: Command): string | undefined {
  if (command.kind !== 'argv') return undefined
  const first = command.words[0]
  return typeof first === 'string' ? first : undefined
}

/** The absolute path of a place. Throws GraphError when its root has no folder. */
export function placePath(place: Place, roots: Roots): string {
  const base = Object.hasOwn(roots, place.root) ? roots[place.root] : undefined
  if (base === undefined)
    throw new GraphError(`the root '${place.root}' of '${place.path}' is not declared`, {
      code: 'bad-graph',
      hint: `give defineGraph({ roots: { ${place.root}: '/a/folder' } })`,
    })
  return place.path === '' ? base : `${base}/${place.path}`
}

/**
 * Quotes one word for a POSIX shell.
 *
 * @example quote("it's")   // 'it'\''s'
 */
export function quote(word: string): string {
  if (word !== '' && /^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function wordText(word: Word, where: (place: Place) => string): string {
  if (typeof word === 'string') return word
  if (isPlace(word)) return where(word)
  return word.map((piece) => (typeof piece === 'string' ? piece : where(piece))).join('')
}

// 'undefined' would be run as a word.
function noText(where: string, value: unknown): GraphError {
  return new GraphError(`a word of ${where} is ${JSON.stringify(value) ?? typeof value}`, {
    code: 'bad-graph',
    hint: 'a word is a text, a place of root(), or a list of texts',
  })
}

// Of a backslash and digits in a template JavaScript makes no text at all, and would run 'undefined'.
function badEscape(raw: string): GraphError {
  return new GraphError(`a command holds an escape that JavaScript does not know: ${raw.trim()}`, {
    code: 'bad-graph',
    hint: 'write \\\\ for a backslash that the shell shall see',
  })
}

// Of `\.` JavaScript makes a point, and the shell would see no backslash: `grep '\.c$'` finds more than it says.
function refuseIdleBackslash(raw: string): void {
  const found = raw.match(/\\[\s\S]/g)?.find((pair) => !KNOWN_ESCAPE.test(pair))
  if (found === undefined) return
  throw new GraphError(
    `of ${found} in a command JavaScript leaves the backslash out: ${raw.trim()}`,
    { code: 'bad-graph', hint: 'write \\\\ for a backslash that the shell shall see' },
  )
}

// Those that mean something, and those that somebody writes on purpose.
const KNOWN_ESCAPE = /^\\[bfnrtv0xu\\'"`${\n]$/

// A NUL would end the argument early in execve, silently: refuse instead of cutting.
function refuseNul(text: string): void {
  if (text.includes('\0'))
    throw new GraphError(`a command holds a NUL byte: ${JSON.stringify(text).slice(0, 80)}`, {
      code: 'bad-graph',
      hint: 'an argument of a program cannot hold one; pass the bytes in a file',
    })
}
