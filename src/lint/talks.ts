// Whom a traced program spoke with.

/** One system call, as strace wrote it. */
export interface Call {
  readonly pid: number
  readonly name: string
  readonly args: string
  readonly result: string
}

// A compiler server, a container's daemon, a server far away: what another process does for this one is in
// no trace of it.
export class Talks {
  private readonly ownPaths = new Set<string>()
  private hasOwnPort = false

  constructor(calls: readonly Call[]) {
    for (const { name, args, result } of calls)
      if (name === 'bind' && result === '0') {
        const path = socketPath(args)
        if (path === undefined) this.hasOwnPort ||= args.includes('AF_INET')
        else this.ownPaths.add(path)
      }
  }

  /** Why the call leaves a gap in the trace; undefined when it leaves none. */
  gapOf({ name, args, result }: Call): string | undefined {
    if (name !== 'connect' || (result !== '0' && !result.includes('EINPROGRESS'))) return undefined
    const path = socketPath(args)
    const isOwn = path === undefined ? this.isOwnPort(args) : this.isHarmless(path)
    if (isOwn) return undefined
    const [, port = '', address = ''] = /htons\((\d+)\).*?"([^"]*)"/.exec(args) ?? []
    return `a program spoke with ${path ?? `${address}:${port}`}, and what was done there strace cannot see`
  }

  private isHarmless(path: string): boolean {
    return this.ownPaths.has(path) || /^\/(?:var\/)?run\/(?:nscd|systemd)\/|^\/dev\/log$/.test(path)
  }

  // Which port it got itself is not told; the machine's own address says enough.
  private isOwnPort(args: string): boolean {
    if (!/AF_INET/.test(args)) return true
    return this.hasOwnPort && /"(?:127\.|::1"|::ffff:127\.)/.test(args)
  }
}

function socketPath(args: string): string | undefined {
  return /sun_path=(@?"[^"]*")/.exec(args)?.[1]?.replaceAll('"', '')
}
