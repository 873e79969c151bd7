// Inputs that were written while a node ran, and hold again what they held: somebody went to another branch
// and came back, and the commands have read what was there between.
import type { See } from './file-states.ts'

const FIELDS = 4
// Who sets a time back from Node can give no more than milliseconds.
const SAME_MS = 1

/** When each input was last written, and as which file. */
export class WriteMarks {
  private readonly names: string[] = []
  /** Of the file or link itself and of what a link leads to: when it was written, and its inode. */
  private readonly numbers: number[] = []

  /** Makes room for more inputs, and gives who is to be told of each. */
  of(names: readonly string[]): See {
    const { numbers } = this
    const first = numbers.length
    for (const name of names) {
      this.names.push(name)
      numbers.push(0, 0, 0, 0)
    }
    return (i, own, target) => {
      const at = first + i * FIELDS
      numbers[at] = own?.mtimeMs ?? 0
      numbers[at + 1] = own?.ino ?? 0
      // A folder behind a link is not looked at.
      if (target === undefined || target === own || target.kind === 'folder') return
      numbers[at + 2] = target.mtimeMs
      numbers[at + 3] = target.ino
    }
  }

  /**
   * The inputs that were written between two looks that saw the same content. By when they were written and
   * not by when anything about them changed: a hard link that a command makes of its input is no edit.
   */
  rewrittenSince(before: WriteMarks): readonly string[] {
    const rewritten = new Set<string>()
    for (let at = 0; at < this.numbers.length; at++) {
      const moved = (this.numbers[at] as number) - (before.numbers[at] ?? 0)
      const isSame = Math.abs(moved) < SAME_MS
      if (!isSame) rewritten.add(this.names[Math.floor(at / FIELDS)] as string)
    }
    return [...rewritten]
  }
}
