// What is asked, and what is warned of, before a repair.

/** Before a repair, on a terminal, with --confirm. */
export const CONFIRM = `Attempt auto-repair? This will:
  1. Download and build C++ reference (~60s)
  2. Rebuild xtask to detect libraries (~15s)
Continue? [Y/n]: `

/** For `--repair` without a value, `--no-repair`, and the older values. */
export function deprecatedRepair(given: string | boolean | undefined, mode: string): string {
  const [what, kind] =
    given === true
      ? ['--repair flag', 'flag']
      : given === false
        ? ['--no-repair flag', 'flag']
        : [`--repair=${given}`, 'value']
  return `⚠️  WARNING: ${what} is deprecated. Use --repair=${mode} instead.
   The ${kind} will be removed in version 0.3.0.
`
}
