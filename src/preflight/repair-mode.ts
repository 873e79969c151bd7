// auto | never | always, from the flag and from CI.

export type RepairMode = 'auto' | 'never' | 'always'

/** What --repair said, and whether it was said in a way that will go. */
export interface RepairFlag {
  readonly mode: RepairMode
  readonly isDeprecated: boolean
}

// What specification 000 accepted; kept, with a warning.
const LEGACY: Readonly<Record<string, RepairMode>> = {
  true: 'auto',
  enabled: 'auto',
  yes: 'auto',
  false: 'never',
  disabled: 'never',
  no: 'never',
}

/** The value of `--repair`; `true` when it was given bare, `false` for --no-repair. Undefined: it means nothing. */
export function readRepairFlag(value: string | boolean): RepairFlag | undefined {
  if (typeof value === 'boolean') return { mode: value ? 'auto' : 'never', isDeprecated: true }
  if (value === 'auto' || value === 'never' || value === 'always')
    return { mode: value, isDeprecated: false }
  const mode = Object.hasOwn(LEGACY, value) ? LEGACY[value] : undefined
  return mode && { mode, isDeprecated: true }
}

const CI_VARIABLES = ['CI', 'GITHUB_ACTIONS', 'JENKINS_HOME', 'GITLAB_CI', 'CIRCLECI'] as const

/** The mode: an explicit choice wins; otherwise never in CI, auto elsewhere. */
export function repairMode(
  explicit: RepairMode | undefined,
  env: Readonly<Record<string, string | undefined>>,
): RepairMode {
  if (explicit !== undefined) return explicit
  return isCi(env) ? 'never' : 'auto'
}

/** Whether this is an automatic build, told by the presence of any of five variables. */
export function isCi(env: Readonly<Record<string, string | undefined>>): boolean {
  return CI_VARIABLES.some((name) => env[name] !== undefined)
}

/** Whether a repair runs. */
export function shouldRepair(mode: RepairMode, isAvailable: boolean): boolean {
  if (mode === 'always') return true
  return mode === 'auto' && !isAvailable
}
