// One line of the live view, as wide as the terminal lets it be.
import { cutMark, type Paint, paint, type Style } from './terminal.ts'
import { cleanFlat } from './text.ts'
import { clip, clipMiddle, columnsOf } from './width.ts'

export interface Line {
  readonly sign: string
  readonly color: Paint
  readonly text: string
  /** Where a text that is too long is cut; at its end unless said. */
  readonly cut?: 'middle'
  /** Behind the text, which gives way to it: an outcome, a time. */
  readonly tail?: string
  /** Behind both, where there is room. */
  readonly rest?: string
}

// A shorter piece of a step says nothing.
const LEAST_REST = 10
const LEAST_TEXT = 8

/** The line at most `width` columns wide. */
export function lineText(line: Line, width: number, style: Style): string {
  const mark = cutMark(style)
  const cut = (text = '', columns = 0): string => clip(plain(text, style), columns, mark)
  const room = width - columnsOf(line.sign) - 1
  const tail = cut(line.tail, Math.max(0, room - LEAST_TEXT))
  const left = room - columnsOf(tail)
  const text = (line.cut === 'middle' ? clipMiddle : clip)(plain(line.text, style), left, mark)
  const over = left - columnsOf(text)
  const rest = over < LEAST_REST ? '' : cut(line.rest, over)
  const shown = line.color === 'dim' ? paint(text, 'dim', style) : text
  const behind = tail + rest
  return `${paint(line.sign, line.color, style)} ${shown}${behind && paint(behind, 'dim', style)}`
}

function plain(text: string, { unicode }: Style): string {
  const flat = cleanFlat(text)
  return unicode ? flat : flat.replaceAll('…', '...').replace(/[^\x20-\x7e]/gu, '?')
}
