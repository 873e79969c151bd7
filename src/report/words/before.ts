// What is said of a failure that was not made again.

/** The failure of a node that failed under the same key at that time (milliseconds since 1970). */
export function failedBefore(at: number): string {
  return `  it did not run: it failed so on ${new Date(at).toISOString()}, and nothing that it declares has changed since
  hint: --retry runs it again`
}
