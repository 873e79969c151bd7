// A program: looks at a source tree that lies on this machine.
// Usage: check-source FOLDER ANSWER [SUBMODULE...] -- [HEADER...]; of the headers one is enough.
// It writes nothing into the tree; its own answer says only that there is one.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder = '', answer = '', ...rest] = process.argv.slice(2)
const end = rest.indexOf('--')
const [submodules, headers] = [rest.slice(0, end), rest.slice(end + 1)]
const missing = ['', ...submodules].find(
  (path) => !existsSync(join(folder, path, 'CMakeLists.txt')),
)
const problem =
  missing === ''
    ? `'${folder}' does not contain CMakeLists.txt: it is no source tree`
    : missing !== undefined
      ? `its submodule '${missing}' does not contain CMakeLists.txt\n  hint: git -C ${quoted(folder)} submodule update --init ${missing}`
      : headers.some((path) => existsSync(join(folder, path)))
        ? undefined
        : `'${folder}' does not contain ${headers.join(' or ')}: it is no whole source tree`
if (problem === undefined) writeFileSync(answer, '{ "source": "local" }\n')
else {
  process.stderr.write(`check-source: ${problem}\n`)
  process.exitCode = 1
}

// A step imports nothing of ours. What it names after that is a path of ours.
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
