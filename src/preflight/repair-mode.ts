// auto | never | always, from the flag and from CI.

export type RepairMode = 'auto' | 'never' | 'always'

const CI_VARIABLES = ['CI', 'GITHUB_ACTIONS', 'JENKINS_HOME', 'GITLAB_CI', 'CIRCLECI'] as const

/** The mode: an explicit choice wins; otherwise never in CI, auto elsewhere. */
export function repairMode(
  explicit: RepairMode | undefined,
  env: Readonly<Record<string, string | undefined>>,
): RepairMode {
  if (explicit !== undefined) return explicit
  return CI_VARIABLES.some((name) => env[name] !== undefined) ? 'never' : 'auto'
}

/** Whether a repair runs. */
export function shouldRepair(mode: RepairMode, isAvailable: boolean): boolean {
  if (mode === 'always') return true
  return mode === 'auto' && !isAvailable
}
