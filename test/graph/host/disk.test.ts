import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import * as assert from 'uvu/assert'

import { disk as machineDisk } from '../../../graph/host/disk.ts'
import { Random } from '../../support/random.ts'
import { suite } from '../../support/suite.ts'

const disk = suite<{ dir: string }>('disk', { dir: '' })
const { stat, lstat, digest, writeWhole, append, readTail, readFrom, glob, ...own } = machineDisk()

disk.before.each((world) => {
  world.dir = fs.mkdtempSync(join(tmpdir(), 'disk-'))
})
disk.after.each(({ dir }) => fs.rmSync(dir, { recursive: true, force: true }))

disk('an identity is told to a quarter of a microsecond', ({ dir }) => {
  const path = join(dir, 'a')
  fs.writeFileSync(path, 'four')
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123456789 UTC', path])
  const found = stat(path)!
  const told = execFileSync('stat', ['-c', '%i %d %.9Z', path], { encoding: 'utf8' })
  const [ino, dev, ctime] = told.trim().split(' ').map(Number) as [number, number, number]
  assert.equal([found.kind, found.size, found.ino, found.dev], ['file', 4, ino, dev])
  assert.ok(Math.abs(found.mtimeMs - 981173106123.4568) < 0.00025, `${found.mtimeMs}`)
  assert.ok(Math.abs(found.ctimeMs - ctime * 1000) < 0.0005, `${found.ctimeMs} ${ctime}`)
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.123457039 UTC', path])
  assert.is.not(stat(path)?.mtimeMs, found.mtimeMs)
})

disk('the mode is the permissions alone', ({ dir }) => {
  const path = join(dir, 'a')
  fs.writeFileSync(path, '')
  fs.chmodSync(path, 0o4751)
  assert.is(stat(path)?.mode, 0o4751)
})

disk('a rename over a file changes its identity, with equal size and time', ({ dir }) => {
  const [path, other] = [join(dir, 'a'), join(dir, 'b')]
  for (const one of [path, other]) {
    fs.writeFileSync(one, 'same')
    fs.utimesSync(one, 1000, 1000)
  }
  const before = stat(path)
  own.rename(other, path)
  const after = stat(path)
  assert.is(after?.mtimeMs, before?.mtimeMs)
  assert.is.not(after?.ino, before?.ino)
})

disk('stat follows a link, lstat tells of the link itself', ({ dir }) => {
  fs.writeFileSync(join(dir, 'file'), 'content')
  fs.mkdirSync(join(dir, 'folder'))
  for (const name of ['file', 'folder', 'nothing']) fs.symlinkSync(name, join(dir, `to-${name}`))
  assert.is(stat(join(dir, 'to-file'))?.kind, 'file')
  assert.is(stat(join(dir, 'to-folder'))?.kind, 'folder')
  assert.is(stat(join(dir, 'to-nothing')), undefined)
  for (const name of ['to-file', 'to-folder', 'to-nothing'])
    assert.is(lstat(join(dir, name))?.kind, 'link')
  assert.is(own.readLink(join(dir, 'to-nothing')), 'nothing')
  assert.is(own.realPath(join(dir, 'to-file')), fs.realpathSync(join(dir, 'file')))
  assert.is(own.realPath(join(dir, 'to-nothing')), undefined)
})

disk(
  'nothing there, a file in place of a folder, a link to itself: nothing is there',
  ({ dir }) => {
    fs.writeFileSync(join(dir, 'file'), '')
    fs.symlinkSync('loop', join(dir, 'loop'))
    for (const name of ['none', 'none/below', 'file/below', 'loop/below']) {
      const path = join(dir, name)
      assert.is(stat(path), undefined)
      assert.is(lstat(path), undefined)
      assert.is(own.readText(path), undefined)
      assert.is(own.readBytes(path), undefined)
      assert.is(own.realPath(path), undefined)
      assert.is(own.list(path), undefined)
      assert.is(readTail(path, 9), '')
      assert.equal(readFrom(path, 3, 9), { text: '', next: 3 })
      own.removeFile(path)
    }
    assert.is(own.list(join(dir, 'file')), undefined)
  },
)

disk('pipes, sockets and devices are special', async ({ dir }) => {
  execFileSync('mkfifo', [join(dir, 'pipe')])
  const server = createServer().listen(join(dir, 'socket'))
  await new Promise((resolve) => server.once('listening', resolve))
  for (const path of [join(dir, 'pipe'), join(dir, 'socket'), '/dev/zero'])
    assert.is(stat(path)?.kind, 'special')
  assert.throws(() => digest(join(dir, 'pipe')), /not a regular file/)
  // A log that became one is not waited for.
  assert.equal(readFrom(join(dir, 'pipe'), 0, 10), { text: '', next: 0 })
  assert.is(readTail(join(dir, 'pipe'), 10), '')
  assert.throws(() => digest('/dev/zero'), /not a regular file/)
  assert.throws(() => digest(join(dir, 'socket')))
  assert.throws(() => digest(dir))
  server.close()
})

