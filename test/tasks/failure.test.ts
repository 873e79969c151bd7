// The failure table: every real output that was provoked, the specification's lines, other wordings
// of the same failures, and text that is made to hurt.
import { readFileSync } from 'node:fs'

import * as assert from 'uvu/assert'

import {
  type Cause,
  classify,
  type FailureClass,
  relevantLines,
  type Stage,
} from '../../tasks/failure.ts'
import { suite } from '../support/suite.ts'

interface Row {
  readonly file: string
  readonly stage: Stage
  readonly exit: number
  readonly cause: string
  readonly class: FailureClass | 'silent'
  readonly retry: boolean
}

const failure = suite('failure')
const folder = new URL('../fixtures/errors/', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8')
const table: readonly Row[] = JSON.parse(read('table.json'))

for (const row of table) {
  if (row.class === 'silent') continue // it ended with 0: our own check after the step notices
  failure(`${row.file} is ${row.cause} at ${row.stage}: ${row.class}`, () => {
    const whole = read(row.file)
    const printed = whole.replace(/^\$ .*\n/, '').replace(/exit code: \d+ .*\n?$/, '')
    for (const text of [whole, printed, printed.replaceAll('\n', '\r\n')]) {
      const found = classify({ stage: row.stage, exitCode: row.exit, text })
      assert.is(found.class, row.class)
      assert.is(found.retry, row.retry)
      assert.is(found.cause, row.cause)
    }
  })
}

failure('every provoked output is in the table', () => {
  assert.is(table.length, 145)
  assert.is(table.filter((row) => row.class === 'network').length, 27)
})

failure(
  'AC-274 of the real failures more than 80 % have a cause, and so steps of their own',
  () => {
    const loud = table.filter((row) => row.class !== 'silent')
    const known = loud.filter((row) => {
      const { cause } = classify({ stage: row.stage, exitCode: row.exit, text: read(row.file) })
      return cause !== 'unknown'
    })
    assert.ok(known.length / loud.length > 0.8, `${known.length} of ${loud.length}`)
  },
)

const classOf = (text: string): FailureClass => classify({ text }).class

// Any case, alone and in the middle of other text.
const SPECIFIED: readonly (readonly [number, FailureClass, string])[] = [
  [131, 'network', 'connection timeout'],
  [132, 'network', 'failed to clone'],
  [133, 'network', 'could not resolve host'],
  [134, 'network', 'network unreachable'],
  [135, 'network', 'connection refused'],
  [136, 'network', 'failed to connect'],
  [137, 'network', 'timed out'],
  [138, 'network', 'temporary failure in name resolution'],
  [139, 'network', 'unable to access'],
  [140, 'network', 'gnutls_handshake() failed'],
  [141, 'build', 'cmake error'],
  [142, 'build', 'ninja: build stopped'],
  [143, 'build', 'compilation failed'],
  [144, 'build', 'cmake not found'],
  [145, 'build', 'undefined reference'],
  [146, 'build', 'no such file or directory'],
  [147, 'build', 'cannot find'],
  [148, 'build', 'compiler'],
  [149, 'build', 'make: *** ['],
  [150, 'build', 'ld: '],
  [151, 'build', 'collect2: error: ld returned'],
  [152, 'permission', 'permission denied'],
  [153, 'permission', 'eacces'],
  [154, 'permission', 'cannot create directory'],
  [155, 'permission', 'access is denied'],
]

for (const [line, expected, words] of SPECIFIED) {
  failure(`AC-${line} '${words}' without a stage is ${expected}`, () => {
    for (const text of [words, words.toUpperCase(), `one\nsaid: ${words} x\nthree`]) {
      assert.is(classOf(text), expected)
      assert.is(classify({ text }).retry, expected === 'network')
    }
  })
}

failure('AC-156 without a stage network comes before build before permission', () => {
  const words = ['permission denied', 'undefined reference', 'connection refused']
  assert.is(classOf(words.join('\n')), 'network')
  assert.is(classOf(words.slice(0, 2).join('\n')), 'build')
  assert.is(classOf('ninja: build stopped\nfailed to clone'), 'network')
  assert.is(classOf('permission denied'), 'permission')
})

failure('AC-157 anything else is unknown and keeps its text', () => {
  const found = classify({ text: '\nthe moon is full\n' })
  assert.equal(found, {
    class: 'unknown',
    cause: 'unknown',
    retry: false,
    firstCause: 'the moon is full',
  })
  assert.equal(relevantLines('the moon is full\n', 10), ['the moon is full'])
})

failure('AC-158 the path is taken from "permission denied: /path" in any case', () => {
  assert.is(classify({ text: 'permission denied: /opt/x' }).path, '/opt/x')
  assert.is(classify({ text: 'sh: Permission Denied: /opt/a b/x.\n' }).path, '/opt/a b/x')
  assert.is(classify({ text: 'PERMISSION DENIED: C:\\cache\\x' }).path, 'C:\\cache\\x')
})

failure('AC-159 the path is taken from "cannot create directory \'/path\'"', () => {
  assert.is(classify({ text: "cannot create directory '/opt/x'" }).path, '/opt/x')
  assert.is(
    classify({ text: 'Cannot Create Directory ‘/opt/a b’: Permission denied' }).path,
    '/opt/a b',
  )
})

failure('AC-160 a refusal that names no path has none, so that the caller says its folder', () => {
  assert.not('path' in classify({ text: 'permission denied' }))
  assert.not('path' in classify({ errno: 'EACCES', text: '' }))
})

failure('AC-161 a failed gnutls handshake is network and retried', () => {
  const text =
    "fatal: unable to access 'https://github.com/microsoft/BitNet/': gnutls_handshake() failed: The TLS connection was non-properly terminated."
  for (const found of [classify({ text }), classify({ stage: 'fetch', exitCode: 128, text })]) {
    assert.is(found.class, 'network')
    assert.is(found.retry, true)
    assert.is(found.firstCause, text)
  }
})

failure('AC-162 a missing compiler is build and not retried', () => {
  const text = 'CMake Error at CMakeLists.txt:3 (project): No CMAKE_CXX_COMPILER could be found.'
  for (const found of [classify({ text }), classify({ stage: 'configure', exitCode: 1, text })]) {
    assert.is(found.class, 'build')
    assert.is(found.retry, false)
  }
})

failure('AC-163 a refused mkdir is permission and names its path', () => {
  const text = "mkdir: cannot create directory '/home/user/.cache/bitnet_cpp': Permission denied"
  assert.equal(classify({ text }), {
    class: 'permission',
    cause: 'permission',
    retry: false,
    firstCause: text,
    path: '/home/user/.cache/bitnet_cpp',
  })
})

const cloning = "Cloning into 'BitNet'..."
const access = "fatal: unable to access 'https://github.com/microsoft/BitNet/': "
const OTHERS: readonly (readonly [Cause, Stage, number, string])[] = [
  // The network, in other words.
  [
    'network',
    'fetch',
    128,
    `${cloning}\nerror: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: expected flush after ref listing`,
  ],
  [
    'network',
    'fetch',
    128,
    'error: RPC failed; curl 56 Recv failure: Connection reset by peer\nerror: 4321 bytes of body are still expected\nfatal: early EOF',
  ],
  [
    'network',
    'fetch',
    128,
    'error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)',
  ],
  [
    'network',
    'fetch',
    128,
    'error: RPC failed; result=18, HTTP code = 200\nfatal: The remote end hung up unexpectedly',
  ],
  ['network', 'fetch', 128, 'fatal: early EOF\nfatal: index-pack failed'],
  ['network', 'fetch', 128, 'fatal: the remote end hung up unexpectedly'],
  ['network', 'fetch', 128, `${access}GnuTLS recv error (-54): Error in the pull function.`],
  [
    'network',
    'fetch',
    128,
    `${access}OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to github.com:443`,
  ],
  [
    'network',
    'fetch',
    128,
    `${access}Operation too slow. Less than 1000 bytes/sec transferred the last 60 seconds`,
  ],
  [
    'network',
    'fetch',
    128,
    `warning: unable to access '/root/.config/git/ignore': Permission denied\n${access}Could not resolve host: github.com`,
  ],
  ['network', 'fetch', 56, 'curl: (56) Recv failure: Connection reset by peer'],
  [
    'network',
    'fetch',
    28,
    'curl: (28) Failed to connect to github.com port 443 after 30001 ms: Timeout was reached',
  ],
  [
    'network',
    'fetch',
    128,
    'kex_exchange_identification: read: Connection reset by peer\nfatal: Could not read from remote repository.',
  ],
  ['network', 'fetch', 128, 'ssh: connect to host github.com port 22: Verbindungsaufbau abgelehnt'],
  ['network', 'fetch', 128, 'Schwerwiegend: Die Gegenseite hat unerwartet abgebrochen.'],
  [
    'network',
    'fetch',
    1,
    'npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error network This is a problem related to network connectivity.',
  ],
  ['network', 'fetch', 1, 'npm ERR! code ECONNRESET\nnpm ERR! network aborted'],
  [
    'network',
    'fetch',
    1,
    'npm error code E503\nnpm error 503 Service Unavailable - GET https://registry.example.org/x',
  ],
  [
    'network',
    'rebuild',
    101,
    'warning: spurious network error (1 tries remaining): [6] x\nerror: failed to download from `https://static.crates.io/x`\n\nCaused by:\n  [6] Could not resolve hostname (Could not resolve host: static.crates.io)',
  ],
  [
    'network',
    'configure',
    1,
    'CMake Error at x.cmake:1 (file):\n  file DOWNLOAD HASH mismatch\n    status: [28;"Timeout was reached"]',
  ],
  // The same wrapping, and no use in trying again.
  [
    'auth',
    'fetch',
    128,
    "remote: Support for password authentication was removed on August 13, 2021.\nfatal: Authentication failed for 'https://github.com/a/b/'",
  ],
  ['auth', 'fetch', 128, `${access}CONNECT tunnel failed, response 407`],
  [
    'auth',
    'fetch',
    128,
    'error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nfatal: the remote end hung up unexpectedly',
  ],
  [
    'auth',
    'fetch',
    128,
    '@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@@@@\nHost key verification failed.\nfatal: The remote end hung up unexpectedly',
  ],
  ['auth', 'fetch', 1, 'npm error code E401\nnpm error Incorrect or missing password.'],
  [
    'source-not-found',
    'fetch',
    128,
    'ERROR: Repository not found.\nfatal: Could not read from remote repository.',
  ],
  [
    'source-not-found',
    'fetch',
    128,
    "fatal: couldn't find remote ref v9\nfatal: the remote end hung up unexpectedly",
  ],
  ['source-not-found', 'fetch', 22, 'curl: (22) The requested URL returned error: 404 Not Found'],
  [
    'source-not-found',
    'fetch',
    1,
    'npm error code E404\nnpm error 404 Not Found - GET https://registry.example.org/x',
  ],
  ['network-permanent', 'fetch', 128, `${access}The requested URL returned error: 451`],
  [
    'network-permanent',
    'fetch',
    128,
    `${access}error:0A000410:SSL routines::sslv3 alert handshake failure`,
  ],
  ['network-permanent', 'fetch', 47, 'curl: (47) Maximum (50) redirects followed'],
  ['tls-trust', 'fetch', 128, `${access}SSL certificate problem: certificate has expired`],
  [
    'tls-trust',
    'fetch',
    128,
    `${access}SSL: no alternative certificate subject name matches target host name 'github.com'`,
  ],
  [
    'tls-trust',
    'fetch',
    60,
    'curl: (60) SSL certificate problem: unable to get local issuer certificate',
  ],
  ['tls-trust', 'fetch', 1, 'npm error code SELF_SIGNED_CERT_IN_CHAIN'],
  [
    'source-corrupt',
    'fetch',
    1,
    'npm error code EINTEGRITY\nnpm error sha512-a integrity checksum failed when using sha512',
  ],
  [
    'source-corrupt',
    'configure',
    1,
    'CMake Error at x.cmake:1 (file):\n  file DOWNLOAD HASH mismatch\n    status: [0;"No error"]',
  ],
  [
    'disk',
    'fetch',
    128,
    'error: RPC failed; curl 56 x\nfatal: write error: No space left on device\nfatal: early EOF',
  ],
  [
    'disk',
    'fetch',
    128,
    "error: unable to write file src/x.c\nfatal: sha1 file '/x/.git/index.lock' write error. Out of diskspace",
  ],
  [
    'disk',
    'rebuild',
    101,
    'error: could not compile `x` (lib)\nCaused by: No space left on device (os error 28)',
  ],
  ['stale-lock', 'fetch', 128, "fatal: Unable to create '/x/.git/packed-refs.lock': File exists."],
  [
    'repo-state',
    'fetch',
    1,
    'error: Your local changes to the following files would be overwritten by checkout:\n\tREADME.md',
  ],
  // Permission.
  [
    'permission',
    'fetch',
    243,
    'npm error code EACCES\nnpm error syscall mkdir\nnpm error path /usr/lib/node_modules',
  ],
  [
    'permission',
    'build',
    1,
    '/usr/bin/ld: cannot open output file bin/libggml.so: Permission denied\ncollect2: error: ld returned 1 exit status\nninja: build stopped: subcommand failed.',
  ],
  [
    'permission',
    'fetch',
    128,
    'error: insufficient permission for adding an object to repository database .git/objects',
  ],
  ['permission', 'configure', 1, "PermissionError: [Errno 13] Permission denied: '/opt/x'"],
  // Build.
  [
    'resource(oom)',
    'build',
    2,
    'c++: fatal error: Killed signal terminated program cc1plus\ncompilation terminated.\ngmake: *** [Makefile:91: all] Error 2',
  ],
  [
    'resource(oom)',
    'rebuild',
    101,
    "error: could not compile `x`\n  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)",
  ],
  ['resource(oom)', 'build', 1, "nvcc error   : 'cicc' died due to signal 9 (Kill signal)"],
  [
    'build',
    'rebuild',
    101,
    'warning: spurious network error (3 tries remaining): [6] Could not resolve host\nerror[E0425]: cannot find value `x` in this scope\nerror: could not compile `x`',
  ],
  [
    'build',
    'rebuild',
    101,
    'error: linking with `cc` failed: exit status: 1\n  = note: /usr/bin/ld: cannot find -lllama: No such file or directory',
  ],
  [
    'build',
    'build',
    1,
    'a.cpp:3:1: error: static assertion failed: "connection timed out"\nninja: build stopped: subcommand failed.',
  ],
  ['build', 'build', 2, 'a.cu(12): error: identifier "x" is undefined\ngmake[1]: *** [a] Error 2'],
  [
    'build',
    'build',
    1,
    'ld.lld: error: undefined symbol: ggml_init\nclang: error: linker command failed with exit code 1',
  ],
  ['tool-missing', 'rebuild', 127, 'bash: line 1: cargo: command not found'],
  ['tool-missing', 'rebuild', 101, 'error: linker `cc` not found'],
  [
    'source-incomplete',
    'build',
    2,
    "gmake: *** No rule to make target 'a.cpp', needed by 'a.o'.  Stop.",
  ],
  [
    'stale-build-dir',
    'configure',
    1,
    'CMake Error: Error: generator : Ninja\nDoes not match the generator used previously: Unix Makefiles',
  ],
  [
    'runtime-link',
    'revalidate',
    127,
    "./x: /lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by libllama.so)",
  ],
  ['interrupted', 'build', 2, 'gmake[1]: *** [Makefile:85: all] Interrupt'],
]

failure('other wordings of the same failures get the same answers', () => {
  for (const [cause, stage, exitCode, text] of OTHERS) {
    const found = classify({ stage, exitCode, text })
    assert.is(found.cause, cause, text)
    assert.is(found.retry, cause === 'network', text)
  }
})

failure('what is permanent is no network failure, with a stage and without', () => {
  const permanent: readonly Cause[] = ['auth', 'tls-trust', 'network-permanent', 'source-not-found']
  for (const [cause, , , text] of OTHERS) {
    if (permanent.includes(cause)) assert.is.not(classOf(text), 'network', text)
  }
})

failure('words that no rule knows are judged by the stage, and never retried', () => {
  const text = `${access}a new reason of curl's`
  assert.is(classify({ stage: 'fetch', exitCode: 128, text }).class, 'unknown')
  assert.is(classify({ stage: 'configure', exitCode: 1, text: 'what' }).class, 'build')
  assert.is(classify({ stage: 'build', exitCode: 1, text: '' }).class, 'build')
  assert.is(classify({ stage: 'rebuild', exitCode: 101, text: 'what' }).class, 'build')
  assert.is(classify({ stage: 'revalidate', exitCode: 1, text: 'what' }).class, 'unknown')
})

failure('errno decides before the text', () => {
  const text = 'connection refused'
  assert.is(classify({ errno: 'ENOENT', text }).cause, 'tool-missing')
  assert.is(classify({ errno: 'EACCES', text }).class, 'permission')
  assert.is(classify({ errno: 'EROFS', text }).cause, 'read-only fs')
  assert.is(classify({ errno: 'ENOSPC', text }).cause, 'disk')
  assert.is(classify({ errno: 'ECONNRESET', text: 'permission denied' }).retry, true)
  assert.is(classify({ errno: 'CERT_HAS_EXPIRED', text }).cause, 'tls-trust')
  assert.is(classify({ errno: 'ESTRANGE', text }).class, 'network')
  assert.is(classify({ stage: 'fetch', errno: 'ETIMEDOUT', text: '' }).retry, true)
  assert.is(classify({ stage: 'build', errno: 'ETIMEDOUT', text: '' }).retry, false)
})

failure('a signal is an interruption, and a kill of a compiler is memory', () => {
  const text = 'CMake Error: connection refused'
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    assert.is(classify({ stage: 'build', signal, text }).class, 'interrupted')
  }
  for (const exitCode of [129, 130, 143])
    assert.is(classify({ exitCode, text }).class, 'interrupted')
  assert.is(classify({ stage: 'build', signal: 'SIGKILL', text: '[1/9] Building' }).class, 'build')
  assert.is(
    classify({ stage: 'build', signal: 'SIGKILL', text: 'x: 1 Killed clang++' }).class,
    'build',
  )
  assert.is(classify({ stage: 'fetch', signal: 'SIGKILL', text: '' }).class, 'interrupted')
  assert.is(classify({ stage: 'fetch', exitCode: 129, text: 'usage: git clone' }).class, 'unknown')
})

