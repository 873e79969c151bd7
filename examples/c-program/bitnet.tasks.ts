// A C program. The compiler says which headers each file read (a depfile), so an edit of a header builds
// exactly what includes it, and no header has to be listed.
import { argv, defineGraph, sh, task } from 'bitnet-tasks'

const FILES = ['main', 'stack', 'words'] as const

const object = task('object', { file: FILES }, ({ file }) => ({
  title: `compile ${file}.c`,
  inputs: [`src/${file}.c`],
  depfile: `out/${file}.d`,
  outputs: [`out/${file}.o`],
  env: ['CFLAGS'],
  tools: ['cc'],
  run: sh`cc -Iinclude $CFLAGS -MD -c ${`src/${file}.c`} -o ${`out/${file}.o`}`,
}))

const program = task('program', () => ({
  title: 'link the calculator',
  needs: FILES.map((file) => object({ file })),
  outputs: ['out/rpn'],
  run: argv('cc', ...FILES.map((file) => `out/${file}.o`), '-o', 'out/rpn'),
  contracts: [sh`test "$(out/rpn 1 2 + 4 x)" = 12`],
}))

export default defineGraph({ tasks: [object, program] })
