// A program: notes for which processor a build folder is, and empties one that is for another: objects of
// `-march=native` look the same to ninja on every machine. Usage: stamp-processor BUILD
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

const build = process.argv[2] ?? ''
// Beside what is declared, which the engine removes before a node runs.
const known = join(build, '.made-for')
const own = processor()
if (noted() !== own) {
  rmSync(build, { recursive: true, force: true })
  process.stderr.write('stamp-processor: a new build folder, for this processor\n')
}
mkdirSync(build, { recursive: true })
for (const path of [known, join(build, 'processor.txt')]) writeFileSync(path, own)

function noted(): string | undefined {
  try {
    return readFileSync(known, 'utf8')
  } catch {
    return undefined
  }
}

// What a compiler asks: family, model and abilities; not the speed of the moment.
function processor(): string {
  try {
    const wanted = /^(?:vendor_id|cpu family|model|flags|Features|CPU \w+)\s*: .*$/gm
    const first = readFileSync('/proc/cpuinfo', 'latin1').split('\n\n')[0] as string
    return `${process.arch}\n${[...first.matchAll(wanted)].join('\n')}\n`
  } catch {
    return `${process.arch}\n${cpus()[0]?.model ?? 'unknown'}\n`
  }
}
