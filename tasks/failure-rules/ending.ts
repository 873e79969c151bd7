// How a command ended: its exit status, before and after what it printed is looked at.
import { NO_MEMORY } from './errno-texts.ts'
import { AFTER_FETCH, any, type Rule, STAGED } from './rule.ts'

const COMPILER = String.raw`(?:clang|gcc|g\+\+|c\+\+|cc1|nvcc|cicc|ptxas|lld|collect2|rustc)`

/** Says more than any text. */
export const HOW_IT_ENDED: readonly Rule[] = [
  // git answers a wrong option with 129, which is no hang-up.
  { cause: 'unknown', exit: [129], pattern: any`^usage:  unknown (?:option|switch)` },
  { cause: 'interrupted', exit: [129, 130, 131, 143] },
  { cause: 'disk', exit: [153] },
  { cause: 'resource(oom)', exit: [152] },
  // 137 is SIGKILL, from a person, a wrapper or the kernel. The kernel takes the biggest process,
  // so a compiler, or a tool that died before its first word, is memory; the rest is a person.
  {
    cause: 'resource(oom)',
    exit: [137],
    pattern: any`\bkilled +(?:\S{1,200}/)?${COMPILER}  killed signal terminated  \boom\b
      ${NO_MEMORY}`,
  },
  { cause: 'interrupted', exit: [137], pattern: any`\bkilled\b  ^\[left behind:` },
  { cause: 'interrupted', exit: [137], stages: ['fetch'] },
  { cause: 'resource(oom)', exit: [137], stages: ['configure'] },
  { cause: 'resource(oom)', exit: [137], pattern: /^$/ },
  { cause: 'interrupted', exit: [137] },
  // 124 is timeout(1). A fetch that ran out of time is slow; a build was told to stop.
  { cause: 'interrupted', exit: [124], pattern: any`^\[left behind:` },
  { cause: 'network', exit: [124], stages: ['fetch'] },
  { cause: 'interrupted', exit: [124], stages: AFTER_FETCH },
]

/** For what no text has decided. */
export const LEFT_OVER: readonly Rule[] = [
  { cause: 'crash', exit: [132, 133, 134, 135, 136, 139], stages: AFTER_FETCH },
  { cause: 'permission', exit: [126] },
  { cause: 'tool-missing', exit: [127] },
  { cause: 'build', stages: ['configure', 'build', 'rebuild'] },
  { cause: 'build', stages: ['install'], pattern: any`no such file or directory` },
  { cause: 'unknown', stages: STAGED },
]
