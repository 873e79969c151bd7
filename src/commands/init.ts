// init: a first graph to change, that runs as it is.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

import { GraphError } from '../../graph/index.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { shellWord } from '../report/words/shell-word.ts'
import { graphFileIn } from '../sealed.ts'
import { starterName } from '../starter-name.ts'
import {
  besideGraph,
  isInstalledFor,
  keepOut,
  TYPES_REFERENCE,
  writeTypes,
} from '../state-folder.ts'

/** Writes `bitnet.tasks.ts`, or `.mts` where that has to be; a graph file that is there stays. */
export function init({
  folder,
  file,
  json,
}: {
  readonly folder: string
  readonly file?: string
  readonly json?: boolean
}): number {
  const path = resolve(folder, file ?? graphFileIn(folder) ?? starterName(folder))
  if (existsSync(path))
    throw new GraphError(`'${basename(path)}' is there already`, {
      code: 'bad-file',
      place: path,
      hint: 'it was not touched; change it, or give another name with -f FILE',
    })
  if (!/\.m?[jt]s$/.test(path))
    throw new GraphError(`'${basename(path)}' cannot be the name of a graph file`, {
      code: 'bad-file',
      place: path,
      hint: 'it ends in .ts, .mts, .js or .mjs',
    })
  mkdirSync(dirname(path), { recursive: true })
  const isInstalled = isInstalledFor(dirname(path))
  writeFileSync(path, isInstalled ? STARTER : `${TYPES_REFERENCE}\n${STARTER}`, { flag: 'wx' })
  keepOut(besideGraph(path))
  if (!isInstalled) writeTypes(besideGraph(path))
  if (json) {
    print(jsonDocument({ version: 1, wrote: path }))
    return 0
  }
  const named = file === undefined ? '' : ` -f ${shellWord(file)}`
  // Whoever came by npx may have no other way.
  const program = process.env['npm_command'] === 'exec' ? 'npx bitnet-tasks' : 'bitnet-tasks'
  print(
    `wrote ${path}\nnext: ${program} run${named}, then change a .md file and: ${program} explain count${named}\n`,
  )
  return 0
}

const STARTER = `import { defineGraph, sh, task } from 'bitnet-tasks'

// A task says what it reads, what it writes and how. It runs when one of these has changed: an input's
// content, the command, the program behind it, a declared variable, or the result of a task it needs.
const words = task('words', () => ({
  title: 'list the words of all notes',
  inputs: ['*.md?'], // globs from this file's folder; the ? says that there may be none
  outputs: ['out/words.txt'],
  run: sh\`cat *.md 2>/dev/null | tr -cs A-Za-z '\\\\n' | sort -u > out/words.txt\`,
}))

// One declaration, a node for each value: count[lines] and count[bytes].
const count = task('count', { what: ['lines', 'bytes'] }, ({ what }) => ({
  needs: [words()], // runs again only if words.txt came out different
  outputs: [\`out/\${what}.txt\`],
  run: sh\`wc \${what === 'lines' ? '-l' : '-c'} < out/words.txt > \${\`out/\${what}.txt\`}\`,
}))

export default defineGraph({ tasks: [words, count] })
`