const MIB = 1024 * 1024

for (const size of [0, 1, 65_536, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 20 * MIB])
  disk(`the digest of ${size} bytes is that of sha256sum`, ({ dir }) => {
    const path = join(dir, 'a')
    const content = Buffer.alloc(size)
    for (let i = 0; i < size; i += 997) content[i] = i % 251
    fs.writeFileSync(path, content)
    assert.is(digest(path).digest, sha256sum(path))
    // Once more, after the buffer has held something else.
    fs.writeFileSync(join(dir, 'b'), 'short')
    assert.is(digest(join(dir, 'b')).digest, sha256sum(join(dir, 'b')))
  })

// One of more than 2 GiB could not be read at once at all.
disk('a large file is never held in memory', ({ dir }) => {
  const path = join(dir, 'model')
  fs.writeFileSync(path, 'a model')
  fs.truncateSync(path, 128 * MIB)
  const before = process.resourceUsage().maxRSS
  assert.is(digest(path).digest, sha256sum(path))
  assert.ok(process.resourceUsage().maxRSS - before < 64 * 1024)
})

disk('a file without a size has the digest of what it holds', () => {
  assert.is(digest('/proc/version').digest, sha256sum('/proc/version'))
})

disk('a file is written whole, for this person alone, with its folder', ({ dir }) => {
  const path = join(dir, 'deep/er/record')
  writeWhole(path, 'first')
  assert.is(fs.statSync(path).mode & 0o777, 0o600)
  const { ino } = fs.statSync(path)
  const reader = fs.openSync(path, 'r')
  writeWhole(path, Buffer.from([0, 255, 10]), { durable: true })
  assert.equal([...(own.readBytes(path) ?? [])], [0, 255, 10])
  // Who has the old one open goes on reading the old one: it was replaced, not written into.
  assert.is(fs.readFileSync(reader, 'utf8'), 'first')
  fs.closeSync(reader)
  assert.is.not(fs.statSync(path).ino, ino)
  assert.equal(own.list(join(dir, 'deep/er')), ['record'])
})

disk(
  'a link in the place of a written file is replaced, and what it points at stays',
  ({ dir }) => {
    fs.writeFileSync(join(dir, 'victim'), 'theirs')
    fs.symlinkSync('victim', join(dir, 'record'))
    writeWhole(join(dir, 'record'), 'ours')
    assert.is(own.readText(join(dir, 'victim')), 'theirs')
    assert.is(lstat(join(dir, 'record'))?.kind, 'file')
  },
)

disk('a write that fails leaves the old file and no temporary', ({ dir }) => {
  fs.mkdirSync(join(dir, 'folder/in-the-way'), { recursive: true })
  assert.throws(() => writeWhole(join(dir, 'folder'), 'text'), /EISDIR|ENOTEMPTY/)
  assert.equal(own.list(dir), ['folder'])
  fs.writeFileSync(join(dir, 'record'), 'old')
  const unwritable = { toString: () => 'not bytes' } as unknown as string
  assert.throws(() => writeWhole(join(dir, 'record'), unwritable))
  assert.is(own.readText(join(dir, 'record')), 'old')
  assert.equal(own.list(dir)?.toSorted(), ['folder', 'record'])
})

disk(
  'the temporary of a killed process with our id is no obstacle, nor a link in its place',
  ({ dir }) => {
    // In a container the id of the process is the same every time.
    const path = join(dir, 'record')
    fs.writeFileSync(join(dir, 'victim'), 'theirs')
    fs.writeFileSync(`${path}.${process.pid}.0.tmp`, 'torn')
    fs.symlinkSync('victim', `${path}.${process.pid}.1.tmp`)
    const another = machineDisk()
    another.writeWhole(path, 'first')
    another.writeWhole(path, 'second')
    assert.is(own.readText(path), 'second')
    assert.is(own.readText(join(dir, 'victim')), 'theirs')
    assert.equal(own.list(dir)?.toSorted(), ['record', 'victim'])
  },
)

