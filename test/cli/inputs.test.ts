// timeout: 200
// What a run reads, on a real disk with a real compiler: files that change while they are read, and headers
// that nobody declared.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, start } from './support/program.ts'

const inputs = suite('inputs')

const SLOW = `import { defineGraph, sh, task } from 'bitnet-tasks'
const slow = task('slow', () => ({
  inputs: ['in.txt'],
  outputs: ['out.txt'],
  run: sh\`cp in.txt out.txt; touch read; while [ -f wait ]; do sleep 0.02; done\`,
}))
const user = task('user', () => ({ needs: [slow()], outputs: ['user.txt'], run: sh\`cp out.txt user.txt\` }))
export default defineGraph({ tasks: [slow, user] })
`

inputs(
  'an input that is edited while its task runs: never recorded as fresh, never in the cache',
  inHome(async (home) => {
    const at = (name: string): string => join(home, name)
    fs.writeFileSync(at('bitnet.tasks.ts'), SLOW)
    fs.writeFileSync(at('in.txt'), 'one\n')
    fs.writeFileSync(at('wait'), '')
    const running = start(['run'], { home })
    while (!fs.existsSync(at('read'))) execFileSync('sleep', ['0.02'])
    fs.writeFileSync(at('in.txt'), 'two\n')
    fs.rmSync(at('wait'))
    const first = await running.ended
    assert.is(first.code, 0, first.stderr)
    assert.match(first.stderr, "slow is not recorded: its input 'in.txt' changed while it ran")
    assert.is((await bitnetTasks(['query', 'stale'], { home })).stdout, 'slow\nuser\n')
    // Under neither content has the cache what was made of the other.
    for (const text of ['one\n', 'two\n']) {
      fs.writeFileSync(at('in.txt'), text)
      const { stderr } = await bitnetTasks(['run', 'user'], { home })
      assert.match(stderr, '] slow started', text)
      assert.not.match(stderr, 'restored', text)
      assert.is(fs.readFileSync(at('user.txt'), 'utf8'), text)
    }
  }),
)

const MAIN = '#include "greet.h"\nint main(void) { return GREET; }\n'
const NINJA = `rule cc
  command = cc -MD -MF $out.d -c $in -o $out
  depfile = $out.d
  deps = gcc
build main.o: cc ../src/main.c
build greet.o: cc ../src/greet.c
`

const ways: Readonly<Record<string, string>> = {
  'a depfile': `depfile: 'out/main.d',
  run: sh\`cc -MD -c src/main.c -o out/main.o\``,
  'a depfile of a command that runs in another folder': `depfile: 'out/main.d', cwd: 'src',
  run: sh\`cc -MD -c main.c -o ../out/main.o\``,
  "ninja's deps log": `depfile: 'build/deps.txt', clean: false,
  run: [
    argv('ninja', '-C', 'build', '-f', '../build.ninja'),
    sh\`ninja -C build -f ../build.ninja -t deps > build/deps.txt\`,
    argv('cp', 'build/main.o', 'out/main.o'),
  ]`,
}

for (const [way, fields] of Object.entries(ways))
  inputs(
    `${way} names the headers: one that changes or is deleted makes its node stale`,
    inHome(async (home) => {
      const at = (name: string): string => join(home, name)
      const call = (...args: readonly string[]) =>
        bitnetTasks(args, { home, env: { PATH: process.env['PATH'] } })
      for (const folder of ['src', 'build', 'out']) fs.mkdirSync(at(folder))
      fs.writeFileSync(at('build.ninja'), NINJA)
      fs.writeFileSync(at('src/main.c'), MAIN)
      fs.writeFileSync(at('src/greet.c'), 'int greet;\n')
      fs.writeFileSync(at('src/greet.h'), '#include "word.h"\n#define GREET WORD\n')
      fs.writeFileSync(at('src/word.h'), '#define WORD 1\n')
      fs.writeFileSync(
        at('bitnet.tasks.ts'),
        `import * as tasks from 'bitnet-tasks'
const { argv, defineGraph, sh, task } = tasks
const main = task('main', () => ({ inputs: ['build.ninja'], outputs: ['out/main.o'], ${fields} }))
export default defineGraph({ tasks: [main] })
`,
      )
      const run = async (): Promise<string> => {
        const { code, stderr } = await call('run', '--no-cache')
        assert.is(code, 0, stderr)
        return stderr
      }
      const why = async (): Promise<string> => (await call('explain', 'main')).stdout
      assert.match(await run(), '1 changed')
      assert.is((await call('status')).stdout, 'main  fresh\n')

      fs.writeFileSync(at('src/word.h'), '#define WORD 2\n')
      assert.match(
        await why(),
        /^main is stale\n {2}- the discovered input 'src\/word\.h' changed \(\w{12} -> \w{12}\)\n$/,
      )
      assert.match(await run(), '1 changed')
      assert.is((await call('status')).stdout, 'main  fresh\n')

      fs.rmSync(at('src/word.h'))
      assert.match(
        await why(),
        /^main is stale\n {2}- the discovered input 'src\/word\.h' changed \(\w{12} -> absent\)\n$/,
      )
      fs.writeFileSync(at('src/greet.h'), '#define GREET 3\n')
      assert.match(await run(), '1 changed')
      assert.is((await call('status')).stdout, 'main  fresh\n')
      fs.writeFileSync(at('src/word.h'), 'nobody reads it any more\n')
      assert.is((await call('status')).stdout, 'main  fresh\n')
    }),
  )

