// What a file really is: libraries made by this machine's compiler, images of other systems made by
// hand, and files that are damaged, odd or made to hurt.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type LibraryImage, unfitFor } from '../../src/library-file/image.ts'
import { libraryFile } from '../../src/library-file/library-file.ts'
import { newFolder, removeFolder } from '../cli/support/home.ts'
import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'

const files = suite('library file')
const folder = newFolder()
const own = (name: string): string => join(folder, name)
const library = own('libllama.so.0')

files.before(() => {
  fs.writeFileSync(own('base.c'), 'int base(void) { return 1; }\n')
  fs.writeFileSync(own('llama.c'), 'int base(void); int llama(void) { return base(); }\n')
  fs.writeFileSync(own('main.c'), 'int main(void) { return 0; }\n')
  cc('-shared', '-fPIC', 'base.c', '-o', 'libggml-base.so', '-Wl,-soname,libggml-base.so.0')
  cc(
    ...['-shared', '-fPIC', 'llama.c', '-o', 'libllama.so.0', '-Wl,-soname,libllama.so.0'],
    ...['-L.', '-lggml-base', '-Wl,-rpath,$ORIGIN:/opt/x', '-Wl,--enable-new-dtags'],
  )
  cc('main.c', '-o', 'program')
  cc('-c', 'main.c', '-o', 'main.o')
})
files.after(() => removeFolder(folder))

files('a real library: machine, bits, name, needs and RUNPATH', () => {
  const { needed, ...rest } = imageOf(library)
  assert.equal(rest, {
    format: 'ELF',
    machines: [process.arch],
    bits: 64,
    isShared: true,
    name: 'libllama.so.0',
    runpath: '$ORIGIN:/opt/x',
  })
  assert.is(needed[0], 'libggml-base.so.0')
})

files('a stripped library is still one, and a link to it too', () => {
  fs.copyFileSync(library, own('stripped.so'))
  execFileSync('strip', ['--strip-all', own('stripped.so')])
  fs.symlinkSync('stripped.so', own('link.so'))
  assert.equal(imageOf(own('link.so')), imageOf(library))
})

files('a program and an object are no shared libraries', () => {
  assert.is(imageOf(own('program')).isShared, false)
  assert.is(imageOf(own('main.o')).isShared, false)
  assert.is(
    unfitFor(imageOf(own('program')), { format: 'ELF', machine: process.arch }),
    'is no shared library',
  )
})

files('what does not fit this machine is told', () => {
  const llama = imageOf(library)
  assert.is(unfitFor(llama, { format: 'ELF', machine: process.arch }), undefined)
  assert.is(
    unfitFor({ ...llama, machines: ['arm64'] }, { format: 'ELF', machine: 'x64' }),
    'is for arm64, and this machine is x64',
  )
  assert.is(
    unfitFor(llama, { format: 'Mach-O', machine: 'x64' }),
    'is ELF, and this system loads Mach-O',
  )
})

files('the machine is read from the header', () => {
  const arm = fs.readFileSync(library)
  arm.writeUInt16LE(183, 18)
  assert.equal(imageOf(written('arm.so', arm)).machines, ['arm64'])
  arm.writeUInt16LE(9999, 18)
  assert.equal(imageOf(written('odd.so', arm)).machines, ['other'])
})

const OTHERS: readonly (readonly [string, () => string, string])[] = [
  ['an empty file', () => written('empty.so', ''), 'is empty'],
  ['a text file', () => written('text.so', 'INPUT(-lllama)\n'), 'is a text file'],
  ['a German text file', () => written('german.so', 'für später\n'), 'is a text file'],
  ['random bytes', () => written('noise.so', noise()), 'is no library'],
  ['one byte', () => written('one.so', '\x00'), 'is no library'],
  ['a static archive', () => written('libllama.a', '!<arch>\nx'), 'is a static archive'],
  ['a Java class', () => written('A.so', hex('cafebabe 00000034 0013')), 'is no library'],
  ['a program of DOS', () => written('dos.so', dos()), 'is no library'],
  ['the magic number alone', () => written('magic.so', '\x7fELF'), 'is cut short or damaged'],
  ['a folder', () => made('folder.so', (path) => fs.mkdirSync(path)), 'is a folder'],
  ['a FIFO', () => made('fifo.so', (path) => execFileSync('mkfifo', [path])), 'is no regular file'],
  ['a device', () => '/dev/zero', 'is no regular file'],
  ['nothing', () => own('nothing.so'), 'is not there'],
  ['a link to nothing', () => link('dangling.so', 'nowhere'), 'is not there'],
  ['a link to itself', () => link('loop.so', 'loop.so'), 'is a link that leads to itself'],
  ['a name with a file in front', () => join(library, 'x'), 'is not there'],
]
for (const [title, path, why] of OTHERS)
  files(`${title} ${why}`, () => {
    assert.equal(libraryFile(path()), { is: 'other', why })
  })

