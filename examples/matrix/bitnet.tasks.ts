// A matrix: one declaration for every combination of mode and standard, one test for each, and a table of
// all. A selector takes any part of it: `run 'test[c17]'` is two nodes.
import { argv, defineGraph, probe, sh, task } from 'bitnet-tasks'

const MODES = ['debug', 'release'] as const
const STANDARDS = ['c11', 'c17'] as const
const MATRIX = { mode: MODES, standard: STANDARDS }

// What the compiler calls itself is asked again only when the program behind its name has changed.
const compiler = probe('compiler', { name: ['cc'] }, ({ name }) => ({
  run: argv(name, '--version'),
}))

const build = task('build', MATRIX, ({ mode, standard }) => {
  const into = `out/${mode}-${standard}/limits`
  return {
    needs: [compiler({ name: 'cc' })],
    inputs: ['limits.c'],
    outputs: [into],
    // At most two compilers at once, however many jobs there are.
    pool: 'compiler',
    run: argv('cc', mode === 'debug' ? '-g' : '-O2', `-std=${standard}`, 'limits.c', '-o', into),
  }
})

const test = task('test', MATRIX, ({ mode, standard }) => ({
  needs: [build({ mode, standard })],
  outputs: [`out/${mode}-${standard}.txt`],
  run: sh`${`out/${mode}-${standard}/limits`} > ${`out/${mode}-${standard}.txt`}`,
}))

const all = MODES.flatMap((mode) => STANDARDS.map((standard) => ({ mode, standard })))

const table = task('table', () => ({
  title: 'one line for each combination',
  needs: all.map((one) => test(one)),
  outputs: ['out/table.txt'],
  run: sh`for file in ${all.map(({ mode, standard }) => `out/${mode}-${standard}.txt`)}; do
    echo "$file $(cat "$file")"
  done > out/table.txt`,
}))

export default defineGraph({ tasks: [compiler, build, test, table], pools: { compiler: 2 } })
