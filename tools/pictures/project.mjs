// A small C project with a graph, large enough for a picture: two libraries, tests, a manual.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILES = {
  core: ['alloc', 'backend', 'quants', 'threads', 'tokens', 'unicode'],
  kernels: ['i2s', 'tl1', 'tl2'],
}

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'

const files = ${JSON.stringify(FILES)}
const compile = task('compile', { file: Object.values(files).flat() }, ({ file }) => ({
  title: \`compile \${file}.c\`,
  inputs: [\`src/\${file}.c\`, 'src/project.h'],
  outputs: [\`build/\${file}.o\`],
  run: sh\`sleep 0.7; cc -c \${\`src/\${file}.c\`} -o \${\`build/\${file}.o\`}\`,
}))
const library = task('library', { of: Object.keys(files) }, ({ of }) => ({
  title: \`link lib\${of}.a\`,
  needs: files[of].map((file) => compile({ file })),
  outputs: [\`build/lib\${of}.a\`],
  run: sh\`sleep 0.3; ar rcsD \${\`build/lib\${of}.a\`} \${files[of].map((file) => \`build/\${file}.o\`)}\`,
}))
const check = task('check', { of: Object.keys(files) }, ({ of }) => ({
  title: \`check the names in lib\${of}.a\`,
  needs: [library({ of })],
  run: sh\`sleep \${of === 'kernels' ? 3 : 0.8}; nm \${\`build/lib\${of}.a\`}\`,
}))
const manual = task('manual', () => ({
  title: 'render the manual',
  inputs: ['src/*.c', 'src/project.h'],
  outputs: ['build/manual.txt'],
  run: sh\`for n in $(seq 1 60); do echo "[$n/60] Rendering page $n"; sleep 0.08; done; cat src/*.c > build/manual.txt\`,
}))
const archive = task('archive', () => ({
  title: 'pack everything',
  needs: [...Object.keys(files).map((of) => check({ of })), manual()],
  outputs: ['build/all.tar'],
  run: sh\`tar cf build/all.tar build/*.a build/manual.txt\`,
}))
export default defineGraph({ tasks: [manual, compile, library, check, archive] })
`

/** Writes it into a new folder; \`bitnet-tasks\` is the checkout in \`root\`. */
export function writeProject(folder, root) {
  for (const name of ['src', 'build', 'node_modules'])
    mkdirSync(join(folder, name), { recursive: true })
  symlinkSync(root, join(folder, 'node_modules/bitnet-tasks'))
  writeFileSync(join(folder, 'bitnet.tasks.ts'), GRAPH)
  writeFileSync(join(folder, 'src/project.h'), 'int block(int size);\n')
  for (const file of Object.values(FILES).flat())
    writeFileSync(join(folder, `src/${file}.c`), source(file))
}

/** Changes the header, which every file reads, and takes a semicolon out of one file. */
export function breakProject(folder) {
  writeFileSync(join(folder, 'src/project.h'), 'int block(int size);\nint blocks(void);\n')
  writeFileSync(join(folder, 'src/tl1.c'), source('tl1').replace('return sum;', 'return sum'))
}

function source(file) {
  return `#include "project.h"

int ${file}_sum(const int *values, int count) {
  int sum = 0;
  for (int i = 0; i < count; i++) sum += values[i] * block(i);
  return sum;
}
`
}
