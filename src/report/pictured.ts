// A node as every picture of a graph shows it.

export interface Pictured {
  readonly name: string
  readonly title: string
  readonly needs: readonly string[]
  /** As 'fresh', 'stale', 'failed': decides the colour and is written beside the name. */
  readonly state: string
  /** What it took, in milliseconds; undefined when it has never run. */
  readonly ms: number | undefined
  /** Where a click on it leads. */
  readonly href?: string
}

/** `changed 4.2s` */
export function stateText({ state, ms }: Pick<Pictured, 'state' | 'ms'>): string {
  return ms === undefined || ms === 0 ? state : `${state} ${(ms / 1000).toFixed(1)}s`
}
