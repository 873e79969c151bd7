// Text free of the characters that separate what we write down, and back.

// Tabs and line ends separate; 0x1e and 0x1f separate in the journal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the separators
export const SEPARATORS = /[\\\t\n\r\x1e\x1f]/

/** Makes a text free of the characters that separate fields; `unescaped` undoes it. */
export function escaped(text: string): string {
  if (!SEPARATORS.test(text)) return text
  return [...text].map((char) => FORTH[char] ?? char).join('')
}

export function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(.)/g, (_, code: string) => BACK[code] ?? code)
}

const FORTH: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\x1e': '\\e',
  '\x1f': '\\f',
}

const BACK: Readonly<Record<string, string>> = {
  '\\': '\\',
  t: '\t',
  n: '\n',
  r: '\r',
  e: '\x1e',
  f: '\x1f',
}
