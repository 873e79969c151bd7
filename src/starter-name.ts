// What a first graph is called. `.ts`, unless TypeScript would take that for CommonJS and then not let it
// be written with `import`: what `npm init` and `tsc --init` make together.
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The name that fits the package and the tsconfig.json around a folder. */
export function starterName(folder: string): 'bitnet.tasks.ts' | 'bitnet.tasks.mts' {
  const isModule = typeOf(nearest(folder, 'package.json')?.text ?? '') === 'module'
  const config = nearest(folder, 'tsconfig.json')
  const isStrict = config !== undefined && isVerbatim(config, new Set())
  return isStrict && !isModule ? 'bitnet.tasks.mts' : 'bitnet.tasks.ts'
}

// Of the package, and not of one of its exports.
function typeOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type
  } catch {
    return undefined
  }
}

interface Found {
  readonly path: string
  readonly text: string
}

function nearest(from: string, name: string): Found | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = read(join(folder, name))
    if (found !== undefined || folder === dirname(folder)) return found
  }
}

// What a configuration says itself counts before what it extends.
function isVerbatim({ path, text }: Found, seen: Set<string>): boolean {
  if (seen.has(path)) return false
  seen.add(path)
  const own = /"verbatimModuleSyntax"\s*:\s*(true|false)/.exec(text)?.[1]
  if (own !== undefined) return own === 'true'
  const named = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(text)?.[1] ?? ''
  const bases = [...named.matchAll(/"(\.[^"]*)"/g)].flatMap(([, base = '']) => {
    const at = resolve(dirname(path), base)
    return read(at) ?? read(`${at}.json`) ?? []
  })
  return bases.some((base) => isVerbatim(base, seen))
}

// Without its comments.
function read(path: string): Found | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    return { path, text: text.replace(/"(?:[^"\\]|\\.)*"|\/\/.*|\/\*[\s\S]*?\*\//g, kept) }
  } catch {
    return undefined
  }
}

function kept(found: string): string {
  return found.startsWith('"') ? found : ''
}
