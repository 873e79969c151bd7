// One rule of the table of failures: a cause, and by what it is known. One class per cause.
// Patterns see lower-cased lines without noise (failure.ts); each must stay linear in the text:
// no nested repetition, and a repetition between two words is bounded and stays on its line.

export type Stage = 'fetch' | 'configure' | 'build' | 'install' | 'rebuild' | 'revalidate'
export type FailureClass = 'network' | 'permission' | 'build' | 'interrupted' | 'unknown'

/** One cause, one class, and only the network is worth another try. */
export const VERDICTS = {
  network: { class: 'network', retry: true },
  'network-permanent': { class: 'unknown', retry: false },
  'tls-trust': { class: 'unknown', retry: false },
  auth: { class: 'unknown', retry: false },
  'source-not-found': { class: 'unknown', retry: false },
  'source-corrupt': { class: 'unknown', retry: false },
  'dest-occupied': { class: 'unknown', retry: false },
  'stale-lock': { class: 'unknown', retry: false },
  'repo-state': { class: 'unknown', retry: false },
  disk: { class: 'unknown', retry: false },
  unknown: { class: 'unknown', retry: false },
  permission: { class: 'permission', retry: false },
  'read-only fs': { class: 'permission', retry: false },
  ownership: { class: 'permission', retry: false },
  build: { class: 'build', retry: false },
  config: { class: 'build', retry: false },
  clock: { class: 'build', retry: false },
  crash: { class: 'build', retry: false },
  'tool-missing': { class: 'build', retry: false },
  'source-incomplete': { class: 'build', retry: false },
  'stale-build-dir': { class: 'build', retry: false },
  'runtime-link': { class: 'build', retry: false },
  'resource(oom)': { class: 'build', retry: false },
  interrupted: { class: 'interrupted', retry: false },
} as const satisfies Record<string, { class: FailureClass; retry: boolean }>

export type Cause = keyof typeof VERDICTS

export interface Rule {
  readonly cause: Cause
  /** Absent: any stage and also none. Empty: only text that comes without a stage. */
  readonly stages?: readonly Stage[]
  /** Exit statuses; 128 + n for signal n. Absent: any. */
  readonly exit?: readonly number[]
  /** Absent: stage and exit status decide. */
  readonly pattern?: RegExp
}

export const AFTER_FETCH: readonly Stage[] = [
  'configure',
  'build',
  'install',
  'rebuild',
  'revalidate',
]
export const STAGED: readonly Stage[] = ['fetch', ...AFTER_FETCH]

/** A pattern of many phrases, which stand apart by a line end or by two spaces. */
export function any(phrases: TemplateStringsArray, ...parts: readonly string[]): RegExp {
  const words = String.raw(phrases, ...parts)
    .trim()
    .split(/ *\n *| {2,}/)
  return new RegExp(words.join('|'), 'm')
}
