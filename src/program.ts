// Parsing, help and "did you mean" by commander, from the table of flags.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'

import { BACKEND_NAMES } from '../tasks/backends.ts'
import { dispatch } from './dispatch.ts'
import { examplesText } from './examples.ts'
import { EXIT, EXIT_TABLE } from './exit-code.ts'
import { type CommandRow, type Flag, flagName, type ParsedArgs, readLoad } from './flag.ts'
import { COMMANDS } from './flags.ts'
import { packageVersion } from './package.ts'
import { readRepairFlag } from './preflight/repair-mode.ts'
import { print } from './report/print.ts'
import { shellWord } from './report/words/shell-word.ts'
import { FILE, OF_SHIPPED } from './shared-flags.ts'

/** Runs a command line; resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code: number = EXIT.available
  const found = await parse(args, (own) => {
    code = own
  })
  if (typeof found === 'number') return found
  return found === undefined ? code : dispatch(found)
}

/** What a command line says; an exit code when commander refused or answered it. */
export async function parse(
  args: readonly string[],
  answered: (code: number) => void,
): Promise<ParsedArgs | number | undefined> {
  let parsed: ParsedArgs | undefined
  const take = (found: ParsedArgs): void => {
    parsed = found
  }
  const program = build(take, answered, behindDashes(args))
  try {
    refuseBothRepairs(program, args)
    await program.parseAsync([...args], { from: 'user' })
    return parsed
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.available : EXIT.usage
  }
}

/** The words behind `--`. */
function behindDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end < 0 ? [] : args.slice(end + 1)
}

// To commander they are one option, and the last one wins.
function refuseBothRepairs(program: Command, args: readonly string[]): void {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  if (own[0] !== 'preflight' || !own.includes('--no-repair')) return
  if (own.some((word) => word === '--repair' || word.startsWith('--repair=')))
    program.error(
      'error: --repair and --no-repair contradict each other\n  hint: use --repair=never alone',
      { exitCode: EXIT.usage },
    )
}

type Take = (parsed: ParsedArgs) => void

function build(take: Take, answered: (code: number) => void, behind: readonly string[]): Command {
  const program = new Program('bitnet-tasks')
    .description(
      'Makes the C++ backends of BitNet.rs present and verified; runs any graph of tasks by content.',
    )
    .version(packageVersion(), '-V, --version')
    .option('-C, --directory <dir>', 'work as if started in DIR')
    .exitOverride()
    .helpCommand(false)
    // Else it would look for its own flags behind `--` as well.
    .enablePositionalOptions()
  program.addHelpText('after', `\n${WITHOUT}`)
  for (const row of COMMANDS) addCommand(program, row, take, behind)
  program
    .command('help')
    .description('Help about a command, or about: exit-codes')
    .argument('[topic]')
    .option('--json', 'exit codes as JSON')
    .exitOverride()
    .action((topic: string | undefined, flags: { json?: boolean }) =>
      answered(help(program, topic, flags)),
    )
  return program
}

const WITHOUT = `Without a command the nearest bitnet.tasks.ts is run, from this folder upward.
First steps: bitnet-tasks init, or bitnet-tasks preflight --backend llama`

// commander compares the whole '--reapir=auto' with its flags, and then has nothing to suggest.
class Program extends Command {
  override createCommand(name?: string): Command {
    return new Program(name)
  }

  unknownOption(flag: string): void {
    const { unknownOption } = Command.prototype as unknown as Pick<Program, 'unknownOption'>
    unknownOption.call(this, flag.replace(/=.*/s, ''))
  }

  override error(message: string, options?: { exitCode?: number; code?: string }): never {
    const hint = this.hintFor(message, options?.code)
    return super.error(hint === undefined ? message : `${message}\n  hint: ${hint}`, options)
  }

  private hintFor(message: string, code: string | undefined): string | undefined {
    if (code === 'commander.unknownOption' && !message.includes('Did you mean'))
      return this.parent === null
        ? 'flags stand behind the command, as in: bitnet-tasks run -j2'
        : `for its flags: bitnet-tasks ${this.name()} --help`
    if (code === 'commander.excessArguments')
      return `for what it takes: bitnet-tasks ${this.name()} --help`
    if (code === 'commander.missingArgument')
      return `for examples: bitnet-tasks ${this.name()} --help`
    // `ninja NODE` is what the fingers know.
    const name = /^error: unknown command '(.*)'/.exec(message)?.[1]
    return name && `a node is run by: bitnet-tasks run ${shellWord(name)}`
  }
}

const LONE_NO = ['no-wait', 'no-cache']

