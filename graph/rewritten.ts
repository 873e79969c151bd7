// Inputs that were written while a node ran, and hold again what they held: somebody went to another branch
// and came back, and the commands have read what was there between.
import type { Seen } from './file-states.ts'

// Who sets a time back from Node can give no more than milliseconds.
const SAME_MS = 1

/** When each input was last written, and as which file. */
export class WriteMarks {
  private readonly marks: Mark[] = []

  add(name: string, { own, target }: Seen): void {
    this.marks.push({ name, own, target })
  }

  /**
   * The inputs that were written between two looks that saw the same content. By when they were written and
   * not by when anything about them changed: a hard link that a command makes of its input is no edit.
   */
  rewrittenSince(before: WriteMarks): readonly string[] {
    const isSame = ({ own, target }: Mark, old: Mark | undefined): boolean =>
      isAsWritten(own, old?.own) && isAsWritten(target, old?.target)
    return this.marks.filter((mark, i) => !isSame(mark, before.marks[i])).map(({ name }) => name)
  }
}

interface Mark extends Omit<Seen, 'state'> {
  readonly name: string
}

function isAsWritten(now: Seen['own'], old: Seen['own']): boolean {
  if (now === undefined || old === undefined) return now === old
  // A folder behind a link is not looked at.
  if (now.kind === 'folder' && old.kind === 'folder') return true
  return now.ino === old.ino && Math.abs(now.mtimeMs - old.mtimeMs) < SAME_MS
}
