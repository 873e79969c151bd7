// Which addresses of repositories are refused before git starts, and what relative ones mean.
import * as assert from 'uvu/assert'

import { refuseOddRepository } from '../../tasks/address.ts'
import { resolved } from '../../tasks/fetch/submodule.ts'
import { suite } from '../support/suite.ts'

const address = suite('addresses of repositories')

const REFUSED: readonly string[] = [
  'file:///etc',
  'FILE://localhost/srv/x.git',
  'http://169.254.169.254/latest/x.git',
  'https://169.254.169.254:443/x.git',
  'http://0xa9fea9fe/x.git',
  'http://2852039166/x.git',
  'http://[fe80::1]/x.git',
  'http://[::ffff:169.254.169.254]/x.git',
  'http://[fd00:ec2::254]/x.git',
  'http://metadata.google.internal/x.git',
  'http://metadata/x.git',
  'git@169.254.169.254:x.git',
  'metadata.google.internal:x.git',
  'ssh://git@169.254.0.1/x.git',
]
for (const url of REFUSED)
  address(`AC-066 ${url} is refused`, () => {
    assert.throws(
      () => refuseOddRepository(url, 'BITNET_CPP_REPO'),
      (error: Error) =>
        error.message.startsWith(`BITNET_CPP_REPO ${JSON.stringify(url)} is refused: `),
    )
  })

const TAKEN: readonly string[] = [
  'https://github.com/microsoft/BitNet',
  'https://git.example:8443/team/metadata.git',
  'git@github.com:microsoft/BitNet.git',
  'ssh://git@git.example/x.git',
  'http://127.0.0.1:8080/x.git',
  'http://[::1]:8080/x.git',
  '/srv/git/BitNet',
  '../metadata',
  'C:\\git\\BitNet',
]
for (const url of TAKEN)
  address(`AC-066 ${url} is taken`, () => refuseOddRepository(url, 'BITNET_CPP_REPO'))

const RELATIVE: readonly (readonly [string, string, string])[] = [
  ['../llama.cpp', 'https://git.example/team/BitNet', 'https://git.example/team/llama.cpp'],
  ['../llama.cpp', 'https://git.example/team/BitNet/', 'https://git.example/team/llama.cpp'],
  [
    '../../x/llama.cpp.git',
    'https://git.example/team/BitNet.git',
    'https://git.example/x/llama.cpp.git',
  ],
  ['./llama.cpp', 'https://git.example/BitNet', 'https://git.example/BitNet/llama.cpp'],
  ['../llama.cpp', 'git@git.example:team/BitNet.git', 'git@git.example:team/llama.cpp'],
  ['../llama.cpp', '/srv/git/BitNet', '/srv/git/llama.cpp'],
  ['../../../../llama.cpp', 'https://git.example/BitNet', 'https://git.example/llama.cpp'],
]
for (const [relative, repository, url] of RELATIVE)
  address(`'${relative}' of a submodule in ${repository} is ${url}`, () => {
    assert.is(resolved(relative, repository), url)
  })

address.run()
