// Where this package lies.
import { dirname } from 'node:path'

/** In a checkout one folder above src, in dist two. */
export const PACKAGE = import.meta.url.endsWith('.ts')
  ? dirname(import.meta.dirname)
  : dirname(dirname(import.meta.dirname))
