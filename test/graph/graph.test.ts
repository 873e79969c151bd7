import * as assert from 'uvu/assert'

import { commandText } from '../../graph/command.ts'
import { argv, defineGraph, GraphError, probe, root, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'

const declare = suite('graph')

declare('a task with parameters is one node for each combination of values', () => {
  const build = task('build', { backend: ['bitnet', 'llama'], device: ['cpu', 'cuda'] }, () => ({
    run: sh`true`,
  }))
  const graph = defineGraph({ tasks: [build] })
  assert.equal(
    graph.nodes.map((node) => node.name),
    ['build[bitnet,cpu]', 'build[bitnet,cuda]', 'build[llama,cpu]', 'build[llama,cuda]'],
  )
})

declare('a graph without tasks has no node', () => {
  assert.equal(defineGraph({ tasks: [] }).nodes, [])
})

declare('nodes stand after what they need, whatever the order of declaration', () => {
  const first = task('first', () => ({ run: sh`true` }))
  const second = task('second', () => ({ needs: [first()], run: sh`true` }))
  const third = task('third', () => ({ after: [second()], run: sh`true` }))
  const graph = defineGraph({ tasks: [third, second, first] })
  assert.equal(
    graph.nodes.map((node) => [node.name, node.index]),
    [
      ['first', 0],
      ['second', 1],
      ['third', 2],
    ],
  )
})

for (const name of [
  '',
  '.',
  '..',
  'a b',
  'a/b',
  'a,b',
  'a[b]',
  '-x',
  'a\nb',
  'a\0b',
  'a\\b',
  'x'.repeat(201),
])
  declare(`${JSON.stringify(name).slice(0, 20)} is refused as a task's name and as a value`, () => {
    const hint =
      'use letters, digits, points, dashes; no blanks, brackets, commas or slashes; at most 200 characters'
    refused(
      () => task(name, () => ({ run: sh`true` })),
      'bad-graph',
      `${JSON.stringify(name)} cannot be the name of a task`,
      hint,
    )
    refused(
      () => task('t', { p: [name] }, () => ({ run: sh`true` })),
      'bad-graph',
      `${JSON.stringify(name)} cannot be the value of parameter 'p' of task 't'`,
      hint,
    )
  })

declare('a probe is refused for the same names', () => {
  assert.throws(
    () => probe('a b', {}, () => ({ run: sh`true` })),
    /"a b" cannot be the name of a task/,
  )
})

declare('two tasks of one name are refused', () => {
  const one = task('build', () => ({ run: sh`true` }))
  const two = task('build', () => ({ run: sh`false` }))
  refused(() => defineGraph({ tasks: [one, two] }), 'duplicate-task', "two tasks are named 'build'")
})

declare('a need that no task makes is refused, and the nearest name is offered', () => {
  const checkout = task('checkout', { backend: ['llama'] }, () => ({ run: sh`true` }))
  const wrong = { task: 'checkout', values: { backend: 'lama' } }
  const build = task('build', () => ({ needs: [wrong], run: sh`true` }))
  refused(
    () => defineGraph({ tasks: [checkout, build] }),
    'unknown-task',
    "'build' needs 'checkout[lama]', which no task makes",
    "did you mean 'checkout[llama]'?",
  )
})

declare('a need whose task was not listed says so', () => {
  const other = task('checkout', () => ({ run: sh`true` }))
  const build = task('build', () => ({ after: [other()], run: sh`true` }))
  refused(
    () => defineGraph({ tasks: [build] }),
    'unknown-task',
    "'build' needs 'checkout', which no task makes",
    "list the task 'checkout' in defineGraph({ tasks })",
  )
})

declare('a reference names its node whatever the order in which its values are written', () => {
  const copy = task('copy', { from: ['a', 'b'], to: ['a', 'b'] }, ({ from, to }) => ({
    outputs: [`${from}-${to}`],
    run: sh`true`,
  }))
  const user = task('user', () => ({ needs: [copy({ to: 'b', from: 'a' })], run: sh`true` }))
  const graph = defineGraph({ tasks: [copy, user] })
  assert.is(graph.byName.get('user')?.needs[0]?.name, 'copy[a,b]')
})

declare('a reference with too few or foreign values is no node', () => {
  const build = task('build', { device: ['cpu'] }, () => ({ run: sh`true` }))
  const user = task('user', () => ({
    needs: [{ task: 'build', values: { devise: 'cpu' } }],
    run: sh`true`,
  }))
  assert.throws(() => defineGraph({ tasks: [build, user] }), /which no task makes/)
})

declare('a cycle is printed with its start at its end', () => {
  const ref = (name: string) => ({ task: name, values: {} })
  const a = task('a', () => ({ needs: [ref('b')], run: sh`true` }))
  const b = task('b', () => ({ after: [ref('c')], run: sh`true` }))
  const c = task('c', () => ({ needs: [ref('b')], run: sh`true` }))
  refused(
    () => defineGraph({ tasks: [a, b, c] }),
    'cycle',
    'the needs go in a circle: b -> c -> b',
    'take one of these needs away',
  )
})

declare('a task that needs itself is a cycle', () => {
  const a = task('a', () => ({ needs: [{ task: 'a', values: {} }], run: sh`true` }))
  refused(() => defineGraph({ tasks: [a] }), 'cycle', 'the needs go in a circle: a -> a')
})

declare('a chain of 20,000 nodes is no trouble', () => {
  const names = Array.from({ length: 20_000 }, (_, i) => `n${i}`)
  const tasks = names.map((name, i) =>
    task(name, () => ({
      needs: i + 1 < names.length ? [{ task: names[i + 1] as string, values: {} }] : [],
      run: sh`true`,
    })),
  )
  assert.is(defineGraph({ tasks }).nodes[0]?.name, 'n19999')
})

for (const [one, two] of [
  ['out/a', 'out/a'],
  ['out/a', './out/a'],
  ['out/a', 'out//a'],
  ['out/a', 'out/./a'],
  ['out/a', 'out/b/../a'],
])
  declare(`'${one}' and '${two}' are one output, which has one producer`, () => {
    const a = task('a', () => ({ outputs: [one as string], run: sh`true` }))
    const b = task('b', () => ({ outputs: [two as string], run: sh`true` }))
    refused(
      () => defineGraph({ tasks: [a, b] }),
      'duplicate-output',
      "'a' and 'b' both make the output 'out/a'",
      'an output has one producer; give one of them another path',
    )
  })

for (const path of ['../x', 'a/../../x', '/etc/passwd', '..', '', 'a\0b', '!../x'])
  declare(`the path ${JSON.stringify(path)} lies outside the graph's folder`, () => {
    const message = `'a': the path ${JSON.stringify(path)} lies outside the graph's folder`
    const input = task('a', () => ({ inputs: [path], run: sh`true` }))
    const output = task('a', () => ({ outputs: [path], run: sh`true` }))
    refused(() => defineGraph({ tasks: [input] }), 'path-outside-root', message)
    refused(() => defineGraph({ tasks: [output] }), 'path-outside-root', message)
  })

for (const path of ['a..b', '..a', 'a/../b', '...'])
  declare(`the path '${path}' lies inside`, () => {
    const a = task('a', () => ({ inputs: [path], outputs: [`out/${path}`], run: sh`true` }))
    assert.is(defineGraph({ tasks: [a] }).nodes.length, 1)
  })

declare('a pool that is not declared is refused', () => {
  const a = task('a', () => ({ pool: 'network', run: sh`true` }))
  refused(
    () => defineGraph({ tasks: [a], pools: { compiler: 1 } }),
    'bad-graph',
    "'a' is in the pool 'network', which is not declared",
    'give defineGraph({ pools: { network: 1 } })',
  )
})

for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
  declare(`a pool with the limit ${limit} is refused`, () => {
    refused(
      () => defineGraph({ tasks: [], pools: { network: limit } }),
      'bad-graph',
      `the pool 'network' has the limit ${limit}`,
      'a limit is a whole number from 1',
    )
  })

declare('a task with nothing to run is refused', () => {
  const hint = 'give it run: sh`...` or run: argv(...)'
  for (const run of [[], undefined] as never[])
    refused(
      () => defineGraph({ tasks: [task('a', () => ({ run }))] }),
      'bad-graph',
      "'a' has nothing to run",
      hint,
    )
})

for (const input of ['out/a', './out/a', 'out/a?'])
  declare(`an input '${input}' that another node makes asks for a need`, () => {
    const maker = task('maker', () => ({ outputs: ['out/a'], run: sh`true` }))
    const reader = task('reader', () => ({ inputs: [input], run: sh`true` }))
    refused(
      () => defineGraph({ tasks: [maker, reader] }),
      'bad-graph',
      `'reader' reads '${input}', which 'maker' makes, and does not need it`,
      "add 'maker' to its needs",
    )
  })

for (const [input, output] of [
  ['src/a.c', './src/a.c'],
  ['src/a.c?', 'src/*.c'],
  ['src/*.c', 'src/*.c'],
] as const)
  declare(
    `an input '${input}' that is the node's own output '${output}' is one or the other`,
    () => {
      const tidy = task('tidy', () => ({ inputs: [input], outputs: [output], run: sh`true` }))
      refused(
        () => defineGraph({ tasks: [tidy] }),
        'bad-graph',
        `'tidy' has '${input}' among its inputs and its outputs`,
        'take it out of inputs if the commands make it anew, out of outputs if they edit it',
      )
    },
  )

declare('a need of a need is enough for an input that another node makes', () => {
  const maker = task('maker', () => ({ outputs: ['out/a'], run: sh`true` }))
  const middle = task('middle', () => ({ needs: [maker()], run: sh`true` }))
  const reader = task('reader', () => ({ needs: [middle()], inputs: ['out/a'], run: sh`true` }))
  const late = task('late', () => ({ after: [maker()], inputs: ['out/a'], run: sh`true` }))
  assert.is(defineGraph({ tasks: [maker, middle, reader, late] }).nodes.length, 4)
})

declare('an input below a root that is not declared is refused', () => {
  const pkg = root('package')
  const a = task('a', () => ({ inputs: [pkg('x.c')], run: sh`true` }))
  refused(
    () => defineGraph({ tasks: [a] }),
    'bad-graph',
    "the root 'package' of 'x.c' is not declared",
    "give defineGraph({ roots: { package: '/a/folder' } })",
  )
  assert.is(defineGraph({ tasks: [a], roots: { package: '/p' } }).nodes.length, 1)
})

declare('AC-283 a NUL in a command is refused, wherever it stands', () => {
  const hint = 'an argument of a program cannot hold one; pass the bytes in a file'
  const shown = 'a command holds a NUL byte: "a\\u0000b"'
  refused(() => argv('a\0b'), 'bad-graph', shown, hint)
  refused(() => sh('a\0b'), 'bad-graph', shown, hint)
  refused(() => sh`${'a\0b'}`, 'bad-graph', 'a command holds a NUL byte: "\'a\\u0000b\'"', hint)
  refused(
    () => argv('a', ['--x=', 'a\0b']),
    'bad-graph',
    'a command holds a NUL byte: "--x=a\\u0000b"',
  )
})

const OTHER_KINDS: readonly (readonly [spec: object, says: string])[] = [
  [{ inputs: 'a.c' }, `'inputs' of 'a' is "a.c", and should be a list of paths`],
  [
    { inputs: [{ task: 'b', values: {} }] },
    `'inputs' of 'a' is [{"task":"b","values":{}}], and should be a list of paths`,
  ],
  [{ outputs: [42] }, "'outputs' of 'a' is [42], and should be a list of texts"],
  [{ needs: 'b' }, `'needs' of 'a' is "b", and should be a list`],
  [
    { env: { CC: 'cc' } },
    `'env' of 'a' is {"CC":"cc"}, and should be a list of names of variables`,
  ],
  [{ env: ['CC=cc'] }, `'env' of 'a' is ["CC=cc"], and should be a list of names of variables`],
  [{ passEnv: [''] }, `'passEnv' of 'a' is [""], and should be a list of names of variables`],
  [{ set: { 'A=': '' } }, `'set' of 'a' is {"A=":""}, and should be an object of names and texts`],
  [{ run: 'true' }, `'run' of 'a' is "true", and should be a command or a list of them`],
  [{ run: ['true'] }, `'run' of 'a' is ["true"], and should be a command or a list of them`],
  [{ set: { A: 1 } }, `'set' of 'a' is {"A":1}, and should be an object of names and texts`],
  [{ timeoutMs: '5s' }, `'timeoutMs' of 'a' is "5s", and should be a number of milliseconds`],
  [{ timeoutMs: 0 }, "'timeoutMs' of 'a' is 0, and should be a number of milliseconds"],
  [{ cwd: 3 }, "'cwd' of 'a' is 3, and should be a path"],
  [{ title: 3 }, "'title' of 'a' is 3, and should be a text"],
  [{ store: 'no' }, `'store' of 'a' is "no", and should be true or false`],
  [{ clean: 'no' }, `'clean' of 'a' is "no", and should be true, false or 'input-removed'`],
]
for (const [spec, says] of OTHER_KINDS)
  declare(`a graph without a compiler is told: ${says}`, () => {
    const a = task('a', () => ({ run: sh`true`, ...(spec as Record<never, never>) }))
    refused(() => defineGraph({ tasks: [a] }), 'bad-graph', says)
  })

declare('a field that is undefined, a place as cwd and a place among inputs are in order', () => {
  const there = root('there')
  const a = task('a', () => ({ cwd: there(''), inputs: [there('x')], run: sh`true` }))
  const b = task('b', () => ({ title: undefined as never, run: sh`true` }))
  assert.is(defineGraph({ tasks: [a, b], roots: { there: '/there' } }).nodes.length, 2)
})

declare(
  'a task without its function, and a probe that is more than a question, are refused',
  () => {
    const spec = { outputs: ['x'], run: sh`true` } as never
    refused(
      () => task('a', spec),
      'bad-graph',
      "task() was given no function for 'a'",
      "write task('a', () => ({ run: sh`...` }))",
    )
    refused(
      () => probe('a', {}, undefined as never),
      'bad-graph',
      "probe() was given no function for 'a'",
      "write probe('a', () => ({ run: sh`...` }))",
    )
    const hint =
      'a probe has title, env, tools, facts, run, and run is one command; what makes or reads files is a task()'
    const asked = (own: object, what: string): void => {
      const a = probe('a', () => own as never)
      refused(() => defineGraph({ tasks: [a] }), 'bad-graph', `'a' is a probe, and ${what}`, hint)
    }
    asked({ run: sh`true`, outputs: ['x'] }, "has a field 'outputs'")
    asked({ run: [sh`true`, sh`true`] }, 'does not have one command')
    asked({ title: 'nothing' }, 'does not have one command')
  },
)

declare('what JavaScript makes of a slip is refused where it stands', () => {
  const hint = 'a word is a text, a place of root(), or a list of texts'
  refused(() => sh`echo ${undefined as never}`, 'bad-graph', 'a word of sh is undefined', hint)
  refused(() => sh`echo ${[null] as never}`, 'bad-graph', 'a word of sh is null', hint)
  refused(
    () => argv('echo', undefined as never),
    'bad-graph',
    'a word of argv() is undefined',
    hint,
  )
  refused(() => argv('echo', 3 as never), 'bad-graph', 'a word of argv() is 3', hint)
  refused(
    () => task('a', { mode: 'debug' as never }, () => ({ run: sh`true` })),
    'bad-graph',
    "the values of parameter 'mode' of task 'a' are no list",
    "write { mode: ['debug', 'release'] }",
  )
  for (const wrong of [undefined, [], { tasks: {} }])
    refused(
      () => defineGraph(wrong as never),
      'bad-graph',
      'defineGraph() was given no list of tasks',
      'write defineGraph({ tasks: [...] })',
    )
})

declare('argv() without a program is refused where it stands', () => {
  refused(() => argv(), 'bad-graph', 'argv() was given no program', "write argv('cc', '-c', file)")
})

declare(
  'a slip in what defineGraph() is given is refused, and what else is spread into it is not',
  () => {
    const definition = { tasks: [], pols: {}, cmakeBuild: {} }
    const says = "defineGraph() was given 'pols', which means nothing"
    refused(() => defineGraph(definition), 'bad-graph', says, "did you mean 'pools'?")
    const { pols: _, ...others } = definition
    assert.is(defineGraph(others).nodes.length, 0)
  },
)

declare('a command is written as a shell needs it: one word stays one word', () => {
  const pkg = root('package')
  const roots = { package: '/the package' }
  const text = (command: Parameters<typeof commandText>[0]): string => commandText(command, roots)
  assert.is(text(argv('cc', '-o', 'a b', "it's", '')), `cc -o 'a b' 'it'\\''s' ''`)
  assert.is(
    text(argv(pkg('bin/x'), ['-I', pkg('include')])),
    `'/the package/bin/x' '-I/the package/include'`,
  )
  assert.is(
    text(sh`cat ${['a b', 'c']} > ${pkg('x')} && head -n ${3}`),
    `cat 'a b' c > '/the package/x' && head -n 3`,
  )
  assert.is(text(sh('cat *.c | wc')), 'cat *.c | wc')
  assert.is(text(argv(pkg(''))), `'/the package'`)
})

function refused(make: () => unknown, code: string, message: string, hint?: string): void {
  try {
    make()
  } catch (error) {
    assert.instance(error, GraphError)
    const { code: is, message: says, hint: next } = error as GraphError
    assert.is(says, message)
    assert.is(is, code)
    if (hint !== undefined) assert.is(next, hint)
    return
  }
  assert.unreachable(`not refused: ${message}`)
}

declare.run()
