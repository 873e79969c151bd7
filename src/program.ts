// Every command with its flags, by commander; what a command does is loaded when it is called.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'

import { BACKEND_NAMES, type BackendName, DEVICES } from '../tasks/backends.ts'
import { EXIT, EXIT_TABLE } from './exit-code.ts'
import { PACKAGE } from './package.ts'
import { REPAIR_MODES } from './preflight/repair-mode.ts'

/** Runs a command line; resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code = 0
  const program = build((result) => {
    code = result
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage
    const { explainError } = await import('./report/error.ts')
    return explainError(error)
  }
}

type Flags = Record<string, unknown>

function build(done: (code: number) => void): Command {
  const program = new Command('bitnet-tasks')
    .description(
      'Makes the C++ backends of BitNet.rs present and verified; runs any graph of tasks by content.',
    )
    .version(version(), '-V, --version')
    .option('-C, --directory <dir>', 'work as if started in DIR', '.')
    .exitOverride()
    .showHelpAfterError('(run with --help for the flags)')
    .enablePositionalOptions()
    .helpCommand(false)

  const command = (
    name: string,
    summary: string,
    shape: (made: Command) => Command,
    act: (made: Command, targets: readonly string[], flags: Flags) => Promise<number> | number,
  ): void => {
    const made = shape(program.command(name).description(summary).exitOverride())
    made.addOption(new Option('-C, --directory <dir>', 'work as if started in DIR'))
    made.action(async (...given: unknown[]) => {
      const self = given.at(-1) as Command
      const targets = (Array.isArray(given[0]) ? given[0] : []) as readonly string[]
      const { directory, ...flags } = {
        ...self.opts(),
        directory: self.opts()['directory'] ?? program.opts()['directory'],
      }
      done(await act(self, targets, { ...flags, folder: resolve(directory as string) }))
    })
  }

  command(
    'preflight',
    'Check C++ backend library detection and auto-repair if needed.',
    (made) =>
      common(choices(running(made)))
        .addOption(backend())
        .addOption(new Option('--device <name>', 'what to build for').choices([...DEVICES]))
        .addOption(new Option('--repair <mode>', 'when to repair').choices([...REPAIR_MODES]))
        .addHelpText('after', exitCodes()),
    async (_, __, flags) => (await import('./commands/preflight.ts')).preflight(flags as never),
  )
  command(
    'run',
    'Bring nodes and all they need up to date.',
    (made) =>
      common(
        choices(running(made.argument('[nodes...]', 'nodes or tasks; all without'))),
      ).addOption(backend()),
    async (_, targets, flags) => (await import('./commands/run.ts')).run(targets, flags as never),
  )
  command(
    'list',
    'The nodes that there are.',
    (made) => json(choices(made.argument('[nodes...]'))),
    async (_, targets, flags) => (await import('./commands/list.ts')).list(targets, flags as never),
  )
  command(
    'plan',
    'What a run would do, in order.',
    (made) => json(choices(made.argument('[nodes...]'))),
    async (_, targets, flags) =>
      (await import('./commands/plan.ts')).planned(targets, flags as never),
  )
  command(
    'explain',
    'Why nodes are fresh or stale.',
    (made) => json(choices(made.argument('<nodes...>'))),
    async (_, targets, flags) =>
      (await import('./commands/plan.ts')).explain(targets, flags as never),
  )
  command(
    'status',
    'The state of each node.',
    (made) => json(choices(made.argument('[nodes...]'))),
    async (_, targets, flags) =>
      (await import('./commands/plan.ts')).status(targets, flags as never),
  )
  command(
    'graph',
    'The nodes and edges, for other programs.',
    (made) =>
      json(choices(made.argument('[nodes...]'))).addOption(
        new Option('--format <name>', 'the picture')
          .choices(['text', 'dot', 'mermaid', 'json'])
          .default('text'),
      ),
    async (_, targets, flags) =>
      (await import('./commands/graph.ts')).graph(targets, flags as never),
  )
  command(
    'clean',
    'Remove what nodes made and what is remembered of them.',
    (made) =>
      json(choices(made.argument('[nodes...]')))
        .option('--dry-run', 'only say what would go')
        .option('--no-wait', 'fail at once when another run holds the lock'),
    async (_, targets, flags) =>
      (await import('./commands/clean.ts')).clean(targets, flags as never),
  )
  command(
    'doctor',
    'What this machine offers and what would stand in the way.',
    json,
    async (_, __, flags) => (await import('./commands/doctor.ts')).doctor(flags),
  )
  command(
    'env',
    'The variables with which programs find the installation.',
    (made) =>
      made
        .addOption(
          new Option('--emit <shell>', 'for which shell')
            .choices(['sh', 'fish', 'pwsh', 'cmd', 'json', 'github'])
            .default('sh'),
        )
        .option('--json', 'the same as --emit json'),
    async (_, __, flags) =>
      (await import('./commands/env.ts')).env({
        emit: flags['json'] ? 'json' : flags['emit'],
      } as never),
  )
  program
    .command('help')
    .description('Help about a command, or about: exit-codes')
    .argument('[topic]')
    .option('--json', 'exit codes as JSON')
    .exitOverride()
    .action((topic: string | undefined, flags: Flags) => done(help(program, topic, flags)))
  return program
}

function help(program: Command, topic: string | undefined, flags: Flags): number {
  if (topic === undefined) process.stdout.write(program.helpInformation())
  else if (topic === 'exit-codes')
    process.stdout.write(
      flags['json']
        ? `${JSON.stringify({ version: 1, exitCodes: EXIT_TABLE }, null, 2)}\n`
        : exitCodes().trimStart(),
    )
  else {
    const found = program.commands.find((command) => command.name() === topic)
    if (found === undefined)
      return program.error(
        `error: no help topic is called '${topic}'\n  hint: a command, or exit-codes`,
        { exitCode: EXIT.usage },
      )
    process.stdout.write(found.helpInformation())
  }
  return 0
}

function running(made: Command): Command {
  return made
    .option('-f, --force', 'run even if fresh')
    .option('--dry-run', 'only print what would be executed')
    .option('-k, --keep-going', 'after a failure go on with what does not depend on it')
    .option('--no-wait', 'fail at once when another run holds the lock')
    .addOption(
      new Option('--lock-timeout <seconds>', 'wait for the lock at most so long').argParser(number),
    )
}

function choices(made: Command): Command {
  return made
    .addOption(new Option('-j, --jobs <n>', 'how many at once').argParser(number))
    .addOption(new Option('--source <where>', 'auto, git, npm, or a folder with the sources'))
    .addOption(new Option('--ref <ref>', 'another commit, tag or branch than the pinned one'))
    .addOption(new Option('--cuda-arch <list>', "CUDA architectures, as '86;90'"))
    .option('--offline', 'do not use the network')
}

function common(made: Command): Command {
  return json(made)
    .option('-v, --verbose', 'every line the tools print')
    .option('-q, --quiet', 'only the answer')
}

function json(made: Command): Command {
  return made.option('--json', 'the answer as JSON')
}

function backend(): Option {
  const parser = (value: string): BackendName => {
    if ((BACKEND_NAMES as readonly string[]).includes(value)) return value as BackendName
    throw new InvalidArgumentError(
      `must be ${BACKEND_NAMES.map((name) => `'${name}'`).join(' or ')}.`,
    )
  }
  return new Option(
    '--backend <name>',
    `the backend: ${BACKEND_NAMES.join(', ')}; all without`,
  ).argParser(parser)
}

function number(value: string): number {
  const parsed = Number(value)
  if (/^\d+$/.test(value) && parsed >= 1 && parsed <= 100_000) return parsed
  throw new InvalidArgumentError('must be a whole number from 1.')
}

function exitCodes(): string {
  const rows = EXIT_TABLE.map(({ code, meaning }) => `  ${code} - ${meaning}`)
  const steps = EXIT_TABLE.map(({ code, recovery }) => `  ${code}: ${recovery}`)
  return `\nExit Codes:\n${rows.join('\n')}\n  130, 143 - Interrupted (Ctrl-C) or terminated\n\nRecovery by Exit Code:\n${steps.join('\n')}\n`
}

function version(): string {
  return (JSON.parse(readFileSync(`${PACKAGE}/package.json`, 'utf8')) as { version: string })
    .version
}
