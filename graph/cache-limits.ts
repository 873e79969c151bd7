// How large a cache may grow.

export interface CacheLimits {
  readonly maxBytes: number
  /** Days since something stored was last of use. */
  readonly maxAgeDays: number
}

export const CACHE_LIMITS: CacheLimits = { maxBytes: 5 * 1024 ** 3, maxAgeDays: 30 }
