// Archives of source trees: such as git and tar make, and such as somebody makes who wants to write
// where he may not.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'

import { newFolder, removeFolder } from '../../cli/support/home.ts'
import { suite } from '../../support/suite.ts'

interface World {
  top: string
}

const unpack = suite<World>('unpack-source', { top: '' })
const STEP = join(import.meta.dirname, '../../../tasks/steps/unpack-source.ts')

unpack.before.each((world) => {
  world.top = newFolder()
  fs.mkdirSync(join(world.top, 'into'))
})
unpack.after.each(({ top }) => removeFolder(top))

const FILES = {
  'llama-1/CMakeLists.txt': 'project(llama)\n',
  'llama-1/src/llama.cpp': 'int llama;\n',
  [`llama-1/${'deep/'.repeat(30)}${'n'.repeat(120)}.h`]: 'long\n',
  'llama-1/src/ärger.txt': 'ä\n',
}

for (const format of ['gnu', 'pax', 'ustar'])
  unpack(`AC-071 what tar writes in its ${format} format comes out as it went in`, ({ top }) => {
    for (const [name, text] of Object.entries(FILES)) write(join(top, 'from', name), text)
    if (format === 'ustar') fs.rmSync(join(top, 'from/llama-1/deep'), { recursive: true })
    fs.chmodSync(join(top, 'from/llama-1/src/llama.cpp'), 0o777)
    fs.symlinkSync('src/llama.cpp', join(top, 'from/llama-1/link.cpp'))
    fs.linkSync(join(top, 'from/llama-1/CMakeLists.txt'), join(top, 'from/llama-1/zweite.txt'))
    const archive = join(top, 'a.tgz')
    execFileSync('tar', ['-C', join(top, 'from'), `--format=${format}`, '-czf', archive, 'llama-1'])
    assert.equal(run(top, archive), { code: 0, said: '' })
    const list = (root: string): readonly string[] =>
      fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
    assert.equal(list(join(top, 'into/llama')), list(join(top, 'from/llama-1')))
    for (const name of list(join(top, 'from/llama-1')).filter((one) => /\.\w+$/.test(one)))
      assert.equal(
        fs.readFileSync(join(top, 'into/llama', name)),
        fs.readFileSync(join(top, 'from/llama-1', name)),
      )
    assert.is(fs.readlinkSync(join(top, 'into/llama/link.cpp')), 'src/llama.cpp')
    assert.is(modeOf(join(top, 'into/llama/src/llama.cpp')), '755')
    assert.is(modeOf(join(top, 'into/llama/CMakeLists.txt')), '644')
    assert.equal(fs.readdirSync(join(top, 'into')).sort(), ['llama', 'llama.provenance.json'])
  })

unpack('what git archive writes is read as well, and its digest is noted', ({ top }) => {
  const repo = join(top, 'repo')
  write(join(repo, 'CMakeLists.txt'), 'project(llama)\n')
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-C', repo, '-c', 'user.name=a', '-c', 'user.email=a@b.invalid', ...args])
  }
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'x')
  git('archive', '--format=tar.gz', '--output', join(top, 'a.tar.gz'), 'HEAD')
  assert.equal(run(top, join(top, 'a.tar.gz')), { code: 0, said: '' })
  assert.is(fs.readFileSync(join(top, 'into/llama/CMakeLists.txt'), 'utf8'), 'project(llama)\n')
  const note = JSON.parse(fs.readFileSync(join(top, 'into/llama.provenance.json'), 'utf8'))
  const [digest] = execFileSync('sha256sum', [join(top, 'a.tar.gz')], { encoding: 'utf8' }).split(
    ' ',
  )
  assert.equal(note, { ref: 'archive', sha256: digest, from: join(top, 'a.tar.gz') })
})

interface Row {
  readonly title: string
  readonly entries: readonly Buffer[]
  readonly says: RegExp
}

