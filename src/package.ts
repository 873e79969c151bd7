// Where this package lies.
import { dirname } from 'node:path'

/** The folder of package.json; the bundler puts this file anywhere in dist. */
export const PACKAGE = import.meta.url.endsWith('.ts')
  ? dirname(import.meta.dirname)
  : (/^(.*)[\\/]dist(?:[\\/]|$)/.exec(import.meta.dirname)?.[1] ?? dirname(import.meta.dirname))