disk('a private folder and its parents are for this person alone', ({ dir }) => {
  own.makeFolder(join(dir, 'state/logs'), { private: true })
  own.makeFolder(join(dir, 'state/logs'), { private: true })
  assert.is(fs.statSync(join(dir, 'state')).mode & 0o777, 0o700)
  assert.is(fs.statSync(join(dir, 'state/logs')).mode & 0o777, 0o700)
})

disk('what is appended follows what was there; file and folder are private', async ({ dir }) => {
  const path = join(dir, 'state/journal')
  for (const line of ['one\n', 'two\n']) {
    const file = append(path)
    file.write(line)
    await file.sync()
    file.close()
  }
  assert.is(own.readText(path), 'one\ntwo\n')
  assert.is(fs.statSync(path).mode & 0o777, 0o600)
  assert.is(fs.statSync(join(dir, 'state')).mode & 0o777, 0o700)
})

disk('a line that a kill cut off is ended before the next', ({ dir }) => {
  const path = join(dir, 'journal')
  fs.writeFileSync(path, 'one\ntw')
  const file = append(path)
  file.write('three\n')
  file.close()
  assert.is(own.readText(path), 'one\ntw\nthree\n')
})

disk('nothing is appended through a link', ({ dir }) => {
  fs.writeFileSync(join(dir, 'victim'), 'theirs')
  fs.symlinkSync('victim', join(dir, 'journal'))
  fs.symlinkSync('nothing', join(dir, 'dangling'))
  assert.throws(() => append(join(dir, 'journal')), /ELOOP/)
  assert.throws(() => append(join(dir, 'dangling')), /ELOOP/)
  assert.is(own.readText(join(dir, 'victim')), 'theirs')
  assert.is(stat(join(dir, 'nothing')), undefined)
})

disk('removing takes the link and not what it points at', ({ dir }) => {
  fs.mkdirSync(join(dir, 'kept'))
  fs.writeFileSync(join(dir, 'kept/file'), '')
  fs.mkdirSync(join(dir, 'gone'))
  fs.symlinkSync('../kept', join(dir, 'gone/link'))
  fs.symlinkSync('kept/file', join(dir, 'link'))
  own.removeFile(join(dir, 'link'))
  own.remove(join(dir, 'gone'))
  assert.throws(() => own.removeFile(join(dir, 'kept')))
  assert.equal(own.list(dir), ['kept'])
  assert.equal(own.list(join(dir, 'kept')), ['file'])
})

disk('flushing takes files, links and what is not there', ({ dir }) => {
  fs.writeFileSync(join(dir, 'a'), '')
  fs.symlinkSync('nothing', join(dir, 'b'))
  own.flush([join(dir, 'a'), join(dir, 'b'), join(dir, 'c')])
})

// 1, 2, 3 and 4 bytes.
const CHARACTERS = 'aä€😀'

disk('reading from an offset gives whole characters, whatever the size of the piece', ({ dir }) => {
  const path = join(dir, 'log')
  fs.writeFileSync(path, CHARACTERS.repeat(9))
  for (let bytes = 4; bytes < 12; bytes++) {
    let [all, offset] = ['', 0]
    for (let piece = readFrom(path, 0, bytes); piece.text; piece = readFrom(path, offset, bytes)) {
      all += piece.text
      offset = piece.next
    }
    assert.is(all, CHARACTERS.repeat(9))
    assert.is(offset, 90)
  }
})

disk('a character that is half written waits for its other half', ({ dir }) => {
  const path = join(dir, 'log')
  const bytes = Buffer.from(CHARACTERS)
  fs.writeFileSync(path, bytes.subarray(0, 8))
  assert.equal(readFrom(path, 0, 100), { text: 'aä€', next: 6 })
  assert.equal(readFrom(path, 6, 100), { text: '', next: 6 })
  fs.appendFileSync(path, bytes.subarray(8))
  assert.equal(readFrom(path, 6, 100), { text: '😀', next: 10 })
  assert.equal(readFrom(path, 10, 100), { text: '', next: 10 })
})

disk('bytes that are no characters do not stop the reader', ({ dir }) => {
  const path = join(dir, 'log')
  fs.writeFileSync(path, Buffer.alloc(100, 0x80))
  assert.equal(readFrom(path, 0, 50), { text: '\ufffd'.repeat(50), next: 50 })
})

disk('the tail begins with a whole character', ({ dir }) => {
  const path = join(dir, 'log')
  fs.writeFileSync(path, CHARACTERS)
  const tails = ['', '', '', '', '😀', '😀', '😀', '€😀', '€😀', 'ä€😀', CHARACTERS, CHARACTERS]
  assert.equal(
    tails.map((_, bytes) => readTail(path, bytes)),
    tails,
  )
})

