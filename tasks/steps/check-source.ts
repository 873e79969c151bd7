// A program: looks at a source tree that lies on this machine. Usage: check-source FOLDER ANSWER
// It writes nothing into the tree; its own answer says only that there is one.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder = '', answer = ''] = process.argv.slice(2)
if (!existsSync(join(folder, 'CMakeLists.txt'))) {
  process.stderr.write(`check-source: '${folder}' holds no CMakeLists.txt: it is no source tree\n`)
  process.exitCode = 1
} else writeFileSync(answer, '{ "source": "local" }\n')
