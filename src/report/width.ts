// How wide a text is on a terminal, and a text cut to a width.

const SEGMENTS = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
// East Asian wide and fullwidth forms, and pictures: two columns. Combining marks are part of a grapheme.
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u

/** The first columns of a line; what is cut off is shown by the mark, which counts. */
export function clip(line: string, columns: number, mark = '…'): string {
  let used = 0
  let kept = ''
  let room = ''
  for (const { segment } of SEGMENTS.segment(line)) {
    used += WIDE.test(segment) ? 2 : 1
    if (used > columns) return columns < mark.length ? '' : room + mark
    kept += segment
    if (used <= columns - mark.length) room = kept
  }
  return kept
}
