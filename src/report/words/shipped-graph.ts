// Why it is the shipped graph that a command works with.
import { PACKAGE } from '../../package.ts'
import { clean } from '../text.ts'

/** A line for who may expect a graph of their own; none in our own checkout, whose graph it is. */
export function shippedGraphText(folder: string): string {
  const isOurs = folder === PACKAGE || folder.startsWith(`${PACKAGE}/`)
  return isOurs ? '' : `no graph file from ${clean(folder)} upward: this is the shipped graph\n`
}
