// What compilers, cmake, ninja, make and cargo say of a build that fails.
import { DENIED, READ_ONLY } from './errno-texts.ts'
import { any, type Rule } from './rule.ts'

const ERROR_WORD = '(?:fatal error|error|schwerwiegender fehler|fehler|erreur fatale|erreur)'

/**
 * A compiler quotes the program it compiles, and programs talk about connections: its verdict
 * comes before theirs. What it could not read or write is left to the permission rules.
 */
export const COMPILE_ERRORS: readonly Rule[] = [
  {
    cause: 'build',
    pattern: new RegExp(
      String.raw`^[^\n|]{1,300}[:(]\d{1,7}(?:[:,]\d{1,6})?\)? ?: ${ERROR_WORD} ?: ` +
        String.raw`(?![^\n]{0,400}(?:${DENIED}|${READ_ONLY}))`,
      'm',
    ),
  },
  { cause: 'build', pattern: any`^error\[e\d{4}\]` },
]

/** Said plainly by cmake or the shell, whatever else a log holds. */
export const MISSING: readonly Rule[] = [
  {
    cause: 'tool-missing',
    pattern: any`no cmake_\w{1,20}_compiler could be found  unable to find a build program
      cmake_make_program is not set  cuda toolkit not found  could not find nvcc
      links to:\n *cuda::
      no gpu was detected  unsupported gpu architecture  linker \S{1,80} not found
      toolchain '[^'\n]{1,80}' is not installed  cannot find -lcuda
      error trying to exec  existing compiler tool  cannot execute '  exec format error
      is not recognized as an int`,
  },
  {
    cause: 'tool-missing',
    pattern: any`^(?:\S{0,100}sh: |\S{1,200}: line )(?:line )?(?:\d{1,7}: )?\S{1,200} ?: not found$
      : command not found  : kommando nicht gefunden  : commande introuvable
      ^(?:/usr/bin/)?env: [^\n]{1,200}: (?:no such file|datei oder|aucun fichier)`,
  },
  {
    cause: 'stale-build-dir',
    pattern: any`cmakecache\.txt directory  used to generate cache  generator used previously
      build\.ninja:\d  loading 'build\.ninja'  could not load cache
      could not find cmake_generator in cache`,
  },
  {
    cause: 'source-incomplete',
    pattern: any`not (?:appear to )?contain (?:a )?cmakelists
      the source directory [^\n]{1,400} does not exist  it is no whole source tree`,
  },
  { cause: 'clock', pattern: any`still dirty after \d{1,5} tries` },
]

export const BUILD: readonly Rule[] = [
  {
    cause: 'runtime-link',
    pattern: any`error while loading shared libraries  symbol lookup error
      version \S{1,80} not found  library not loaded  wrong elf class  file too short
      invalid elf header  illegal instruction`,
  },
  {
    cause: 'source-incomplete',
    pattern: any`cannot find source file  no sources given to  no known rule  no rule to make`,
  },
  {
    cause: 'config',
    pattern: any`could not create named generator  could not parse version  \(missing: 
      by not providing "  notimplementederror  modulenotfounderror  failed to select a version
      or higher is required`,
  },
  // pip says this after a lost connection too, which has been looked for above.
  { cause: 'source-not-found', pattern: any`no matching distribution  not find a version that` },
  {
    cause: 'build',
    pattern: any`undefined (?:reference|symbol)  nicht definierter verweis  référence indéfinie
      ld returned \d  linker command failed  cannot find -l  ninja: (?:error|build stopped|fatal)
      make(?:\[\d{1,3}\])?: \*\*\*  cmake error  compilation (?:failed|terminated)
      could not compile  linking with \S{1,80} failed  custom build command  fatal error
      nvcc fatal`,
  },
]
