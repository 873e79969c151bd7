// A path in a command that a person copies.

/** A path as one word of a shell; `~` stays what it means. */
export function shellWord(path: string): string {
  return /^~?[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
