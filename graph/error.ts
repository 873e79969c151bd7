// A mistake of the person or of the machine: what is wrong, where, and the next step.
// A mistake of ours is a plain Error that begins with 'BUG:' and is never caught on the way.

/** What kind of mistake it is; callers branch on this, never on the text. */
export type GraphErrorCode =
  | 'bad-graph'
  | 'unknown-task'
  | 'unknown-node'
  | 'unknown-run'
  | 'need-missing'
  | 'cycle'
  | 'duplicate-task'
  | 'duplicate-output'
  | 'path-outside-root'
  | 'unmatched-input'
  | 'bad-file'
  | 'tool-missing'
  | 'state-unwritable'
  | 'locked'
  | 'cancelled'

export interface GraphErrorOptions {
  readonly code: GraphErrorCode
  /** What it is about: a file, a task or a node. */
  readonly place?: string
  /** The next step, one line. */
  readonly hint?: string
  /** The errno of a failed system call, as 'EACCES'. */
  readonly errno?: string
  readonly cause?: unknown
}

/**
 * A mistake of the person or of the machine, with the next step; a mistake of ours is a plain Error.
 *
 * @example
 * throw new GraphError("'greet' needs 'wrods'", { code: 'bad-graph', hint: "did you mean 'words'?" })
 */
export class GraphError extends Error {
  readonly code: GraphErrorCode
  readonly place: string | undefined
  readonly hint: string | undefined
  readonly errno: string | undefined

  constructor(message: string, options: GraphErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GraphError'
    this.code = options.code
    this.place = options.place
    this.hint = options.hint
    this.errno = options.errno
  }
}