failure('escapes, carriage returns and no-break spaces hide nothing', () => {
  const text =
    '\u001b]0;title\u0007remote: 10%\rremote: 20%\r\u001b[1;31mfatal:\u001b[0m \u009b31mcould not\u00a0resolve host: x\u001b[K\r\n'
  const found = classify({ stage: 'fetch', exitCode: 128, text })
  assert.is(found.class, 'network')
  assert.is(found.firstCause, 'fatal: could not resolve host: x')
})

failure(
  'the first cause of a build is its first error, of cmake also what follows the place',
  () => {
    const ninja = read('build-undefined-ref-ninja.txt')
    assert.is(
      classify({ stage: 'build', exitCode: 1, text: ninja }).firstCause,
      "main.cpp:(.text+0x5): undefined reference to `bitnet_missing'",
    )
    const cmake = read('cmake-find-package-missing.txt')
    assert.match(
      classify({ stage: 'configure', exitCode: 1, text: cmake }).firstCause,
      /^CMake Error at .*: *Could NOT find CURL|^Could NOT find CURL/,
    )
    const long = classify({ text: `error: ${'x'.repeat(9999)}` })
    assert.is(long.firstCause.length, 300)
  },
)

failure('of a build script that cargo ran, the cause is what it printed', () => {
  const text = `   Compiling bitnet-sys v0.1.0 (/ws/crates/bitnet-sys)
error: failed to run custom build command for \`bitnet-sys v0.1.0 (/ws/crates/bitnet-sys)\`

Caused by:
  process didn't exit successfully: \`/ws/target/debug/build/bitnet-sys-1/build-script-build\` (exit status: 101)
  --- stderr
  src/shim.cc:4:60: error: 'llama_n_vocab' was not declared in this scope
`
  const { firstCause, class: found } = classify({ stage: 'rebuild', exitCode: 101, text })
  assert.is(firstCause, "src/shim.cc:4:60: error: 'llama_n_vocab' was not declared in this scope")
  assert.is(found, 'build')
  const bare = text.split('  --- stderr')[0] as string
  assert.match(
    classify({ stage: 'rebuild', text: bare }).firstCause,
    /^error: failed to run custom/,
  )
})

