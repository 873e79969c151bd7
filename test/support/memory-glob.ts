// The globs of the memory disk: `*`, `**`, `?`, `[ab]`, `{a,b}`; dot files match.

export function globRegExp(pattern: string): RegExp {
  let source = ''
  let depth = 0
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string
    if (pattern.startsWith('**/', i)) {
      source += '(?:.*/)?'
      i += 2
    } else if (pattern.startsWith('**', i)) {
      source += '.*'
      i += 1
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (char === '{') {
      depth++
      source += '(?:'
    } else if (char === '}' && depth > 0) {
      depth--
      source += ')'
    } else if (char === ',' && depth > 0) source += '|'
    else if (char === '[' || char === ']') source += char
    else source += char.replace(/[\\^$.|+()]/, '\\$&')
  }
  return new RegExp(`^${source}$`)
}

/** The folder where a glob starts, and whether it looks below it. */
export function globBase(pattern: string): { base: string; isDeep: boolean } {
  const names = pattern.split('/')
  const first = names.findIndex((name) => /[*?[\]{}]/.test(name))
  const end = first < 0 ? names.length - 1 : first
  return {
    base: names.slice(0, end).join('/'),
    isDeep: end < names.length - 1 || pattern.endsWith('**'),
  }
}
