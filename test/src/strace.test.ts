// What a trace shows, and when it does not show everything.
import * as assert from 'uvu/assert'

import { readTrace } from '../../src/lint/strace.ts'
import { suite } from '../support/suite.ts'

const strace = suite('strace')

const END = '7  +++ exited with 0 +++\n'
const touched = (text: string) => {
  const { reads, writes, gap } = readTrace(text, '/w')
  return { reads: [...reads], writes: [...writes], gap }
}

strace('files that were opened are reads or writes, by their real paths', () => {
  const text = `7  execve("/bin/sh", ["sh", "-c", "x"], 0x1 /* 3 vars */) = 0
7  openat(AT_FDCWD</w>, "in.txt", O_RDONLY|O_CLOEXEC) = 3</w/in.txt>
7  openat(AT_FDCWD</w>, "link", O_RDONLY) = 3</elsewhere/file>
7  openat(AT_FDCWD</w>, "out", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 4</w/out>
7  openat(AT_FDCWD</w>, "both", O_RDWR) = 4</w/both>
7  openat(AT_FDCWD</w>, ".", O_RDONLY|O_DIRECTORY) = 5</w>
7  openat(AT_FDCWD</w>, "none", O_RDONLY) = -1 ENOENT (No such file or directory)
${END}`
  assert.equal(touched(text), {
    reads: ['/bin/sh', '/w/in.txt', '/elsewhere/file', '/w/both'],
    writes: ['/w/out', '/w/both'],
    gap: undefined,
  })
})

strace('a relative path counts from where its process stands, which is where it was made', () => {
  const text = `7  chdir("sub") = 0
7  vfork( <unfinished ...>
8  rename("a", "../b") = 0
8  unlink("c") = 0
7  <... vfork resumed>) = 8
8  chdir("/elsewhere") = 0
8  symlink("x", "l") = 0
8  +++ exited with 0 +++
7  unlinkat(5</other>, "d", 0) = 0
${END}`
  assert.equal(touched(text).writes, ['/w/sub/a', '/w/b', '/w/sub/c', '/elsewhere/l', '/other/d'])
})

strace('a folder that is listed is told apart: by whom, and whether it was made there', () => {
  const text = `7  execve("/bin/sh", ["sh", "-c", "x"], 0x1 /* 3 vars */) = 0
7  getdents64(3</w/src \\76>, 0x1 /* 3 entries */, 32768) = 80
7  getdents64(3</w/src \\76>, 0x1 /* 0 entries */, 32768) = 0
7  getdents(3</w/old>, 0x1 /* 3 entries */, 32768) = 80
7  mkdir("made", 0777) = 0
7  mkdir("there", 0777) = -1 EEXIST (File exists)
7  unlinkat(AT_FDCWD</w>, "folder", AT_REMOVEDIR) = 0
7  vfork() = 8
8  getdents64(3</w/sub>, 0x1 /* 3 entries */, 32768) = 80
8  execve("/usr/bin/gmake", ["make"], 0x1 /* 3 vars */) = 0
8  openat(AT_FDCWD</w>, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3</lib/libc.so.6>
8  getdents64(3</w/search>, 0x1 /* 3 entries */, 32768) = 80
8  openat(AT_FDCWD</w>, "Makefile", O_RDONLY) = 3</w/Makefile>
8  newfstatat(3</w/Makefile>, "", {}, AT_EMPTY_PATH) = 0
8  newfstatat(AT_FDCWD</w>, "Makefile", {}, AT_SYMLINK_NOFOLLOW) = 0
8  stat("/w/Makefile", {}) = 0
8  getdents64(3</w/wildcard>, 0x1 /* 3 entries */, 32768) = 80
8  newfstatat(AT_FDCWD</w>, "Makefile", {}, 0) = 0
8  getdents64(3</w/targets>, 0x1 /* 3 entries */, 32768) = 80
8  vfork() = 9
9  execve("/usr/bin/python3", ["python3"], 0x1 /* 3 vars */) = 0
9  vfork() = 10
10 getdents64(3</w/inner>, 0x1 /* 3 entries */, 32768) = 80
10 +++ exited with 0 +++
9  +++ exited with 0 +++
8  execve("/usr/bin/gmake", ["make"], 0x1 /* 3 vars */) = 0
8  openat(AT_FDCWD</w>, "Makefile", O_RDONLY) = 3</w/Makefile>
8  getdents64(3</w/anew>, 0x1 /* 3 entries */, 32768) = 80
8  +++ exited with 0 +++
${END}`
  const { lists, lookups, folders, writes } = readTrace(text, '/w')
  assert.equal([...lists], ['/w/src >', '/w/old', '/w/sub', '/w/wildcard', '/w/anew'])
  assert.equal([...lookups], ['/w/search', '/w/targets', '/w/inner'])
  assert.equal([...folders], ['/w/made'])
  assert.equal([...writes], [])
})

