// What a file really is, whatever its name says. An empty file passes BitNet-rs's detection and even
// links; a text file passes and breaks the link: so files are opened, as ELF, Mach-O or PE.
import * as fs from 'node:fs'

import { Beyond, Bytes } from './bytes.ts'
import { ELF, elf } from './elf.ts'
import type { LibraryImage } from './image.ts'
import { fat, isFat, MACH_O, machO } from './mach-o.ts'
import { pe } from './pe.ts'

export type LibraryFile =
  | { readonly is: 'image'; readonly image: LibraryImage }
  /** `why` follows the file's name in a sentence: "is empty". */
  | { readonly is: 'other'; readonly why: string }

/** Looks into a file; never throws, never waits, and reads a few megabytes at most. */
export function libraryFile(path: string): LibraryFile {
  let file: number | undefined
  try {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return other('is not there')
    if (!stat.isFile()) return other(stat.isDirectory() ? 'is a folder' : 'is no regular file')
    // Since the question it may have become a FIFO, and opening one waits.
    file = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0))
    return read(new Bytes(file, fs.fstatSync(file).size))
  } catch (error) {
    if (error instanceof Beyond) return other('is cut short or damaged')
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return other(code === 'ELOOP' ? 'is a link that leads to itself' : `cannot be read (${code})`)
  } finally {
    if (file !== undefined) fs.closeSync(file)
  }
}

function read(bytes: Bytes): LibraryFile {
  if (bytes.size === 0) return other('is empty')
  const head = bytes.at(0, Math.min(bytes.size, 512))
  const magic = head.toString('latin1', 0, 4)
  if (magic === ELF) return image(elf(bytes))
  if (MACH_O.has(magic)) return image(machO(bytes))
  if (isFat(head)) return image(fat(bytes))
  if (magic.startsWith('MZ')) return image(pe(bytes))
  if (head.toString('latin1', 0, 8) === '!<arch>\n') return other('is a static archive')
  return other(isText(head) ? 'is a text file' : 'is no library')
}

function isText(head: Buffer): boolean {
  return !head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
}

function image(found: LibraryImage | undefined): LibraryFile {
  return found === undefined ? other('is no library') : { is: 'image', image: found }
}

function other(why: string): LibraryFile {
  return { is: 'other', why }
}
