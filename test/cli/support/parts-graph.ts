// A graph of two copies and what joins them; a file `wait` holds the last one back.
import * as fs from 'node:fs'
import { join } from 'node:path'

import { inHome } from './home.ts'

export interface At {
  readonly home: string
  readonly write: (name: string, text: string) => void
  readonly read: (name: string) => string
}

/** A test in a folder that has the graph and its inputs. */
export function withParts(body: (at: At) => Promise<void>): () => Promise<void> {
  return inHome(async (home) => {
    const write = (name: string, text: string): void => fs.writeFileSync(join(home, name), text)
    const read = (name: string): string => fs.readFileSync(join(home, name), 'utf8')
    write('bitnet.tasks.ts', PARTS)
    for (const name of ['a', 'b']) write(`${name}.txt`, `${name}\n`)
    await body({ home, write, read })
  })
}

export const PARTS = `import { defineGraph, sh, task } from 'bitnet-tasks'
const part = task('part', { of: ['a', 'b'] }, ({ of }) => ({
  title: \`part \${of}\`,
  inputs: [\`\${of}.txt\`],
  outputs: [\`out/\${of}.txt\`],
  run: sh\`echo "[1/2] \${of}"; ! grep bad \${\`\${of}.txt\`} && cp \${\`\${of}.txt\`} \${\`out/\${of}.txt\`}\`,
}))
const all = task('all', () => ({
  needs: [part({ of: 'a' }), part({ of: 'b' })],
  outputs: ['out/all.txt'],
  run: sh\`cat out/a.txt out/b.txt > out/all.txt; while [ -f wait ]; do sleep 0.02; done\`,
}))
export default defineGraph({ tasks: [part, all] })
`
