// The Makefile fragments that compilers write (`-MD`): the files after each colon.

/** The prerequisites that a depfile names, in order, without repeats. */
export function parseDepfile(text: string): readonly string[] {
  const found = new Set<string>()
  for (const rule of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const colon = targetEnd(rule)
    if (colon < 0) continue
    for (const word of words(rule.slice(colon + 1))) found.add(word)
  }
  return [...found]
}

// The first colon that a blank or the end follows: `C:/a.o: b.c` has two.
function targetEnd(rule: string): number {
  for (let at = rule.indexOf(':'); at >= 0; at = rule.indexOf(':', at + 1))
    if (at + 1 === rule.length || /\s/.test(rule[at + 1] as string)) return at
  return -1
}

// As gcc and ninja have it: before a blank each backslash stands twice and one more protects the blank; one
// before `#` or `:` protects that; every other stands for itself.
const ESCAPED = /(\\+)(?=[ \t])|\\(?=[#:])|\$(?=\$)/y
const NONE = [''] as const

function words(text: string): string[] {
  const found: string[] = []
  let word = ''
  for (let i = 0; i < text.length; i++) {
    const [guard, ofBlank] = escapeAt(i, text)
    i += guard.length
    if (ofBlank) word += '\\'.repeat(ofBlank.length >> 1)
    const char = text[i] ?? ''
    const isProtected = ofBlank ? ofBlank.length % 2 === 1 : guard !== ''
    if (isProtected || !/\s/.test(char)) word += char
    else if (word !== '') {
      found.push(word)
      word = ''
    }
  }
  if (word !== '') found.push(word)
  return found
}

function escapeAt(at: number, text: string): readonly [guard: string, ofBlank?: string] {
  const char = text[at]
  if (char !== '\\' && char !== '$') return NONE
  ESCAPED.lastIndex = at
  const [guard = '', ofBlank] = ESCAPED.exec(text) ?? []
  return ofBlank === undefined ? [guard] : [guard, ofBlank]
}