disk('a glob finds dot files and follows no link to a folder', ({ dir }) => {
  tree(dir, ['.hidden/.c', '.dot', 'src/a.c', 'src/deep/b.c'])
  fs.symlinkSync('..', join(dir, 'src/loop'))
  fs.symlinkSync('a.c', join(dir, 'src/link.c'))
  fs.symlinkSync('nothing', join(dir, 'src/dangling.c'))
  const { files } = glob(['**'], [], dir)
  assert.equal(files, [
    '.dot',
    '.hidden/.c',
    'src/a.c',
    'src/dangling.c',
    'src/deep/b.c',
    'src/link.c',
    'src/loop',
  ])
})

disk('found files are in the order of code units, each once', ({ dir }) => {
  tree(dir, ['b', 'B', 'a/z', 'a.c', 'ä', 'Z/1', 'Z/10', 'Z/9', '\ue000', '😀'])
  const { files } = glob(['**', '*', 'a/*'], [], dir)
  const wanted = ['B', 'Z/1', 'Z/10', 'Z/9', 'a.c', 'a/z', 'b', 'ä', '😀', '\ue000']
  assert.equal(files, wanted)
})

disk('what is ignored is left out', ({ dir }) => {
  tree(dir, ['a.c', 'a.h', 'build/x.c', 'src/build/y.c', 'src/z.c'])
  assert.equal(glob(['**/*.c'], ['build/**'], dir).files, ['a.c', 'src/build/y.c', 'src/z.c'])
  assert.equal(glob(['**'], ['**/build/**', '*.h'], dir).files, ['a.c', 'src/z.c'])
})

const ODD = [
  '-rf',
  '--help',
  'new\nline\r\u2028\u2029',
  "single'quote",
  'double"quote',
  'blank and\ttab',
  'emoji 😀',
  '[brackets]',
  '(parens)',
  '{braces}',
  '$(touch x)',
  '!not',
  '#hash',
]

disk('odd names are found as they are', ({ dir }) => {
  tree(
    dir,
    ODD.map((name) => `in ${name}/${name}`),
  )
  assert.equal(glob(['**'], [], dir).files, ODD.map((name) => `in ${name}/${name}`).sort())
  assert.equal(glob(['in \\[brackets\\]/*'], [], dir).files, ['in [brackets]/[brackets]'])
})

disk('a folder with odd characters is searched below', ({ dir }) => {
  for (const name of ODD) {
    tree(join(dir, name), ['a/b.c'])
    const found = glob(['**/*.c'], [], join(dir, name))
    assert.equal(found.files, ['a/b.c'])
    assert.equal(found.folders.toSorted(), [join(dir, name), join(dir, name, 'a')])
  }
})

disk('a folder that is not there holds no files, and is watched all the same', ({ dir }) => {
  const missing = join(dir, 'missing')
  assert.equal(glob(['*'], [], missing), { files: [], folders: [missing] })
  assert.equal(glob(['a/b/*.c'], [], missing), { files: [], folders: [join(missing, 'a/b')] })
})

const WITNESSED: readonly (readonly [string, readonly string[]])[] = [
  ['*', ['']],
  ['*.c', ['']],
  ['a/*.c', ['a']],
  ['**', ['', 'a', 'a/x', 'a/x/b', 'a/y', 'a/y/b', 'a/y/b/deep', 'empty']],
  ['a/**/*.c', ['a', 'a/x', 'a/x/b', 'a/y', 'a/y/b', 'a/y/b/deep']],
  ['a/*/b/*.c', ['a', 'a/x', 'a/x/b', 'a/y', 'a/y/b']],
  ['{a,empty}/*.c', ['a', 'empty']],
]

for (const [pattern, folders] of WITNESSED)
  disk(`'${pattern}' is witnessed by the folders that it looks into`, ({ dir }) => {
    tree(dir, ['a/x/b/1.c', 'a/y/b/2.c', 'a/y/b/deep/3.c', 'top.c'])
    fs.mkdirSync(join(dir, 'empty'))
    const wanted = folders.map((name) => join(dir, name)).sort()
    assert.equal(glob([pattern], [], dir).folders.toSorted(), wanted)
    // What is ignored may lie deeper than what is searched.
    const ignored = glob([pattern], ['a/x/b/c/d/e/f/*.c'], dir)
    assert.equal(ignored.folders.toSorted(), wanted)
  })

