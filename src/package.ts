// Where this package lies.
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The folder of package.json; the bundler puts this file anywhere in dist. */
export const PACKAGE = import.meta.url.endsWith('.ts')
  ? dirname(import.meta.dirname)
  : (/^(.*)[\\/]dist(?:[\\/]|$)/.exec(import.meta.dirname)?.[1] ?? dirname(import.meta.dirname))

/** The files whose change means another version of us; each bundle is one file with every part in it. */
export function ownFiles(): readonly string[] {
  const bundles = ['quick', 'cli'].map((name) => `${PACKAGE}/dist/src/${name}.cjs`)
  return [`${PACKAGE}/package.json`, ...bundles]
}

/** The version of this program. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(`${PACKAGE}/package.json`, 'utf8')) as { version: string })
    .version
}
