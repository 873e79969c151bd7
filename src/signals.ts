// Ctrl-C and its like: the first asks for an orderly end, the second ends everything at once. When all
// is cleaned up the process dies by the same signal, so that a shell sees 130 and stops its loop.
import type { Host } from '../graph/index.ts'
import { whenSuspended } from './suspension.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

export interface Interruption {
  readonly signal: AbortSignal
  /** The signal that came, if one did. */
  readonly caught: () => NodeJS.Signals | undefined
  /** Stops listening. */
  readonly release: () => void
}

/** Listens for signals while a run is under way; what it runs stops with us and goes on with us. */
export function interruptible(host: Host): Interruption {
  const controller = new AbortController()
  let caught: NodeJS.Signals | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (caught !== undefined) host.shell.killNow()
    caught ??= signal
    controller.abort()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  // Also when an error that nobody caught ends us.
  const onExit = (): void => host.shell.killNow()
  process.on('exit', onExit)
  // They are in groups of their own, which a terminal does not stop.
  let goOn = (): void => {}
  const forget = whenSuspended({
    onLeave: () => {
      goOn = host.shell.pause()
    },
    onReturn: () => goOn(),
  })
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    process.off('exit', onExit)
    forget()
  }
  return { signal: controller.signal, caught: () => caught, release }
}

/** Ends this process as the signal would have. */
export function dieBy(signal: NodeJS.Signals): never {
  for (const name of SIGNALS) process.removeAllListeners(name)
  process.kill(process.pid, signal)
  // A blocked signal: the code that a shell would show.
  process.exit(
    signal === 'SIGINT' ? 130 : signal === 'SIGHUP' ? 129 : signal === 'SIGQUIT' ? 131 : 143,
  )
}
