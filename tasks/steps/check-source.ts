// A program: looks at a source tree that lies on this machine. Usage: check-source FOLDER ANSWER [SUBMODULE...]
// It writes nothing into the tree; its own answer says only that there is one.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder = '', answer = '', ...submodules] = process.argv.slice(2)
const missing = ['', ...submodules].find(
  (path) => !existsSync(join(folder, path, 'CMakeLists.txt')),
)
if (missing === undefined) writeFileSync(answer, '{ "source": "local" }\n')
else {
  process.stderr.write(
    missing === ''
      ? `check-source: '${folder}' does not contain CMakeLists.txt: it is no source tree\n`
      : `check-source: its submodule '${missing}' does not contain CMakeLists.txt\n  hint: git -C ${quoted(folder)} submodule update --init ${missing}\n`,
  )
  process.exitCode = 1
}

// A step imports nothing of ours. What it names after that is a path of ours.
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