disk('a question mark stands for one character of a folder as it does of a file', ({ dir }) => {
  tree(dir, ['d1/a.c', 'd2/b.c', 'd10/c.c', 'e/d?/x.c', 'e/dx/y.c', 'e/a?b.c', 'e/a/b.c'])
  const files = (...patterns: string[]) => glob(patterns, [], dir).files
  assert.equal(files('d?/*.c'), ['d1/a.c', 'd2/b.c'])
  assert.equal(files('d?/a.c'), ['d1/a.c'])
  assert.equal(files('{d??,?2}/*'), ['d10/c.c', 'd2/b.c'])
  assert.equal(files('?/d?/*'), ['e/d?/x.c', 'e/dx/y.c'])
  assert.equal(files('e/d\\?/*', 'e/d[?]/*'), ['e/d?/x.c'])
  assert.equal(files('?/a?b.c'), ['e/a?b.c'])
  assert.equal(glob(['**/*.c'], ['d?/**', 'e/**'], dir).files, ['d10/c.c'])
  // Which folders decided it: one that comes later counts as well.
  assert.ok(glob(['d?/*.c'], [], dir).folders.includes(dir))
})

disk('what is walked by ourselves is what fast-glob finds, and looks where it looks', ({ dir }) => {
  const random = new Random(7)
  const names = ['a', 'b', 'a.c', '.c', 'ab-c', 'a\nb', 'node_modules', 'ä', 'B', 'out', 'x.c.c']
  for (let i = 0; i < 150; i++) {
    const depth = 1 + random.below(4)
    const path = join(dir, ...Array.from({ length: depth }, () => random.pick(names)))
    try {
      const kind = random.below(8)
      if (kind === 0) fs.mkdirSync(path, { recursive: true })
      else if (kind === 1) fs.symlinkSync('.', path)
      else tree(dir, [relative(dir, path)])
    } catch {
      // A file lies where a folder should be.
    }
  }
  const bases = ['', 'a/', 'b/', 'a/b/', 'out/a/', 'missing/', 'a.c/', './', 'node_modules/']
  const lasts = ['', '/*', '/*.c', '/a*', '/*c', '/*.*', '/**', '/a', '/*.c*', '/.*', '/*a*b*']
  const minus = ['**/node_modules/**', 'out/**', 'a/b/**', '**/a/**', '**/.c/**', 'b/*.c', 'a/**']
  for (const base of bases)
    for (const last of lasts) {
      const pattern = `${base}**${last}`
      const ignore = random.some(minus, 4)
      const found = glob([pattern], ignore, dir)
      // Of two patterns all is left to fast-glob.
      const wanted = glob([pattern, pattern], ignore, dir)
      const asked = `${pattern} without ${ignore}`
      assert.equal(found.files, wanted.files, asked)
      assert.equal(found.folders.toSorted(), wanted.folders.toSorted(), asked)
    }
})

disk('a file that would be found changes one of the folders', ({ dir }) => {
  tree(dir, ['a/x/b/1.c', 'a/y/2.c'])
  fs.mkdirSync(join(dir, 'odd [1]/deep'), { recursive: true })
  const cases = [
    ['*.c', 'new.c'],
    ['**/*.c', 'a/y/new.c'],
    ['a/*/b/*.c', 'a/x/b/new.c'],
    ['a/*/b/*.c', 'a/y/b/new.c'],
    ['a/*/b/*.c', 'a/z/b/new.c'],
    ['later/*/b/*.c', 'later/x/b/new.c'],
    ['odd \\[1\\]/*/*.c', 'odd [1]/deep/new.c'],
    ['odd *1*/**/*.c', 'odd [1]/deep/er/new.c'],
    ['{a,later}/**', 'later/than/that'],
  ] as const
  for (const [pattern, added] of cases) {
    const before = glob([pattern], [], dir)
    // As a moment ago: two changes in one tick of the kernel's clock look the same.
    for (const folder of before.folders) if (stat(folder)) fs.utimesSync(folder, 1000, 1000)
    const identities = before.folders.map(identity)
    tree(dir, [added])
    assert.not.equal(before.folders.map(identity), identities, `${pattern} and ${added}`)
    const { files } = glob([pattern], [], dir)
    assert.equal(files, [...before.files, added].sort())
    fs.rmSync(join(dir, added))
  }
})

disk.run()

function tree(dir: string, names: readonly string[]): void {
  for (const name of names) {
    fs.mkdirSync(join(dir, name, '..'), { recursive: true })
    fs.writeFileSync(join(dir, name), name)
  }
}

function identity(folder: string): string {
  const found = stat(folder)
  return found === undefined ? 'nothing' : `${found.ino} ${found.mtimeMs}`
}

function sha256sum(path: string): string {
  const text = execFileSync('sha256sum', [path], { encoding: 'utf8' })
  return text.slice(0, 64)
}
