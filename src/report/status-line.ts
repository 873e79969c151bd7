// Text on stderr above one line that stays at the bottom of the terminal. Without a terminal the line is not
// there.

import { eprint } from './eprint.ts'
import { cutMark, styleOf } from './terminal.ts'
import { cleanFlat } from './text.ts'
import { clip, columnsOf } from './width.ts'

export class StatusLine {
  private readonly hasTerminal: boolean
  private isHidden = false
  private text = ''
  private tail = ''

  constructor(hasTerminal: boolean) {
    this.hasTerminal = hasTerminal
  }

  private get isShown(): boolean {
    return this.hasTerminal && !this.isHidden
  }

  /** Writes whole lines above it. */
  print(text: string): void {
    eprint(this.isShown ? `${ERASE}${text}${this.drawn()}` : text)
  }

  /** The text gives way to its tail where both have no room. */
  show(text: string, tail: string): void {
    const flat = cleanFlat(text)
    if (this.text === flat) return
    this.text = flat
    this.tail = tail
    if (this.isShown) eprint(`${ERASE}${this.drawn()}`)
  }

  /** Takes the line away until `reveal`. */
  hide(): void {
    if (this.isShown && this.text !== '') eprint(ERASE)
    this.isHidden = true
  }

  reveal(): void {
    this.isHidden = false
    this.print('')
  }

  // A line that wraps could not be erased.
  private drawn(): string {
    // A terminal that does not know its size says 0.
    const columns = process.stderr.columns || 80
    const room = Math.max(columns - this.tail.length - 1, 20)
    const mark = cutMark(styleOf(process.env, true))
    const text = clip(shortened(this.text, room), room, mark)
    return clip(`${text}${this.tail}`, columns - 1, mark)
  }
}

// `4 nodes up to date; 19 folders watched`: what stands last matters least.
function shortened(text: string, room: number): string {
  const end = text.lastIndexOf('; ')
  return end < 0 || columnsOf(text) <= room ? text : shortened(text.slice(0, end), room)
}

const ERASE = '\r\x1b[K'