failure('the path is found where each tool writes it', () => {
  const paths: Readonly<Record<string, string>> = {
    "fatal: could not create work tree dir 'a/b': Permission denied": 'a/b',
    'ccache: error: Failed to create temporary file for /c/tmp.1: Permission denied': '/c/tmp.1',
    'error: could not lock config file /dev/null: Permission denied': '/dev/null',
    'bash: line 1: ./notexec: Permission denied': './notexec',
    "cp: can't create '/x/y': Permission denied": '/x/y',
    "fatal: detected dubious ownership in repository at '/home/dev/x'": '/home/dev/x',
    'error: failed to create directory `/c/registry`\n\nCaused by:\n  Permission denied (os error 13)':
      '/c/registry',
    'CMake Error: Cannot open file for write: /b/CMakeCache.txt.tmp1': '/b/CMakeCache.txt.tmp1',
    'mkdir: cannot create directory ‘/ro/x’: Read-only file system': '/ro/x',
    'mkdir: das Verzeichnis „/ro/x“ kann nicht angelegt werden: Keine Berechtigung': '/ro/x',
  }
  for (const [text, path] of Object.entries(paths)) {
    assert.is(classify({ stage: 'install', exitCode: 1, text }).path, path, text)
  }
})

failure('a person is shown the cause, its neighbourhood and the end', () => {
  const many = Array.from({ length: 200 }, (_, index) => `line ${index}`)
  const text = ['[1/9] Building a', ...many, 'a.c:1:2: error: no', ...many, '', 'the end'].join(
    '\n',
  )
  const lines = relevantLines(text, 11)
  assert.is(lines.length, 11)
  assert.equal(lines.slice(0, 3), ['line 199', 'a.c:1:2: error: no', 'line 0'])
  assert.equal(lines.slice(-2), ['line 199', 'the end'])
  assert.ok(lines.includes('...'))
  assert.equal(relevantLines(text, 0), [])
  assert.equal(relevantLines('[1/9] Building a\n\nfatal: x\n', 5), ['fatal: x'])
})

