// What `ninja -t deps` prints of its deps log, where the headers go that compilers told ninja of:
//   main.o: #deps 2, deps mtime 1763721345 (VALID)
//       ../src/main.c
//       ../src/main.h

const HEAD = /: #deps \d+, deps mtime -?\d+ \((?:VALID|STALE)\)$/

/** Whether a text is such an answer, and not a Makefile fragment. */
export function isNinjaDeps(text: string): boolean {
  return HEAD.test(text.slice(0, 65_536).split('\n', 1)[0] as string)
}

/** The files that it names, in order, without repeats. */
export function parseNinjaDeps(text: string): readonly string[] {
  const rows = text.split('\n').filter((row) => row.startsWith(INDENT))
  return [...new Set(rows.map((row) => row.slice(INDENT.length)))]
}

const INDENT = '    '
