// What the text of a script says of other programs.

// Behind the interpreter of a script too: `#!/opt/python/bin/python3`. What may stand before a word of a shell:
// `$(/opt/x)`, `;/opt/x`, `${TOOL:-/opt/x}`.
const NAMED = /(?<=^|^#!|[\s"'`=(;|&<>,:{[]|:-)\/[\w./+@%~,-]*[\w/+@%~-]/g
const ASKS_ENV = /^#![ \t]*\/(?:\S*\/)?env[ \t]+(.*)/
const WORD = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g
// Options of `env` whose value is the next word.
const TAKES_VALUE = /^(?:-[0iv]*[uCa]|--unset|--chdir|--argv0)$/

/** The absolute paths that a script names, as they come; most of them are no programs. */
export function namedPaths(text: string): readonly string[] {
  return text.match(NAMED) ?? []
}

// `$(dirname "$0")/../lib/x`, `"$basedir/../x"`, `${0%/*}/x`: behind what a variable or a command stands for.
const BEHIND = /\$(?:\w+|\{[^}\n]{0,80}\}|\([^\n]{0,80}?\))["']?(\/[\w./+@%~,-]*[\w/+@%~-])/g

/** What a script may name from the folder in which it lies itself, as `/../lib/x`; most of it is elsewhere. */
export function pathsBeside(text: string): readonly string[] {
  return [...text.matchAll(BEHIND)].map((match) => match[1] as string)
}

/** The program that the first line asks `env` for: `#!/usr/bin/env python3`, `#!/usr/bin/env -S -u A node -x`. */
export function askedOfEnv(text: string): string | undefined {
  const line = ASKS_ENV.exec(text)?.[1]
  if (line === undefined) return undefined
  // `-S` and what it stands for in one word: what follows is read as more words.
  const split = line.replace(/^(-[0iv]*)S[ \t]*/, '$1 ').replace(/^--split-string[= \t]/, '')
  const words = (split.match(WORD) ?? []).map((word) => word.replace(/["']/g, ''))
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (TAKES_VALUE.test(word)) i++
    else if (!word.startsWith('-') && !/^\w+=/.test(word)) return word
  }
  return undefined
}
