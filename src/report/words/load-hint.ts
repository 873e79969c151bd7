// What Node says of a module and leaves to the reader.
const LOAD_HINTS: readonly (readonly [says: RegExp, hint: string])[] = [
  [/^Cannot find package '([^']+)'/, 'npm install $1'],
  [/^Cannot find module/, 'correct the path; it ends in the name of a file, as ./shared.ts'],
  [
    /^The requested module 'bitnet-tasks'/,
    'it has argv, defineGraph, probe, root, sh, task, titled',
  ],
  [/does not provide an export named/, 'correct the name, or export it there'],
  [/^Unknown file extension/, 'a graph file ends in .ts, .mts, .js or .mjs'],
  [
    /is not supported in strip-only mode/,
    'Node only takes types away: write it without, as const X = { a: 0 } as const',
  ],
]

/** The next step after an error with which Node refused a module; undefined where it has said enough. */
export function loadHint(message: string): string | undefined {
  for (const [says, hint] of LOAD_HINTS) {
    const found = says.exec(message)
    if (found) return hint.replace('$1', found[1] ?? '')
  }
  return undefined
}
