// What is said beside the answer, on stderr.

let isHeard = false

/** Where stderr takes nothing any more, as a file on a full disk, nobody can be told; what runs goes on. */
export function eprint(text: string): void {
  if (!isHeard) process.stderr.on('error', () => {})
  isHeard = true
  process.stderr.write(text)
}
