// How wide a text is on a terminal, and a text cut to a width.

const SEGMENTS = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
// East Asian wide and fullwidth forms, and pictures: two columns.
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
// Marks, joiners and variation selectors stand on the sign before them.
const NONE = /[\p{M}\u200b-\u200d\ufeff]/u
const ASCII = /^[\x20-\x7e]*$/

/**
 * The columns of a line. Terminals differ about pictures that are joined of several: such a one counts
 * as all of its parts, since a line that is too long would wrap and could not be drawn over.
 */
export function columnsOf(line: string): number {
  if (ASCII.test(line)) return line.length
  let columns = 0
  for (const { segment } of SEGMENTS.segment(line)) columns += columnsOfSegment(segment)
  return columns
}

/** The first columns of a line; what is cut off is shown by the mark, which counts. */
export function clip(line: string, columns: number, mark = '...'): string {
  let used = 0
  let kept = ''
  let room = ''
  for (const { segment } of SEGMENTS.segment(line)) {
    used += columnsOfSegment(segment)
    if (used > columns) return columns < mark.length ? '' : room + mark
    kept += segment
    if (used <= columns - mark.length) room = kept
  }
  return kept
}

/** The beginning and the end of a line: where names differ at their end, as parameters do. */
export function clipMiddle(line: string, columns: number, mark = '...'): string {
  if (columnsOf(line) <= columns) return line
  const room = Math.max(0, columns - mark.length)
  const end = lastColumns(line, Math.floor(room / 2))
  return `${clip(line, room - columnsOf(end), '')}${room > 0 ? mark : ''}${end}`
}

function lastColumns(line: string, columns: number): string {
  let used = 0
  let kept = ''
  for (const { segment } of [...SEGMENTS.segment(line)].reverse()) {
    used += columnsOfSegment(segment)
    if (used > columns) break
    kept = segment + kept
  }
  return kept
}

function columnsOfSegment(segment: string): number {
  let columns = 0
  for (const char of segment) columns += NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1
  // The selector asks for the picture of a sign: ❤ becomes ❤️.
  return segment.includes('\ufe0f') ? Math.max(2, columns) : columns
}