strace('names are bytes: umlauts, quotes, line ends', () => {
  const text = `7  unlink("\\303\\244 \\"q\\" \\n.txt") = 0\n${END}`
  assert.equal(touched(text).writes, ['/w/ä "q" \n.txt'])
})

strace('the two paths of a call may count from two folders; a hard link reads the first', () => {
  const text = `7  renameat2(3</a>, "x", 4</b>, "y", 0) = 0
7  linkat(AT_FDCWD</w>, "from", 4</b>, "to", 0) = 0
7  symlinkat("anything", 4</b>, "link") = 0
7  fchmodat(4</b>, "mode", 0755) = 0
${END}`
  const { reads, writes } = touched(text)
  assert.equal(reads, ['/w/from'])
  assert.equal(writes, ['/a/x', '/b/y', '/b/to', '/b/link', '/b/mode'])
})

const INET = (port: number, address: string): string =>
  `{sa_family=AF_INET, sin_port=htons(${port}), sin_addr=inet_addr("${address}")}, 16`
const TALKS: readonly (readonly [what: string, lines: readonly string[], says: string])[] = [
  [
    'a daemon',
    ['connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/docker.sock"}, 110) = 0'],
    'a program spoke with /run/docker.sock, and',
  ],
  [
    'a compiler server',
    [
      `connect(3<socket:[1]>, ${INET(4226, '127.0.0.1')}) = -1 EINPROGRESS (Operation now in progress)`,
    ],
    'a program spoke with 127.0.0.1:4226, and',
  ],
  [
    'another machine, though it serves a port itself',
    [
      `bind(3<socket:[1]>, ${INET(0, '127.0.0.1')}) = 0`,
      `connect(3<socket:[1]>, ${INET(443, '9.9.9.9')}) = 0`,
    ],
    'a program spoke with 9.9.9.9:443, and',
  ],
]
for (const [what, lines, says] of TALKS)
  strace(`talking with ${what} is a gap`, () => {
    assert.match(touched(`${lines.map((line) => `7  ${line}\n`).join('')}${END}`).gap ?? '', says)
  })

strace('talking with oneself, with nobody, or with the keeper of names is none', () => {
  const text = `7  bind(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/w/own"}, 110) = 0
7  connect(4<socket:[2]>, {sa_family=AF_UNIX, sun_path="/w/own"}, 110) = 0
7  bind(5<socket:[3]>, ${INET(0, '0.0.0.0')}) = 0
7  connect(6<socket:[4]>, ${INET(41234, '127.0.0.1')}) = 0
7  connect(6<socket:[5]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = 0
7  connect(6<socket:[6]>, {sa_family=AF_UNIX, sun_path="/run/other"}, 110) = -1 ENOENT (No such file or directory)
${END}`
  assert.is(touched(text).gap, undefined)
})

strace('a ring that the system refused leaves no gap', () => {
  const text = `7  io_uring_setup(8, {}) = -1 ENOSYS (Function not implemented) (INJECTED)\n${END}`
  assert.is(touched(text).gap, undefined)
})

const GAPS: readonly (readonly [what: string, text: string, says: string])[] = [
  ['nothing', '', 'strace wrote nothing'],
  ['no end', '7  unlink("a") = 0\n', '1 process was not seen to the end'],
  ['io_uring', `7  io_uring_setup(8, {}) = 3\n${END}`, 'a program used io_uring_setup'],
  ['io_uring, unfinished', `7  io_uring_setup(8, {}) = ?\n${END}`, 'a program used io_uring_setup'],
  ['garbage', `hello\n${END}`, 'a line of the trace cannot be read: hello'],
]
for (const [what, text, says] of GAPS)
  strace(`${what} in a trace is a gap`, () => {
    assert.match(touched(text).gap ?? '', says)
  })

strace.run()
