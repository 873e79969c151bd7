// The two variables that keep a repair from going round in circles. Whoever sets them by hand can only
// have less done.
type Env = Readonly<Record<string, string | undefined>>

/** Set for everything that a repair starts. */
const IN_PROGRESS = 'BITNET_REPAIR_IN_PROGRESS'
/** Set for the process that a repair becomes when it is done building. */
const PARENT = 'BITNET_REPAIR_PARENT'

/** Whether a repair has started this process, or something that did. */
export function isInsideRepair(env: Env): boolean {
  return Boolean(env[IN_PROGRESS])
}

/** Whether this process is to validate only. */
export function isAfterRepair(env: Env): boolean {
  return Boolean(env[PARENT])
}

/** The environment for a program that has nothing to do with the repair. */
export function withoutGuards(env: Env): Record<string, string> {
  const own = Object.entries(env).filter(
    ([name, value]) => !OURS.includes(name) && value !== undefined,
  )
  return Object.fromEntries(own) as Record<string, string>
}

/** For what a repair starts. */
export const INSIDE: Readonly<Record<string, string>> = { [IN_PROGRESS]: '1' }

const OURS = [IN_PROGRESS, PARENT, 'BITNET_REPAIR_VERDICTS']