const PROJECT = `cmake_minimum_required(VERSION 3.14)
project(app C)
include(tools/flags.cmake)
configure_file(tools/version.txt version.h)
add_executable(app src/main.c src/listed.h)
target_include_directories(app PRIVATE \${CMAKE_BINARY_DIR})
`

inputs(
  "CMake's File API names what was configured and what targets list: one that changes or is deleted makes its node stale",
  inHome(async (home) => {
    const at = (name: string): string => join(home, name)
    const call = (...args: readonly string[]) =>
      bitnetTasks(args, { home, env: { PATH: process.env['PATH'] } })
    for (const folder of ['src', 'tools', 'out']) fs.mkdirSync(at(folder))
    fs.writeFileSync(at('CMakeLists.txt'), PROJECT)
    fs.writeFileSync(at('tools/flags.cmake'), 'add_compile_definitions(FLAG=1)\n')
    fs.writeFileSync(at('tools/version.txt'), '#define VERSION 0\n')
    fs.writeFileSync(at('src/listed.h'), '#define LISTED 0\n')
    fs.writeFileSync(
      at('src/main.c'),
      '#include "version.h"\n#include "listed.h"\nint main(void) { return VERSION + LISTED; }\n',
    )
    fs.writeFileSync(
      at('bitnet.tasks.ts'),
      `/// <reference path="./.bitnet-tasks/types.d.ts" />
import { argv, defineGraph, task } from 'bitnet-tasks'
import { cmakeInputs, cmakeRoots } from 'bitnet-tasks/repair'
const read = cmakeInputs('build', [argv('cmake', '-S', '.', '-B', 'build', '-G', 'Ninja')])
const configure = task('configure', () => ({
  ...read,
  inputs: ['CMakeLists.txt'],
  outputs: ['build/build.ninja', read.depfile],
  store: false,
}))
const compiled = cmakeInputs(
  'inner',
  [
    argv('cmake', '-S', '.', '-B', 'inner', '-G', 'Unix Makefiles'),
    argv('cmake', '--build', 'inner'),
    argv('cp', 'inner/app', 'out/app'),
  ],
  { sources: true },
)
const app = task('app', () => ({
  ...compiled, inputs: ['CMakeLists.txt'], outputs: ['out/app'], clean: false,
}))
const user = task('user', () => ({
  needs: [configure()], outputs: ['out/user'], clean: false,
  run: [argv('ninja', '-C', 'build'), argv('cp', 'build/app', 'out/user')],
}))
export default defineGraph({ tasks: [configure, app, user], roots: cmakeRoots() })
`,
    )
    const run = async (): Promise<string> => {
      const { code, stderr } = await call('run', '--no-cache')
      assert.is(code, 0, stderr)
      return stderr
    }
    const why = async (): Promise<string> => (await call('status')).stdout
    const changed = (name: string) => `the discovered input '${name}' changed`
    await run()
    assert.is(await why(), 'configure  fresh\napp        fresh\nuser       fresh\n')
    assert.is(typeErrors(home), '')

    // Neither says anything that CMakeLists.txt or build.ninja would say otherwise.
    fs.writeFileSync(at('tools/version.txt'), '#define VERSION 3\n')
    assert.match(await why(), `configure  stale  ${changed('tools/version.txt')}`)
    assert.match(await why(), `app        stale  ${changed('tools/version.txt')}`)
    await run()
    for (const program of ['out/user', 'out/app'])
      assert.is(spawnSync(at(program)).status, 3, program)
    fs.writeFileSync(at('tools/flags.cmake'), '# none\n')
    assert.match(await why(), `configure  stale  ${changed('tools/flags.cmake')}`)
    await run()

    fs.writeFileSync(at('src/listed.h'), '#define LISTED 1\n')
    assert.match(
      await why(),
      /^configure {2}fresh\napp {8}stale {2}the discovered input 'src\/listed\.h' changed .*\nuser {7}fresh\n$/,
    )
    fs.rmSync(at('tools/flags.cmake'))
    assert.match(
      await why(),
      /^configure {2}stale {2}.*'tools\/flags\.cmake' changed \(\w{12} -> absent\)\n/,
    )
    fs.writeFileSync(at('CMakeLists.txt'), PROJECT.replace('include(tools/flags.cmake)\n', ''))
    await run()
    fs.writeFileSync(at('tools/flags.cmake'), 'message(FATAL_ERROR nobody)\n')
    assert.is(await why(), 'configure  fresh\napp        fresh\nuser       fresh\n')
  }),
)

