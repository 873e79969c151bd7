// V8 doubles the room for young objects as often as many of them outlive a collection, up to 64 MiB, and is
// slow to give it back: over some hundred runs a watch would go from 85 to 160 MiB, with 14 of them alive.
import { setFlagsFromString } from 'node:v8'

// There is no call for it. In these V8 reads the flag whenever it would grow; one that does not know it says
// so on stderr.
const MEASURED = ['22', '24', '26']

/** From now on the room for young objects stays at most what the work so far has needed. */
export function keepYoungRoom(): void {
  const major = process.versions.node.split('.')[0] as string
  if (MEASURED.includes(major)) setFlagsFromString('--semi-space-growth-factor=1')
}
