// A C++ compiler with something in front of it, to hold a build at one source or to make it fail there.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A compiler for CXX: at the source of that name it first does what stands there, in shell. */
export function compilerThat(home: string, does: Readonly<Record<string, string>>): string {
  const path = join(home, 'odd-c++')
  // A compilation ends with its source, the linking does not.
  const cases = Object.entries(does).map(([source, script]) => `*/${source}) ${script} ;;`)
  const text = `#!/bin/sh\ncase "$*" in\n${cases.join('\n')}\nesac\nexec c++ "$@"\n`
  writeFileSync(path, text, { mode: 0o755 })
  return path
}
