// What tools print when they fail, and what it means: the rules of failure-rules/ in their order.
// They are walked one after another and the first that fits wins, so the order is part of the table.
import { BUILD, COMPILE_ERRORS, MISSING } from './failure-rules/building.ts'
import { HOW_IT_ENDED, LEFT_OVER } from './failure-rules/ending.ts'
import { FULL_MACHINE, PERMISSION } from './failure-rules/machine.ts'
import { NETWORK } from './failure-rules/network.ts'
import { REFUSALS } from './failure-rules/refusals.ts'
import { any, type Rule, STAGED, type Stage } from './failure-rules/rule.ts'

// The specification's words (ACCEPTANCE 131-157) in its order, for text without a stage.
const SPECIFICATION: readonly Rule[] = [
  {
    cause: 'network',
    pattern: any`connection timeout  failed to clone  could not resolve host  network unreachable
      connection refused  failed to connect  timed out  temporary failure in name resolution
      unable to access  gnutls_handshake\(\) failed`,
  },
  {
    cause: 'build',
    pattern: any`cmake error  ninja: build stopped  compilation failed  cmake not found
      undefined reference  no such file or directory  cannot find  compiler  make: \*\*\* \[
      collect2: error: ld returned`,
  },
  { cause: 'build', pattern: /ld:(?: |$)/m },
  {
    cause: 'permission',
    pattern: any`permission denied  eacces  cannot create directory  access is denied`,
  },
]

const atStages = (stages: readonly Stage[], rules: readonly Rule[]): Rule[] =>
  rules.map((rule) => ({ ...rule, stages }))

export const RULES: readonly Rule[] = [
  ...HOW_IT_ENDED,
  ...FULL_MACHINE,
  ...atStages(STAGED, COMPILE_ERRORS),
  ...REFUSALS,
  ...atStages(STAGED, MISSING),
  ...NETWORK,
  ...atStages([], SPECIFICATION),
  ...PERMISSION,
  ...MISSING,
  ...BUILD,
  ...LEFT_OVER,
  { cause: 'unknown' },
]
