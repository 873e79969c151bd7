// As root everything can be written: a test of what is refused runs as nobody.

/** Words in front of node; none, where the tests are not run by root. */
export function asNobody(): readonly string[] {
  if (process.getuid?.() !== 0) return []
  return ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
}
