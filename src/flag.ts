// A flag and a command as data, and what is made of them on a command line.

export interface Flag {
  readonly long: string
  readonly short?: string
  /** Name of its value in help; without one it is a switch. */
  readonly value?: string
  /** Its value may be left out. */
  readonly optional?: true
  readonly kind?: 'number' | 'load' | 'backend' | 'repair'
  readonly choices?: readonly string[]
  readonly help: string
}

export interface CommandRow {
  readonly name: string
  readonly help: string
  /** What its own help says beside that. */
  readonly about?: string
  /** Its arguments as commander writes them: `[nodes...]`. */
  readonly nodes?: string
  /** What they are; nodes or tasks unless said. */
  readonly nodesHelp?: string
  readonly flags: readonly Flag[]
  /** What is behind `--`, which is taken as it is. */
  readonly behind?: string
  /** Behind `--` are more words for a command of the graph, beside the nodes. */
  readonly takesWords?: true
}

/** What a command is given; the names are those of the flags, in camel case. */
export interface ParsedArgs {
  readonly command: string
  readonly nodes: readonly string[]
  readonly flags: Readonly<Record<string, string | number | boolean>>
  /** What is behind `--`, where the command takes that beside nodes. */
  readonly words?: readonly string[]
}

/** `--no-wait` is stored as `wait: false`, `--dry-run` as `dryRun: true`. */
export function flagName({ long }: Flag): string {
  return long.replace(/^no-/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** The load average that a person wrote: above 0, as 4 or 2.5; undefined for anything else. */
export function readLoad(text: string): number | undefined {
  return /^\d{1,5}(\.\d{1,3})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined
}
