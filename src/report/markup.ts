// Text on its way into HTML or SVG: nothing in it may become markup.
import { clean, lastWritten } from './text.ts'

/** One line as text or as the value of an attribute in double quotes. */
export function escapeMarkup(text: string): string {
  return clean(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Several lines. */
export function escapeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => escapeMarkup(lastWritten(line)))
    .join('\n')
}
