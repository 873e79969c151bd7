// After a roll back that could not be whole: what is left, and the commands that put it in order.
import type { Step } from './block.ts'
import { shellWord } from './shell-word.ts'

/** A file or folder, and where it belongs; without that, it is to go. */
interface Leftover {
  readonly path: string
  readonly belongs?: string
}

export function leftBehind(left: readonly Leftover[]): readonly Step[] {
  return left.map(({ path, belongs }) =>
    belongs === undefined
      ? ['Could not be removed, and is not used; by hand:', `rm -rf ${shellWord(path)}`]
      : [
          `Could not be put back to ${belongs}; by hand:`,
          `mv ${shellWord(path)} ${shellWord(belongs)}`,
        ],
  )
}
