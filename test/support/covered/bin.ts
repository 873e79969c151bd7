// The program from its sources, for `npm run coverage`: there the lines of src/ and tasks/ are counted
// as they stand, and not those of the bundle. Everything else starts dist/src/bin.cjs.
import { mkdirSync } from 'node:fs'

import { main } from '../../../src/cli.ts'
import { answerQuickly } from '../../../src/quick.ts'

leaveCacheFolder()
const args = process.argv.slice(2)
const { code, checked } = answerQuickly(args)
if (code === undefined) main(args, checked)
else process.exitCode = code

// As src/start.cts leaves it. The compile cache itself would make the counts less precise.
function leaveCacheFolder(): void {
  const { HOME, XDG_CACHE_HOME } = process.env
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`) || ''
  if (!cache.startsWith('/') || process.argv.includes('--dry-run')) return
  try {
    mkdirSync(`${cache}/bitnet-tasks/node`, { recursive: true })
  } catch {
    // Node goes on without a cache as well.
  }
}
