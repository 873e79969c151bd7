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

function words(text: string): string[] {
  const found: string[] = []
  let word = ''
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string
    const next = text[i + 1]
    if (char === '\\' && next !== undefined && /[\\ #]/.test(next)) word += text[++i]
    else if (char === '$' && next === '$') word += text[++i]
    else if (/\s/.test(char)) {
      if (word !== '') found.push(word)
      word = ''
    } else word += char
  }
  if (word !== '') found.push(word)
  return found
}