const GOOD = entry({ name: 'x/CMakeLists.txt', text: 'project(x)\n' })
const HOSTILE: readonly Row[] = [
  {
    title: 'a name that climbs',
    entries: [GOOD, entry({ name: 'x/../../evil', text: 'e' })],
    says: /"x\/\.\.\/\.\.\/evil" leads out of it/,
  },
  {
    title: 'an absolute name',
    entries: [GOOD, entry({ name: '/tmp/evil-of-bitnet', text: 'e' })],
    says: /leads out of it/,
  },
  {
    title: 'a name for Windows',
    entries: [GOOD, entry({ name: 'x\\..\\..\\evil', text: 'e' })],
    says: /leads out of it/,
  },
  {
    title: 'a long name that climbs',
    entries: [GOOD, entry({ type: 'L', name: '././@LongLink', text: '../evil\0' }), GOOD],
    says: /leads out of it/,
  },
  {
    title: 'a pax name that climbs',
    entries: [GOOD, entry({ type: 'x', name: 'pax', text: '16 path=../evil\n' }), GOOD],
    says: /leads out of it/,
  },
  {
    title: 'a link to outside',
    entries: [GOOD, entry({ type: '2', name: 'x/out', link: '../../secret' })],
    says: /'x\/out' is a link that leads out of it/,
  },
  {
    title: 'an absolute link',
    entries: [GOOD, entry({ type: '2', name: 'x/out', link: '/etc' })],
    says: /is a link that leads out of it/,
  },
  {
    title: 'links that lead out together',
    entries: [
      GOOD,
      entry({ type: '5', name: 'x/a/b/' }),
      entry({ type: '2', name: 'x/a/b/up', link: '../../..' }),
      entry({ type: '2', name: 'x/out', link: 'a/b/up/../..' }),
    ],
    says: /is a link that leads out of it/,
  },
  {
    title: 'a file behind a link',
    entries: [
      GOOD,
      entry({ type: '2', name: 'x/dir', link: '../..' }),
      entry({ name: 'x/dir/evil', text: 'e' }),
    ],
    says: /is a link that leads out of it|EEXIST/,
  },
  {
    title: 'a hard link to outside',
    entries: [GOOD, entry({ type: '1', name: 'x/hard', link: '../secret' })],
    says: /leads out of it/,
  },
  {
    title: 'a device',
    entries: [GOOD, entry({ type: '3', name: 'x/null' })],
    says: /'x\/null' is neither a file nor a folder nor a link/,
  },
  {
    title: 'a FIFO',
    entries: [GOOD, entry({ type: '6', name: 'x/pipe' })],
    says: /is neither a file nor a folder nor a link/,
  },
  {
    title: 'one name twice',
    entries: [GOOD, GOOD],
    says: /EEXIST/,
  },
  {
    title: 'no source tree',
    entries: [entry({ name: 'x/readme', text: 'hello\n' })],
    says: /it holds no CMakeLists\.txt at its top: it is no source tree/,
  },
  { title: 'nothing', entries: [], says: /it is empty, or no tar archive/ },
]
for (const { title, entries, says } of HOSTILE)
  unpack(`AC-279 ${title}: refused, nothing is written, the old tree stays`, ({ top }) => {
    write(join(top, 'secret'), 'secret')
    write(join(top, 'into/llama/CMakeLists.txt'), 'old')
    const { code, said } = run(top, archiveOf(top, entries))
    assert.is(code, 1)
    assert.match(said, says)
    assert.not.match(said, /\n\s+at /)
    assert.equal(fs.readdirSync(top).sort(), ['a.tgz', 'into', 'secret'])
    assert.equal(fs.readdirSync(join(top, 'into')), ['llama'])
    assert.is(fs.readFileSync(join(top, 'into/llama/CMakeLists.txt'), 'utf8'), 'old')
    assert.is(fs.existsSync('/tmp/evil-of-bitnet'), false)
  })

unpack('no mode is kept but executable', ({ top }) => {
  const entries = [GOOD, entry({ name: 'x/tool', text: 't', mode: 0o6777 })]
  assert.is(run(top, archiveOf(top, entries)).code, 0)
  assert.is(modeOf(join(top, 'into/llama/tool')), '755')
})

unpack('a link that leads nowhere is left out', ({ top }) => {
  const entries = [GOOD, entry({ type: '2', name: 'x/gone', link: 'nowhere' })]
  assert.is(run(top, archiveOf(top, entries)).code, 0)
  assert.equal(fs.readdirSync(join(top, 'into/llama')), ['CMakeLists.txt'])
})

unpack('an archive without what a submodule holds says which', ({ top }) => {
  const { code, said } = run(top, archiveOf(top, [GOOD]), '3rdparty/llama.cpp')
  assert.is(code, 1)
  assert.match(said, /its submodule '3rdparty\/llama\.cpp' is empty/)
})

unpack('an archive that is cut anywhere, or is none, leaves what was there', ({ top }) => {
  const content = Buffer.alloc(3000, 'x').toString()
  const whole = fs.readFileSync(archiveOf(top, [GOOD, entry({ name: 'x/big', text: content })], 0))
  write(join(top, 'into/llama/CMakeLists.txt'), 'old')
  const cuts = [0, 1, 9, 600, 1500, 2600, whole.length - 9]
  const damaged = cuts.map((length) => whole.subarray(0, length))
  for (const bytes of [
    ...damaged,
    Buffer.from('no archive'),
    gzipSync('no tar archive'.repeat(99)),
  ]) {
    fs.writeFileSync(join(top, 'a.tgz'), bytes)
    const { code, said } = run(top, join(top, 'a.tgz'))
    assert.is(code, 1, `${bytes.length} bytes: ${said}`)
    assert.match(said, /cut short, damaged|no tar archive|is empty/)
    assert.equal(fs.readdirSync(join(top, 'into')), ['llama'])
  }
})

unpack.run()

function run(top: string, archive: string, ...submodules: readonly string[]) {
  const into = join(top, 'into/llama')
  const { status, stderr } = spawnSync(process.execPath, [STEP, archive, into, ...submodules], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code: status, said: stderr }
}

function write(path: string, text: string): void {
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.writeFileSync(path, text)
}

function modeOf(path: string): string {
  return (fs.statSync(path).mode & 0o7777).toString(8)
}

function archiveOf(top: string, entries: readonly Buffer[], level = 6): string {
  const archive = join(top, 'a.tgz')
  fs.writeFileSync(archive, gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]), { level }))
  return archive
}

interface EntryText {
  readonly name: string
  readonly text?: string
  readonly type?: string
  readonly link?: string
  readonly mode?: number
}

/** One entry of a tar archive: a header of 512 bytes and its content, filled up. */
function entry({ name, text = '', type = '0', link = '', mode = 0o644 }: EntryText): Buffer {
  const header = Buffer.alloc(512)
  const octal = (value: number, at: number, length: number): void => {
    header.write(value.toString(8).padStart(length - 1, '0'), at)
  }
  header.write(name, 0)
  octal(mode, 100, 8)
  octal(Buffer.byteLength(text), 124, 12)
  header.write(type, 156)
  header.write(link, 157)
  header.write('ustar\0', 257)
  header.write(' '.repeat(8), 148)
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  const content = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512)
  content.write(text)
  return Buffer.concat([header, content])
}
