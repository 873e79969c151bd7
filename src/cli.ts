// argv -> command -> process.exitCode, the only place that sets it. A preflight that finds everything in
// place is answered here, before the parser of arguments or anything else is loaded.
import { BACKENDS, type BackendName } from '../tasks/backends.ts'
import { EXIT } from './exit-code.ts'
import { liveFolder } from './folders.ts'
import { detect } from './preflight/detect.ts'
import { availableCached } from './report/verdict-words.ts'

export function main(args: readonly string[]): void {
  // A closed pipe (`| head -1`) is not an error of ours.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  const quick = quickAnswer(args)
  if (quick !== undefined) {
    process.stdout.write(quick)
    process.exitCode = EXIT.available
    return
  }
  import('./program.ts').then(async ({ runProgram }) => {
    process.exitCode = await runProgram(args)
  })
}

// Only the plainest forms; every other spelling takes the long way and gets the same answer.
function quickAnswer(args: readonly string[]): string | undefined {
  if (args[0] !== 'preflight' || process.env['BITNET_REPAIR_PARENT']) return undefined
  const name = backendOf(args.slice(1))
  if (name === undefined) return undefined
  const found = detect(name, liveFolder(BACKENDS[name], process.env))
  if (found.state !== 'available') return undefined
  return availableCached(BACKENDS[name].title, found.folder, found.manifest)
}

function backendOf(args: readonly string[]): BackendName | undefined {
  const name =
    args.length === 2 && args[0] === '--backend' ? args[1] : args[0]?.slice('--backend='.length)
  const isPlain = args.length === 2 || (args.length === 1 && args[0]?.startsWith('--backend='))
  return isPlain && name !== undefined && Object.hasOwn(BACKENDS, name)
    ? (name as BackendName)
    : undefined
}
