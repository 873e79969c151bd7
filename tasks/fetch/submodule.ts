// A submodule of a source that was fetched: the commit is what the source says, the address is looked up.
import { rmSync } from 'node:fs'
import { join } from 'node:path'

import type { SubmoduleOrder } from '../git.ts'
import { FetchFailure, type Limits } from './limited.ts'
import {
  addressInside,
  checkOut,
  emptyRepository,
  type Found,
  fetchCommit,
  gitlink,
  refuseOther,
  shownAddress,
} from './repository.ts'

export interface Parent {
  /** The checked out source. */
  readonly folder: string
  /** Where it came from: relative addresses are relative to it. */
  readonly url: string
  readonly isOffline: boolean
  readonly say: (text: string) => void
}

/**
 * Fetches a submodule into its place; resolves with what came and the address.
 *
 * @throws FetchFailure that names the submodule
 */
export async function fetchSubmodule(
  parent: Parent,
  order: SubmoduleOrder,
  limits: Limits,
): Promise<Found & { readonly from: string }> {
  const named = (text: string): string => `submodule '${order.path}': ${text}`
  const commit = await gitlink(parent.folder, order.path, limits)
  if (commit === undefined)
    throw new FetchFailure(named('the source has no submodule of that name'), 1)
  const urls = order.urls ?? [await addressOf(parent, order.path, limits)]
  for (const [i, url] of urls.entries()) {
    try {
      return await fetchFrom(parent, order, { url, ref: commit }, limits)
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error
      const next = urls[i + 1]
      if (next === undefined)
        throw new FetchFailure(named(`${error.message}; wanted: ${commit}`), error.exitCode)
      parent.say(`${shownAddress(url)}: ${named(error.message)}`)
      parent.say(`trying the next source: ${shownAddress(next)}`)
    }
  }
  throw new FetchFailure(named('no address is known'), 2)
}

async function fetchFrom(
  { folder: parent, isOffline, say }: Parent,
  { path, tree, sources }: SubmoduleOrder,
  { url, ref }: { readonly url: string; readonly ref: string },
  limits: Limits,
): Promise<Found & { readonly from: string }> {
  const folder = join(parent, path)
  const from = shownAddress(url)
  if (isOffline && !isPath(url))
    throw new FetchFailure(`offline: not asking ${from}; Could not resolve host`, 128)
  say(`fetching ${path} at ${ref} from ${from}`)
  rmSync(folder, { recursive: true, force: true })
  await emptyRepository(folder, limits)
  const found = await fetchCommit(folder, { url, ref, partial: true }, limits)
  refuseOther(found, { ref, tree }, from)
  await checkOut(folder, sources, limits)
  rmSync(join(folder, '.git'), { recursive: true, force: true })
  return { ...found, from }
}

async function addressOf({ folder, url }: Parent, path: string, limits: Limits): Promise<string> {
  const written = await addressInside(folder, path, limits)
  if (written === undefined)
    throw new FetchFailure(`submodule '${path}': no url found for submodule in .gitmodules`, 1)
  const address = /^\.\.?\//.test(written) ? resolved(written, url) : written
  if (!isAcceptable(address, url))
    throw new FetchFailure(
      `submodule '${path}': its address ${JSON.stringify(shownAddress(address))} in .gitmodules is refused`,
      1,
    )
  return address
}

/** A relative address of a submodule, as git resolves it: against the repository that it is in. */
export function resolved(relative: string, repository: string): string {
  const base = repository.replace(/\/+$/, '')
  // An address with a scheme keeps its host: 'https://host' is no folder to leave.
  const root = /^[\w+.-]+:\/\/[^/]*/.exec(base)?.[0] ?? /^(?:[^/:]+@)?[^/:]+:/.exec(base)?.[0] ?? ''
  const parts = base.slice(root.length).split('/')
  for (const part of relative.split('/')) {
    if (part !== '..') parts.push(...(part === '.' || part === '' ? [] : [part]))
    // No further up than the top.
    else if (parts.length > 1 || parts[0] !== '') parts.pop()
  }
  return root + parts.join('/')
}

// Written by whoever made the source: a server by https or ssh, and a folder where the source itself is one.
function isAcceptable(address: string, repository: string): boolean {
  if (isPath(address)) return isPath(repository)
  const host = /^(?:https?|ssh|git):\/\/(?:[\w.-]+@)?([\w.-]+|\[[0-9a-f:]+\])(?::\d+)?\//i.exec(
    address,
  )
  const isLinkLocal = /^(?:169\.254\.|\[fe80:|metadata(?:\.|$))/i
  if (host) return !isLinkLocal.test(host[1] as string)
  return /^[\w.-]+@[\w.-]+:(?!-)[\w./~-]+$/.test(address)
}

function isPath(address: string): boolean {
  return address.startsWith('/')
}
