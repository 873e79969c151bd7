// Which compilers build a backend: those of CC and CXX, or the first pair that is there.

/** A pair of one family. */
export interface Compilers {
  readonly c: string
  readonly cxx: string
  /** cmake would not find it by itself. */
  readonly isVersioned: boolean
}

type Env = Readonly<Record<string, string | undefined>>

/** The names under which cmake looks for a compiler, in its order; the one of CC or CXX alone if set. */
export function compilerNames(env: Env, language: 'c' | 'cxx'): readonly string[] {
  const chosen = env[language === 'c' ? 'CC' : 'CXX']?.trim().split(/\s+/)[0]
  if (chosen) return [chosen]
  return language === 'c' ? ['cc', 'gcc', 'clang'] : ['c++', 'g++', 'clang++']
}

/**
 * The compilers of this machine: of CC and CXX, or cc, gcc and clang as cmake finds them, or the newest
 * `gcc-13` or `clang-18` with its C++ half. Where there are none, the names that were looked for first.
 */
export function chooseCompilers(env: Env, which: (name: string) => string | undefined): Compilers {
  const isThere = (name: string): boolean => which(name) !== undefined
  const [c, cxx] = [compilerNames(env, 'c'), compilerNames(env, 'cxx')]
  const plain = { c: c.find(isThere), cxx: cxx.find(isThere) }
  // Half of it chosen by the person: the other half is not guessed.
  const isChosen = c.length === 1 || cxx.length === 1
  const isWhole = plain.c !== undefined && plain.cxx !== undefined
  const versioned =
    isWhole || isChosen ? undefined : VERSIONED.find((one) => isThere(one.c) && isThere(one.cxx))
  return (
    versioned ?? {
      c: plain.c ?? (c[0] as string),
      cxx: plain.cxx ?? (cxx[0] as string),
      isVersioned: false,
    }
  )
}

// Distributions name them so where several are installed.
const VERSIONED: readonly Compilers[] = [
  ...versions(20, 8).map((version) => pair('gcc', 'g++', version)),
  ...versions(24, 11).map((version) => pair('clang', 'clang++', version)),
]

function pair(c: string, cxx: string, version: number): Compilers {
  return { c: `${c}-${version}`, cxx: `${cxx}-${version}`, isVersioned: true }
}

function versions(newest: number, oldest: number): readonly number[] {
  return Array.from({ length: newest - oldest + 1 }, (_, i) => newest - i)
}
