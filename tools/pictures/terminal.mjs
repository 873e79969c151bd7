// A command of ours in a real terminal (tmux), until its screen shows what is looked for.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const LONGEST_MS = 60_000

/** The screen with its colours, as `tmux capture-pane -e` writes it, once the command has ended too. */
export async function watchTerminal(args, { bin, env, folder, size, until }) {
  const socket = `bitnet-pictures-${process.pid}`
  const tmux = (...words) =>
    execFileSync('tmux', ['-L', socket, '-f', '/dev/null', '-u', ...words], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    })
  const line = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  tmux('new-session', '-d', '-x', `${size.columns}`, '-y', `${size.rows}`, '-c', folder, line)
  const end = Date.now() + LONGEST_MS
  let screen
  try {
    for (; Date.now() < end; await sleep(30)) {
      const text = tmux('capture-pane', '-p')
      if (screen === undefined && until(text)) screen = tmux('capture-pane', '-p', '-e')
    }
  } catch (error) {
    // Its session ends with the command, and tmux with its last session.
    if (screen === undefined) throw new Error(`the screen never showed ${until}`, { cause: error })
    return screen
  }
  tmux('kill-server')
  throw new Error(`it took longer than ${LONGEST_MS / 1000} s`)
}
