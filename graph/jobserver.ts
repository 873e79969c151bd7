// How the tools of a node are told of the tokens: in MAKEFLAGS, as a make tells the makes that it calls.
import type { Spawn } from './host.ts'
import type { JobTokens } from './job-tokens.ts'

// The shell of a task can name descriptors of one digit only, and these are the last.
const READ = 8
const WRITE = 9

/**
 * The environment and the descriptors of a node's commands, with which make, and whoever else knows its
 * jobserver, runs no more jobs than there are tokens.
 *
 * @throws the errno of a disk that knows no FIFO
 */
export async function withJobserver(
  env: Spawn['env'],
  tokens: JobTokens,
): Promise<Pick<Spawn, 'env' | 'tokens'>> {
  const { path } = await tokens.open()
  const declared = env['MAKEFLAGS'] ?? ''
  return {
    env: { ...env, MAKEFLAGS: `${declared} ${flags(tokens)}` },
    tokens: { path, read: READ, write: WRITE },
  }
}

// Said twice, because nobody understands both: make before 4.4 wants two descriptors, ninja a FIFO and
// nothing else. The last one counts; only make's own option parser sees one whose value stands apart.
// Named by its descriptor the FIFO may lie in a folder with blanks in its name.
function flags({ jobs, maxLoad }: JobTokens): string {
  return [
    `-j${jobs}`,
    ...(maxLoad === undefined ? [] : [`-l${maxLoad}`]),
    `--jobserver-auth=fifo:/dev/fd/${READ}`,
    `--jobserver-auth ${READ},${WRITE}`,
  ].join(' ')
}
