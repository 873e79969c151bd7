// What is rebuilt against the libraries: xtask in a BitNet-rs checkout, bitnet-probe elsewhere.
import type { Candidate } from './candidate.ts'

export function toolOf({ workspace }: Pick<Candidate, 'workspace'>): 'xtask' | 'bitnet-probe' {
  return workspace === undefined ? 'bitnet-probe' : 'xtask'
}