failure('hostile text is classified at once', () => {
  const mega = 1024 * 1024
  const diverse = Array.from(
    { length: 400_000 },
    (_, index) => `${index * 7919} er for: x ${index}`,
  )
  const texts = [
    'x'.repeat(50 * mega),
    ' '.repeat(40_000),
    `${' '.repeat(40_000)}x`,
    '\n'.repeat(40_000),
    'error: : : '.repeat(40_000),
    'error: : :\n'.repeat(400_000),
    ':1:1: error: '.repeat(40_000),
    `${'a:1:'.repeat(80)}\n`.repeat(2000),
    'remote branch '.repeat(40_000),
    'rpc; rpc '.repeat(40_000),
    "'".repeat(300_000),
    '\u001b]'.repeat(300_000),
    '\u001b[1;'.repeat(100_000),
    '*** [\n*** [ '.repeat(40_000),
    diverse.join('\n'),
  ]
  // A bound on the work and not on this machine: the text that is looked at has a fixed size, so
  // the longest log may take as long as the slowest short one and no more.
  for (const text of texts) {
    assert.is(classify({ stage: 'fetch', exitCode: 1, text }).retry, false)
    assert.ok(classify({ text }).firstCause.length <= 300)
    assert.ok(relevantLines(text, 20).length <= 20)
  }
})

failure('the end of a log of any size is read', () => {
  const text = `${'noise\n'.repeat(2_000_000)}fatal: Could not resolve host: github.com\n`
  assert.is(classify({ stage: 'fetch', exitCode: 128, text }).class, 'network')
  assert.is(relevantLines(text, 5).at(-1), 'fatal: Could not resolve host: github.com')
})

failure('nothing that can be given to it throws', () => {
  const odd: readonly unknown[] = [undefined, null, 7, {}, '\ud800', '\u0000', '\u0130'.repeat(9)]
  for (const text of odd) {
    assert.type(classify({ text: text as string }).firstCause, 'string')
    assert.ok(Array.isArray(relevantLines(text as string, Number.NaN)))
  }
})

failure.run()
