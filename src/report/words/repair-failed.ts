// A repair that failed: what is said for each cause of a failure.
import { again, block, errorLines, type Step, type Trouble } from './block.ts'
import { remedy } from './remedy.ts'
import { TITLES } from './titles.ts'

/**
 * The text of a failed repair: what kind of error, the first cause, what was printed, what to do.
 *
 * @param tool the consumer tool that is rebuilt: xtask, or bitnet-probe
 */
export function repairFailed(trouble: Trouble, tool: string): string {
  const { backend, cause, error } = trouble
  const title = TITLES[cause]
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (${title} during repair)`,
    errorLines(firstLines(trouble, tool), trouble),
    remedy({ ...trouble, firstCause: error }),
    exitLine(title),
  )
}

/** What was built does not run, does not load, or does not know what it was built with; `more` steps to take. */
export function revalidationFailed(trouble: Trouble, more: readonly Step[] = []): string {
  const { backend, error } = trouble
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (revalidation failed after repair: backend still unavailable)`,
    errorLines(['Revalidation failed after repair: backend still unavailable', error], trouble),
    [
      ['The previous installation was left as it was'],
      ...more,
      ['Run the repair again, even where it looks fresh:', `${again(backend)} --repair=always`],
      [
        `Libraries of another program may be in the way: see ${trouble.machine.platform.loaderVariable}`,
      ],
      ['See what the machine offers:', 'bitnet-tasks doctor'],
    ],
    'Exit code: 8 (revalidation failed)',
  )
}

/** What a fresh process says that looked and found nothing. */
export function stillUnavailable(trouble: Trouble): string {
  return `❌ Backend still unavailable after repair\n${revalidationFailed(trouble)}`
}

// The kinds of error of the specification.
function firstLines(
  { cause, error, path, url, stage, backend }: Trouble,
  tool: string,
): readonly string[] {
  switch (TITLES[cause]) {
    case 'network error':
      return [
        ...(stage === 'fetch' && url ? [`Failed to clone ${url}`] : []),
        `Network error during C++ download: ${error}`,
      ]
    case 'permission error':
      return [`Permission denied: ${path ?? `~/.cache/${backend.folder}`}`, error]
    case 'build error':
      if (stage === 'rebuild') return [`${tool} rebuild failed: ${error}`]
      if (stage !== 'fetch') return [`Build error during C++ compilation: ${error}`]
  }
  return [`setup-cpp-auto failed: ${error}`]
}

function exitLine(title: string): string {
  switch (title) {
    case 'network error':
      return 'Exit code: 3 (network error - retryable)'
    case 'permission error':
      return 'Exit code: 4 (permission error - manual fix required)'
    case 'build error':
      return 'Exit code: 5 (build error - install dependencies)'
    default:
      return `Exit code: 1 (${title})`
  }
}
