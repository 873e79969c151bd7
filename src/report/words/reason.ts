// Why a node is stale, in words.
import type { Reason } from '../../../graph/index.ts'
import { clean } from '../text.ts'

/** A reason why a node is stale, in words; names of files in it cannot steer the terminal. */
export function reasonText(reason: Reason): string {
  return clean(rawReason(reason))
}

function rawReason(reason: Reason): string {
  switch (reason.kind) {
    case 'no-record':
      return 'it has not run yet'
    case 'forced':
      return 'it was forced'
    case 'always':
      return 'it runs each time'
    case 'interrupted':
      return 'its last run was interrupted'
    case 'failed-before':
      return `its last run failed: ${reason.detail}`
    case 'unrecorded':
      return `its last run was not recorded: ${reason.detail}`
    case 'input-missing':
      return reason.detail
    case 'need-will-run':
      return `'${reason.name}' will run first`
    case 'input-changed':
      return `the input '${reason.name}' changed${fromTo(reason)}`
    case 'input-added':
      return `the input '${reason.name}' is new`
    case 'input-removed':
      return `the input '${reason.name}' is gone`
    case 'input-renamed':
      return `the input '${reason.old}' is now called '${reason.name}'`
    case 'discovered-changed':
      return `the discovered input '${reason.name}' changed${fromTo(reason)}`
    case 'need-changed':
      return `'${reason.name}' produced something else${fromTo(reason)}`
    case 'need-added':
      return `it now needs '${reason.name}'`
    case 'need-replaced':
      return `it now needs '${reason.name}' instead of '${reason.old}'`
    case 'need-removed':
      return `it no longer needs '${reason.name}'`
    case 'output-missing':
      return `its output '${reason.name}' is missing (damage: something else removed it)`
    case 'output-changed':
      return `its output '${reason.name}' was changed by something else (damage)${fromTo(reason)}`
    case 'output-added':
      return `'${reason.name}' lies among its outputs and was not made by it (damage)`
    case 'tool-changed':
      return `the program '${reason.name}' changed${programs(reason)}`
    case 'env-changed':
      return `the variable ${reason.name} changed from ${shown(reason.old)} to ${shown(reason.new)}`
    case 'fact-changed':
      return `the machine's '${reason.name}' changed`
    case 'command-changed':
      return `its command ${reason.name} changed: ${shown(reason.old)} -> ${shown(reason.new)}`
    case 'contract-changed':
      return `its contract ${reason.name} changed`
    case 'param-changed':
      return `its parameter '${reason.name}' changed from ${shown(reason.old)} to ${shown(reason.new)}`
    case 'param-renamed':
      return `its parameter '${reason.old}' is now called '${reason.name}'`
    case 'set-changed':
      return `the fixed variable ${reason.name} changed from ${shown(reason.old)} to ${shown(reason.new)}`
    case 'cwd-changed':
      return 'its working directory changed'
    case 'output-spec-changed':
      return `what it declares as output changed: ${outputSpec(reason)}`
    case 'clean-changed':
      return `its 'clean' changed${fromTo(reason)}`
    case 'format-changed':
      // Of another kind before.
      if (reason.old === 'absent') return `it is a ${reason.name} now`
      if (reason.new === 'absent') return `it was a ${reason.name}`
      return 'bitnet-tasks now fingerprints differently; everything runs once'
    default:
      return reason satisfies never
  }
}

function fromTo(reason: { readonly old: string; readonly new: string }): string {
  // The answer of what-if: nothing has another content yet.
  if (reason.new === 'pretended') return ''
  // An `x` before the digest says that the file may be executed.
  const isMode = reason.old.slice(1) === reason.new.slice(1) && /^[fx]/.test(reason.old)
  if (isMode && /^[fx]/.test(reason.new) && reason.old !== reason.new)
    return reason.new.startsWith('x')
      ? ' (the same content, now executable)'
      : ' (the same content, no longer executable)'
  return ` (${short(reason.old)} -> ${short(reason.new)})`
}

function outputSpec({ name, old }: { readonly name: string; readonly old: string }): string {
  const isRenamed = old !== '' && old !== 'absent' && old !== 'depfile'
  return isRenamed ? `'${old}' -> '${name}'` : `'${name}'`
}

function programs({ old, new: now }: { readonly old: string; readonly new: string }): string {
  const before = old.split(FILE_END)
  const [own = '', ...called] = now.split(FILE_END)
  const was = programPath(before[0] ?? '')
  const path = programPath(own)
  if (was !== path) return ` (${was} -> ${path})`
  const other = own === before[0] ? called.find((file) => !before.includes(file)) : undefined
  return other === undefined
    ? ` (${path} has other content)`
    : ` (it calls ${withoutState(other)}, which has other content)`
}

// `PATH REAL=x<digest>`, where PATH may hold blanks: mostly REAL is the same, or the end of it.
function programPath(own: string): string {
  const both = withoutState(own)
  const blanks = [...both.matchAll(/ /g)].map(({ index }) => index)
  const isSame = (at: number): boolean => `/${both.slice(0, at)}`.endsWith(`/${both.slice(at + 1)}`)
  return both.slice(0, blanks.find(isSame) ?? blanks[0])
}

function withoutState(file: string): string {
  return file.replace(/=[^=]*$/, '')
}

// An identity lists the program and what it calls, each with its state: `PATH=x<digest>`.
const FILE_END = /(?<==(?:[fxl]?[0-9a-f]{64}|missing)) /

function short(state: string): string {
  return /^[flx]?[0-9a-f]{64}$/.test(state)
    ? state.replace(/^[flx](?=.{64})/, '').slice(0, 12)
    : state.slice(0, 40)
}

function shown(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}...` : text
}