inputs(
  'an edited *.cmake of the tree in --source makes configure stale, and what was made by it is compiled again',
  inHome(async (home) => {
    const { dir } = fixtureRepo(join(home, 'llama.cpp'))
    const at = (name: string): string => join(dir, name)
    const target = 'cmake-build[llama,cpu]'
    const call = (command: string, ...args: readonly string[]) =>
      bitnetTasks([command, target, '--source', 'llama.cpp', ...args], { home })
    fs.mkdirSync(at('buildscripts'))
    fs.writeFileSync(at('buildscripts/own.cmake'), '# own\n')
    fs.appendFileSync(at('CMakeLists.txt'), 'include(buildscripts/own.cmake)\n')
    const { code, stderr } = await call('run')
    assert.is(code, 0, stderr)
    assert.is((await call('plan')).stdout, '0 to run, 3 fresh\n')
    fs.appendFileSync(at('buildscripts/own.cmake'), 'add_compile_definitions(OWN)\n')
    const { nodes } = JSON.parse((await call('plan', '--json')).stdout)
    assert.equal(
      nodes.map(({ name, state }: Record<string, unknown>) => [name, state]),
      [
        ['cmake-configure[llama,cpu]', 'stale'],
        [target, 'maybe'],
      ],
    )
    const [{ kind, name }, ...more] = nodes[0].reasons
    assert.equal([kind, name, more], ['discovered-changed', at('buildscripts/own.cmake'), []])
    assert.match((await call('run')).stderr, `${target} started`)
  }),
)

inputs(
  'a source in --source that comes back with an older time is compiled, and after an ordinary edit only that is',
  inHome(async (home) => {
    const { dir } = fixtureRepo(join(home, 'llama.cpp'))
    const source = join(dir, 'src/llama.cpp')
    const build = async (): Promise<string> => {
      const { code, stderr } = await bitnetTasks(
        ['run', 'cmake-build[llama,cpu]', '--source', 'llama.cpp', '--backend', 'llama'],
        { home },
      )
      assert.is(code, 0, stderr)
      const lib = join(home, '.cache/bitnet-tasks/prefix/llama-cpu/lib/libllama.so')
      return /MARK\d/.exec(fs.readFileSync(lib, 'latin1'))?.[0] ?? 'none'
    }
    const objects = (): readonly string[] =>
      fs
        .readdirSync(join(home, '.cache/bitnet-tasks/build'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.o'))
        .map(
          (name) => `${name} ${fs.statSync(join(home, '.cache/bitnet-tasks/build', name)).mtimeMs}`,
        )
    const mark = (text: string) => `\nextern "C" const char * mark() { return "${text}"; }\n`
    const plain = fs.readFileSync(source, 'utf8')
    fs.writeFileSync(`${source}.old`, plain + mark('MARK1'))
    fs.writeFileSync(source, plain + mark('MARK2'))
    assert.is(await build(), 'MARK2')
    const first = objects()
    fs.writeFileSync(source, plain + mark('MARK3'))
    assert.is(await build(), 'MARK3')
    assert.is(objects().filter((object) => !first.includes(object)).length, 1)
    fs.renameSync(`${source}.old`, source)
    assert.is(await build(), 'MARK1')
    const { mtime } = fs.statSync(source)
    fs.writeFileSync(source, plain + mark('MARK4'))
    fs.utimesSync(source, mtime, mtime)
    assert.is(await build(), 'MARK4')
  }),
)

inputs(
  'an output whose name is not UTF-8 fails its node, and is told as that',
  inHome(async (home) => {
    const run = 'sh(String.raw`mkdir -p gen; echo 1 > "gen/$(printf "\\377")"`)'
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['gen/*'], run: ${run} }))
export default defineGraph({ tasks: [a] })
`,
    )
    const { code, stderr } = await bitnetTasks(['run'], { home })
    assert.is(code, 1, stderr)
    assert.match(
      stderr,
      `a: the name of the output 'gen/\ufffd' is not UTF-8, so that it cannot be looked at
  hint: have it written under another name, or leave it out with a pattern that begins with !
`,
    )
  }),
)

inputs.run()

// What an editor says of the graph file.
function typeErrors(home: string): string {
  const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
  return spawnSync(tsc, ['--noEmit', '--strict', 'bitnet.tasks.ts'], {
    cwd: home,
    encoding: 'utf8',
  }).stdout
}
