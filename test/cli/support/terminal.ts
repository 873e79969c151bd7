// A terminal of its own for a program, as script(1) makes one: what comes to its screen, and what is typed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Terminal {
  /** `script`, whose terminal it is: to kill it is to close it. */
  readonly child: ChildProcess
  readonly type: (keys: string) => void
  /** Resolves when the screen has got this since the last call. */
  readonly sees: (text: string) => Promise<void>
  readonly ended: Promise<Shown>
}

export interface Shown {
  /** All that came to the screen. */
  readonly screen: string
  /** As a shell shows it: 128 and the number for a signal. */
  readonly code: number
}

/** Runs a line of shell there; `env` is beside HOME and PATH. */
export function openTerminal(
  home: string,
  line: string,
  env: Readonly<Record<string, string>> = {},
): Terminal {
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: home,
    env: { HOME: home, PATH: process.env['PATH'], TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  let seen = 0
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    for (const look of waiting) look()
  })
  const ended = once(child, 'close').then(([code]): Shown => ({ screen, code: code ?? -1 }))
  const sees = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const at = screen.indexOf(text, seen)
        if (at < 0) return
        seen = at + text.length
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      ended.then(() => reject(new Error(`it ended without '${text}':\n${screen}`)))
      look()
    })
  return { child, type: (keys) => child.stdin.write(keys), sees, ended }
}

/** The line of shell that becomes a program. */
export function becoming(words: readonly string[]): string {
  return `exec ${words.map((word) => `'${word}'`).join(' ')}`
}

export const HIDES_CURSOR = '\x1b[?25l'

/** Whether that is the last which the terminal was told of its cursor. */
export function showsCursor(screen: string): boolean {
  return screen.lastIndexOf('\x1b[?25h') > screen.lastIndexOf(HIDES_CURSOR)
}
