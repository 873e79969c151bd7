// Reads the plain forms of a command line without loading a parser. Whatever is odd in any way
// (unknown, abbreviated, missing, `--help`) gives undefined, and commander decides and explains.
import { type Flag, flagName, type ParsedArgs, readLoad } from './flag.ts'
import { COMMANDS } from './flags.ts'

export function quickArgs(args: readonly string[]): ParsedArgs | undefined {
  const row = COMMANDS.find(({ name }) => name === args[0])
  if (row === undefined) return undefined
  const flags: Record<string, string | number | boolean> = {}
  const nodes: string[] = []
  for (let i = 1; i < args.length; i++) {
    const word = args[i] as string
    if (!word.startsWith('-')) {
      if (row.nodes === undefined) return undefined
      nodes.push(word)
      continue
    }
    const { name, attached } = split(word)
    const flag = row.flags.find(({ long, short }) => name === `--${long}` || name === `-${short}`)
    if (flag === undefined) return undefined
    // Given twice in two ways: commander says which.
    if (Object.hasOwn(flags, flagName(flag)) && flag.long !== flagName(flag)) return undefined
    if (flag.value === undefined) {
      if (attached !== undefined) return undefined
      flags[flagName(flag)] = !flag.long.startsWith('no-')
      continue
    }
    const text = attached ?? args[++i]
    const value =
      text === undefined || text === '' || isFlag(text) ? undefined : flagValue(flag, text)
    if (value === undefined) return undefined
    flags[flagName(flag)] = value
  }
  if (row.nodes?.startsWith('<') && nodes.length === 0) return undefined
  if (row.nodes && !row.nodes.includes('...') && nodes.length > 1) return undefined
  return { command: row.name, nodes, flags }
}

// A dash alone stands for stdout.
function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-'
}

// `--jobs=2` and `-j2` carry their value with them.
function split(word: string): { name: string; attached: string | undefined } {
  const at = word.startsWith('--') ? word.indexOf('=') : 2
  if (at < 0 || at >= word.length) return { name: word, attached: undefined }
  return { name: word.slice(0, at), attached: word.slice(word.startsWith('--') ? at + 1 : at) }
}

function flagValue(flag: Flag, text: string): string | number | undefined {
  if (flag.choices && !flag.choices.includes(text)) return undefined
  // The names of backends are checked where they are known; commander then says what is valid.
  if (flag.kind === 'backend') return undefined
  if (flag.kind === 'repair' && !['auto', 'never', 'always'].includes(text)) return undefined
  if (flag.kind === 'load') return readLoad(text)
  if (flag.kind !== 'number') return text
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined
}