const SHIPPED = 'Of the shipped graph only:'

function addCommand(
  program: Command,
  row: CommandRow,
  take: Take,
  behind: readonly string[],
): void {
  const { help, about } = row
  const made = program
    .command(row.name)
    .summary(help)
    .description(about === undefined ? help : `${help}\n\n${about}`)
    .exitOverride()
  const words = row.nodesHelp ?? (row.nodes?.includes('nodes') ? 'nodes or tasks' : '')
  if (row.nodes) made.argument(row.nodes, words)
  if (row.behind) made.argument('[COMMAND...]', row.behind).usage('[options] [-- COMMAND...]')
  if (row.takesWords) made.usage('[options] [nodes...] [-- WORDS...]')
  const isOfAnyGraph = row.flags.includes(FILE)
  for (const flag of row.flags) {
    const own = option(flag)
    made.addOption(isOfAnyGraph && OF_SHIPPED.has(flag) ? own.helpGroup(SHIPPED) : own)
  }
  made.addHelpText('after', examplesText(row.name))
  const lone = new Set(row.flags.filter(({ long }) => LONE_NO.includes(long)).map(flagName))
  if (row.name === 'preflight') made.addHelpText('after', exitCodes())
  made.action(() => {
    if (row.behind && made.args.length !== behind.length) tooMany(made)
    const own = made.opts()
    const all = Object.entries({ ...program.opts(), ...own })
    // commander gives a lone `--no-x` a default of true: only the answer 'no' was asked for.
    const flags = Object.fromEntries(all.filter(([name, value]) => !lone.has(name) || !value))
    if (!row.takesWords || behind.length === 0)
      return take({ command: row.name, nodes: made.args, flags })
    const nodes = made.args.slice(0, made.args.length - behind.length)
    take({ command: row.name, nodes, flags, words: behind })
  })
}

function tooMany(made: Command): never {
  return made.error(
    `error: too many arguments for '${made.name()}'\n  hint: a command of the consumer tool goes behind --`,
    { exitCode: EXIT.usage },
  )
}

function option({ long, short, value, optional, kind, choices, help }: Flag): Option {
  const place = value ? (optional ? ` [${value}]` : ` <${value}>`) : ''
  const spelling = `${short ? `-${short}, ` : ''}--${long}${place}`
  const made = new Option(
    spelling,
    kind === 'backend' ? `${help} (${BACKEND_NAMES.join(', ')})` : help,
  )
  if (choices) return made.choices([...choices])
  if (kind === 'number') return made.argParser(number)
  if (kind === 'load') return made.argParser(load)
  if (kind === 'repair') return made.argParser(repair)
  return kind === 'backend' ? made.argParser(backend) : made
}

function backend(value: string): string {
  if ((BACKEND_NAMES as readonly string[]).includes(value)) return value
  throw new InvalidArgumentError(
    `must be ${BACKEND_NAMES.map((name) => `'${name}'`).join(' or ')}.`,
  )
}

// The older spellings stay what they are: preflight says that they are deprecated.
function repair(value: string): string {
  if (readRepairFlag(value) !== undefined) return value
  throw new InvalidArgumentError(`Invalid repair mode: ${value}. Use auto, never or always.`)
}

function load(value: string): number {
  const read = readLoad(value)
  if (read !== undefined) return read
  throw new InvalidArgumentError('must be a number above 0, as 4 or 2.5.')
}

function number(value: string): number {
  if (/^[1-9]\d{0,4}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('must be a whole number from 1 to 99999.')
}

function help(program: Command, topic: string | undefined, { json }: { json?: boolean }): number {
  if (topic === undefined) print(program.helpInformation())
  else if (topic === 'exit-codes') {
    const rows = `${JSON.stringify({ version: 1, exitCodes: EXIT_TABLE }, null, 2)}\n`
    print(json ? rows : exitCodes().trimStart())
  } else {
    const found = program.commands.find((command) => command.name() === topic)
    if (found === undefined)
      program.error(`error: no help topic is called '${topic}'\n  hint: a command, or exit-codes`, {
        exitCode: EXIT.usage,
      })
    found.outputHelp()
  }
  return EXIT.available
}

function exitCodes(): string {
  const rows = EXIT_TABLE.map(({ code, meaning }) => `  ${code} - ${meaning}`)
  const steps = EXIT_TABLE.map(({ code, recovery }) => `  ${code}: ${recovery}`)
  return `
Exit Codes:
${rows.join('\n')}
  130, 143 - Interrupted (Ctrl-C) or terminated

Recovery by Exit Code:
${steps.join('\n')}
`
}
