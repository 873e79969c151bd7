// What the process that repaired tells the fresh one that judges: the verdicts that stand already. It
// travels in the environment, and so ends with that process.
import type { Verdict } from './verdict.ts'

const VARIABLE = 'BITNET_REPAIR_VERDICTS'

/** The variable that carries verdicts of backends which could not be repaired. */
export function carried(verdicts: readonly Verdict[]): Readonly<Record<string, string>> {
  return verdicts.length === 0 ? {} : { [VARIABLE]: JSON.stringify(verdicts) }
}

/** The verdicts that an earlier image of this process has come to. What a person set there counts as none. */
export function handedOver(env: Readonly<Record<string, string | undefined>>): readonly Verdict[] {
  try {
    const verdicts = JSON.parse(env[VARIABLE] ?? '[]') as readonly Verdict[]
    const isOurs = (one: Verdict): boolean => one.available === false && one.exitCode > 0
    return Array.isArray(verdicts) ? verdicts.filter(isOurs) : []
  } catch {
    return []
  }
}
