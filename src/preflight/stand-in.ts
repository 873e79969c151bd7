// A child that does what this process cannot become: it has our streams, and its end is ours.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isatty } from 'node:tty'

export type Stood =
  | { readonly how: 'ended'; readonly code: number }
  | { readonly how: 'not-started'; readonly error: Error }

/** Runs a program to its end. Its exit code is as a shell shows it: 128 and the number for a signal. */
export function standIn(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Stood> {
  return new Promise((resolve) => {
    const end = (stood: Stood): void => {
      for (const name of FORWARDED) process.off(name, forward)
      resolve(stood)
    }
    const forward = (name: NodeJS.Signals): void => {
      if (!fromTerminal(name)) child?.kill(name)
    }
    let child: ReturnType<typeof spawn> | undefined
    // Before the child: one that comes while it starts must not end us alone.
    for (const name of FORWARDED) process.on(name, forward)
    try {
      child = spawn(program, args, { env, stdio: 'inherit' })
    } catch (error) {
      // A null byte, or more arguments than the system takes.
      return end({ how: 'not-started', error: error as Error })
    }
    child.on('error', (error) => end({ how: 'not-started', error }))
    child.on('exit', (code, signal) => end({ how: 'ended', code: code ?? 128 + numberOf(signal) }))
  })
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

// A terminal sends Ctrl-C to the child as well, and a second one would mean 'at once'.
function fromTerminal(name: NodeJS.Signals): boolean {
  return (name === 'SIGINT' || name === 'SIGQUIT') && [0, 1, 2].some((file) => isatty(file))
}

function numberOf(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal]
}