files('a library that was cut anywhere is damaged, never whole', () => {
  const whole = fs.readFileSync(library)
  const { loaded } = loadedBytes()
  for (let length = 1; length < loaded; length += Math.ceil(loaded / 200)) {
    const found = libraryFile(written('cut.so', whole.subarray(0, length)))
    assert.is(found.is, 'other', `cut at ${length}`)
  }
})

files('a file of a terabyte that is nearly all hole costs nothing', () => {
  const path = written('huge.so', fs.readFileSync(library))
  fs.truncateSync(path, 2 ** 40)
  assert.is(imageOf(path).name, 'libllama.so.0')
  fs.truncateSync(written('hole.so', ''), 2 ** 40)
  assert.equal(libraryFile(own('hole.so')), { is: 'other', why: 'is no library' })
})

files('Mach-O: a thin library of macOS', () => {
  const { needed, ...rest } = imageOf(written('libllama.dylib', machO()))
  assert.equal(needed, ['@rpath/libggml.0.dylib'])
  assert.equal(rest, {
    format: 'Mach-O',
    machines: ['arm64'],
    bits: 64,
    isShared: true,
    name: '@rpath/libllama.0.dylib',
    runpath: '@loader_path',
  })
  assert.is(imageOf(written('libbundle.dylib', machO({ type: 8 }))).isShared, true)
  assert.is(imageOf(written('program', machO({ type: 2 }))).isShared, false)
})

files('Mach-O: a fat library has several machines', () => {
  const { machines, isShared } = imageOf(
    written('fat.dylib', fat([machO(), machO({ cpu: 0x1000007 })])),
  )
  assert.equal(machines, ['arm64', 'x64'])
  assert.is(isShared, true)
})

files('Mach-O: cut short, or one half of a fat file', () => {
  for (const bytes of [machO(), fat([machO(), machO()])]) {
    for (let length = 32; length < bytes.length; length += 7)
      assert.is(libraryFile(written('cut.dylib', bytes.subarray(0, length))).is, 'other')
  }
})

files('PE: a library of Windows, and a program', () => {
  assert.equal(imageOf(written('llama.dll', pe())), {
    format: 'PE',
    machines: ['x64'],
    bits: 64,
    isShared: true,
    name: undefined,
    needed: [],
    runpath: undefined,
  })
  assert.is(imageOf(written('llama.exe', pe({ flags: 0x22 }))).isShared, false)
  const bytes = pe()
  for (let length = 70; length < bytes.length; length += 3)
    assert.is(libraryFile(written('cut.dll', bytes.subarray(0, length))).is, 'other')
})

// A seed that once failed is worth more than a thousand that did not: put it here.
for (const seed of [1, 2, 3])
  files(
    `whatever is changed in a library, looking at it ends and says something (seed ${seed})`,
    () => {
      const random = new Random(seed)
      const images = [fs.readFileSync(library), machO(), fat([machO(), machO()]), pe()]
      for (let round = 0; round < 1500; round++) {
        const bytes = Buffer.from(images[round % images.length] as Buffer)
        // Headers are where a change hurts; the largest and the smallest numbers are where it hurts most.
        const range = Math.min(bytes.length, random.oneIn(2) ? 256 : bytes.length)
        for (let i = random.below(8); i >= 0; i--)
          bytes[random.below(range)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
        const path = written(
          'fuzz.so',
          bytes.subarray(0, bytes.length - random.below(4) * random.below(64)),
        )
        const found = libraryFile(path)
        assert.ok(found.is === 'other' ? found.why : found.image.format)
      }
    },
  )

files('counts that promise more than the file holds', () => {
  const elf = fs.readFileSync(library)
  const hurt: readonly ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.fill(0xff, 32, 40),
    (bytes) => bytes.writeUInt16LE(0xffff, 56),
    (bytes) => bytes.writeUInt16LE(1, 54),
    (bytes) => bytes.fill(0xff, 64 + 32, 64 + 40),
  ]
  for (const spoil of hurt) {
    const bytes = Buffer.from(elf)
    spoil(bytes)
    assert.equal(libraryFile(written('hurt.so', bytes)), {
      is: 'other',
      why: 'is cut short or damaged',
    })
  }
  const needs = machO({ needs: Array.from({ length: 5000 }, (_, i) => `l${i}`) })
  assert.is(imageOf(written('needs.dylib', needs)).needed.length, 256)
})

