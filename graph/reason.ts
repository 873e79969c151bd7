// Why a node is stale, as data; the words for it are the caller's.
import type { NodeName } from './node.ts'

/** Why a node is stale. `name`, `old` and `new` are as they stand in the key. */
export type Reason =
  | { readonly kind: 'no-record' }
  | { readonly kind: 'forced' }
  /** It declares that it runs each time, and nothing else speaks for it. */
  | { readonly kind: 'always' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failed-before'; readonly detail: string; readonly log: string }
  /** Its last run did well and was not recorded; the detail says why. */
  | { readonly kind: 'unrecorded'; readonly detail: string; readonly log: string }
  | Changed<'command-changed' | 'contract-changed' | 'cwd-changed' | 'output-spec-changed'>
  | Changed<'clean-changed'>
  | Changed<'param-changed' | 'set-changed' | 'env-changed' | 'tool-changed' | 'fact-changed'>
  | Changed<'input-changed' | 'input-added' | 'input-removed' | 'discovered-changed'>
  /** `name` and `new` are what it is called now, `old` what it was called; it holds the same. */
  | Changed<'input-renamed' | 'param-renamed'>
  /** `name` and `new` are what it needs now, `old` what it needed in its place: another node of one task. */
  | Changed<'need-replaced'>
  | Changed<'need-changed' | 'need-added' | 'need-removed' | 'format-changed'>
  | Changed<'output-missing' | 'output-changed' | 'output-added'>
  /** A need will run first; whether this node runs depends on what the need produces. */
  | { readonly kind: 'need-will-run'; readonly name: NodeName }
  /** It cannot be told: an input is not there and nothing will make it. */
  | { readonly kind: 'input-missing'; readonly name: string; readonly detail: string }

interface Changed<K extends string> {
  readonly kind: K
  readonly name: string
  readonly old: string
  readonly new: string
}
