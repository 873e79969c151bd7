// Why nothing more begins although it could.
import type { RunEvent } from '../../../graph/index.ts'

type HeldBack = Extract<RunEvent, { type: 'held-back' }>

/** For a line of its own. */
export function heldBack({ load, maxLoad }: HeldBack): string {
  return `nothing more is begun while the load is not below ${maxLoad}; it is ${load.toFixed(2)}`
}

/** Behind `3 waiting`. */
export function heldBackBriefly({ maxLoad }: HeldBack): string {
  return ` for a load below ${maxLoad}`
}
