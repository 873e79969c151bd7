// timeout: 300
// verify: an installation against its provenance, byte by byte.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

const verify = suite('verify')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')

verify.before(async () => {
  const repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(repaired)
  const args = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']
  const { code, stderr } = await bitnetTasks(args, {
    home: repaired,
    env: { LLAMA_CPP_REPO: repo.url },
  })
  if (code !== 0) throw new Error(stderr)
})
verify.after(() => removeFolder(shelf))

const live = (home: string): string => join(home, '.cache/llama_cpp')

verify(
  'what a repair installed is as it was built; the statement says of what and by what',
  inHome(async (home) => {
    copyHome(repaired, home)
    const { code, stdout } = await bitnetTasks(['verify', '--backend', 'llama'], { home })
    assert.match(stdout, /^✓ llama\.cpp: \d+ files are as they were built\n$/)
    assert.is(code, 0)
    const statement = JSON.parse(fs.readFileSync(join(live(home), 'provenance.json'), 'utf8'))
    assert.is(statement._type, 'https://in-toto.io/Statement/v1')
    const names = statement.subject.map(({ name }: { name: string }) => name)
    for (const name of [
      'lib/libllama.so.0.5.0',
      'lib/libllama.so',
      'include/llama.h',
      'bin/bitnet-probe',
    ])
      assert.ok(names.includes(name), name)
    const { internalParameters, resolvedDependencies } = statement.predicate.buildDefinition
    assert.match(resolvedDependencies[0].annotations.commit, /^[0-9a-f]{40}$/)
    const nodes = internalParameters.steps.map(({ node }: { node: string }) => node)
    assert.equal(nodes, [
      'fetch-source[llama]',
      'cmake-configure[llama,cpu]',
      'cmake-build[llama,cpu]',
      'gen-detect-constants[llama,cpu]',
      'rebuild-tool[llama,cpu]',
    ])
    assert.match(internalParameters.steps[1].tools.cmake, /^\/.*=x[0-9a-f]{64}/)
  }),
)

// Each leaves size and times as they are, so that detection has nothing to say.
const TAMPERED: readonly (readonly [
  how: string,
  tamper: (folder: string) => void,
  says: string,
])[] = [
  [
    'a changed byte',
    (folder) => {
      const path = join(folder, 'lib/libllama.so.0.5.0')
      const { atime, mtime } = fs.statSync(path)
      const bytes = fs.readFileSync(path)
      bytes[bytes.length - 1] = 255 - (bytes.at(-1) ?? 0)
      fs.writeFileSync(path, bytes)
      fs.utimesSync(path, atime, mtime)
    },
    'lib/libllama.so.0.5.0 was changed after the build',
  ],
  [
    'a missing header',
    (folder) => fs.rmSync(join(folder, 'include/llama.h')),
    'include/llama.h is gone',
  ],
  [
    'a file too many',
    (folder) => fs.writeFileSync(join(folder, 'lib/libextra.so'), ''),
    'lib/libextra.so was added after the build',
  ],
  [
    'a link that leads elsewhere',
    (folder) => {
      fs.rmSync(join(folder, 'lib/libllama.so'))
      fs.symlinkSync('/tmp/libllama.so', join(folder, 'lib/libllama.so'))
    },
    'lib/libllama.so was changed after the build',
  ],
]
for (const [how, tamper, says] of TAMPERED)
  verify(
    `${how} is found, and named`,
    inHome(async (home) => {
      copyHome(repaired, home)
      tamper(live(home))
      const { code, stdout } = await bitnetTasks(['verify'], { home })
      assert.is(code, 8)
      assert.match(stdout, '✗ llama.cpp: 1 of ', stdout)
      assert.match(
        stdout,
        `  ${says}\n  hint: bitnet-tasks preflight --backend llama --repair=always\n`,
      )
      const json = JSON.parse((await bitnetTasks(['verify', '--json'], { home })).stdout)
      const row = json.backends.find(({ backend }: { backend: string }) => backend === 'llama')
      assert.equal([row.state, row.problems], ['changed', [says]])
    }),
  )

verify(
  'without a statement, or without an installation, it says so and is not content',
  inHome(async (home) => {
    const none = await bitnetTasks(['verify'], { home })
    assert.is(none.code, 1)
    assert.match(none.stdout, '- llama.cpp is not installed\n')
    copyHome(repaired, home)
    fs.writeFileSync(join(live(home), 'provenance.json'), '{"subject":')
    const { code, stdout } = await bitnetTasks(['verify', '--backend', 'llama'], { home })
    assert.is(code, 8)
    assert.match(stdout, 'holds no provenance.json that can be read\n')
  }),
)

verify.run()
