// An installation is tried out: its tool runs, and each library is loaded, in child processes, so that a
// crash or a hang is an answer.
import type { Session } from '../../graph/index.ts'
import { INSIDE } from './guards.ts'

/**
 * What is wrong with an installation, in one line; undefined when it works.
 *
 * @example const why = await tryOut(session, '/home/me/.cache/llama_cpp', signal)
 */
export async function tryOut(
  { host }: Session,
  folder: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { stepPath } = await import('../../bitnet.tasks.ts')
  const { exit, stderr } = await host.shell.capture(
    [process.execPath, stepPath('revalidate'), folder],
    {
      cwd: '/',
      env: { ...INSIDE, PATH: host.env['PATH'] ?? '', LC_ALL: 'C' },
      timeoutMs: 60_000,
      ...(signal ? { signal } : {}),
    },
  )
  if (exit.how === 'exited' && exit.code === 0) return undefined
  if (exit.how === 'timed-out') return `the consumer tool in ${folder} gave no answer within 60 s`
  return stderr.trim().split('\n').at(-1) || `the consumer tool in ${folder} did not run`
}