files.run()

function cc(...args: readonly string[]): void {
  execFileSync('cc', args, { cwd: folder })
}

function imageOf(path: string): LibraryImage {
  const found = libraryFile(path)
  if (found.is === 'other') throw new Error(`${path} ${found.why}`)
  return found.image
}

function written(name: string, content: string | Buffer): string {
  const bytes =
    typeof content === 'string' && name !== 'german.so' ? Buffer.from(content, 'latin1') : content
  fs.writeFileSync(own(name), bytes)
  return own(name)
}

function made(name: string, make: (path: string) => void): string {
  make(own(name))
  return own(name)
}

function link(name: string, target: string): string {
  fs.symlinkSync(target, own(name))
  return own(name)
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

/** How much of the library its segments speak of. */
function loadedBytes(): { readonly loaded: number } {
  const text = execFileSync('readelf', ['-lW', library], { encoding: 'utf8' })
  const ends = [...text.matchAll(/^ +LOAD +(0x\w+) +\S+ +\S+ +(0x\w+)/gm)].map(
    ([, offset, size]) => Number(offset) + Number(size),
  )
  return { loaded: Math.max(...ends) }
}

function noise(): Buffer {
  const random = new Random(1)
  return Buffer.from(Array.from({ length: 4096 }, () => random.below(256)))
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 4)
  return bytes
}

function dos(): Buffer {
  const bytes = Buffer.alloc(128)
  bytes.write('MZ', 0)
  bytes.writeUInt32LE(64, 60)
  return bytes
}

/** As Apple's loader.h describes it: a header, load commands, and the bytes of one segment. */
function machO({
  cpu = 0x100000c,
  type = 6,
  needs = ['@rpath/libggml.0.dylib'],
}: {
  cpu?: number
  type?: number
  needs?: readonly string[]
} = {}): Buffer {
  const padded = (text: string): Buffer => {
    const bytes = Buffer.alloc(Math.ceil((text.length + 1) / 8) * 8)
    bytes.write(text)
    return bytes
  }
  const library = (command: number, path: string): Buffer => {
    const text = padded(path)
    return Buffer.concat([words(command, 24 + text.length, 24, 2, 0, 0), text])
  }
  const rpath = padded('@loader_path\0\0\0\0')
  const commands = (end: number): Buffer[] => [
    Buffer.concat([
      words(0x19, 72),
      padded('__TEXT').subarray(0, 8),
      Buffer.alloc(8),
      words(0, 0, 0, 0, 0, 0, end, 0, 5, 5, 0, 0),
    ]),
    library(0xd, '@rpath/libllama.0.dylib'),
    ...needs.map((path) => library(0xc, path)),
    Buffer.concat([words(0x8000001c, 12 + 4 + rpath.length, 16, 0), rpath]),
  ]
  const length = Buffer.concat(commands(0)).length
  const body = Buffer.alloc(64, 0x90)
  const all = Buffer.concat(commands(32 + length + body.length))
  const header = words(0xfeedfacf, cpu, 0, type, 3 + needs.length, length, 0, 0)
  return Buffer.concat([header, all, body])
}

function fat(slices: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(8 + 20 * slices.length)
  head.writeUInt32BE(0xcafebabe, 0)
  head.writeUInt32BE(slices.length, 4)
  let offset = head.length
  for (const [i, slice] of slices.entries()) {
    head.writeUInt32BE(offset, 8 + i * 20 + 8)
    head.writeUInt32BE(slice.length, 8 + i * 20 + 12)
    offset += slice.length
  }
  return Buffer.concat([head, ...slices])
}

/** As Microsoft's PE format describes it: the stub, the header, one section and its bytes. */
function pe({ flags = 0x2022 }: { flags?: number } = {}): Buffer {
  const bytes = Buffer.alloc(64 + 24 + 240 + 40 + 32)
  bytes.write('MZ', 0)
  bytes.writeUInt32LE(64, 60)
  bytes.write('PE\0\0', 64, 'latin1')
  bytes.writeUInt16LE(0x8664, 68)
  bytes.writeUInt16LE(1, 70)
  bytes.writeUInt16LE(240, 84)
  bytes.writeUInt16LE(flags, 86)
  bytes.writeUInt16LE(0x20b, 88)
  const section = 64 + 24 + 240
  bytes.writeUInt32LE(32, section + 16)
  bytes.writeUInt32LE(section + 40, section + 20)
  return bytes
}
