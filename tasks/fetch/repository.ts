// A git repository in the making: an empty one, into which one commit is fetched and checked out.
import * as fs from 'node:fs'

import { FetchFailure, type Limits, type Run, runLimited } from './limited.ts'

/** What came. */
export interface Found {
  readonly commit: string
  readonly tree: string
}

export interface Wanted {
  readonly url: string
  /** A commit, tag or branch. */
  readonly ref: string
  /** Take files when they are checked out, not all at once. */
  readonly partial?: boolean
}

/** Makes an empty repository in a new folder. */
export async function emptyRepository(folder: string, limits: Limits): Promise<void> {
  fs.mkdirSync(folder, { recursive: true })
  await git(folder, limits, ['init', '--quiet', '.'], 'to nobody')
}

/** Fetches one commit, without its past. */
export async function fetchCommit(
  folder: string,
  { url, ref, partial = false }: Wanted,
  limits: Limits,
): Promise<Found> {
  const isHere = fs.existsSync(url)
  await configure(folder, limits, {
    'remote.origin.url': url,
    // A repository on this disk then answers like the servers, which allow it.
    ...(partial && isHere ? { 'remote.origin.uploadpack': UPLOAD_PACK } : {}),
  })
  const filter = partial ? ['--filter=blob:none'] : []
  const shape = ['--progress', '--depth', '1', '--no-tags', ...filter]
  const words = ['fetch', ...shape, '--end-of-options', 'origin', ref]
  await git(folder, limits, words, isHere ? 'silent' : 'server')
  return found(folder, limits)
}

/** Fetches what a bundle holds. */
export async function fetchBundle(folder: string, bundle: string, limits: Limits): Promise<Found> {
  await git(folder, limits, ['fetch', '--no-tags', '--end-of-options', bundle, 'HEAD'], 'to nobody')
  return found(folder, limits)
}

/** Checks out what was fetched: the files that the globs name, from the top. */
export async function checkOut(
  folder: string,
  sources: readonly string[],
  limits: Limits,
): Promise<void> {
  await configure(folder, limits, { 'core.autocrlf': 'false' })
  const sparse = ['sparse-checkout', 'set', '--no-cone', ...sources.map(pattern)]
  await git(folder, limits, sparse, 'to nobody')
  // A partial repository goes back to its server for the files.
  await git(folder, limits, ['checkout', '--quiet', '--detach', 'FETCH_HEAD'], 'silent')
}

/** The commit that a tree names at a path: a submodule's. Undefined when it names none. */
export async function gitlink(
  folder: string,
  path: string,
  limits: Limits,
): Promise<string | undefined> {
  const line = await git(folder, limits, ['ls-tree', 'FETCH_HEAD', '--', path], 'to nobody')
  return /^160000 commit ([0-9a-f]{40,64})\t/.exec(line)?.[1]
}

/** The address that .gitmodules gives for a path, as it is written there. */
export async function addressInside(
  folder: string,
  path: string,
  limits: Limits,
): Promise<string | undefined> {
  if (!fs.existsSync(`${folder}/.gitmodules`)) return undefined
  const words = ['config', '--file', '.gitmodules', '--get-regexp', '^submodule\\..*\\.(path|url)$']
  const lines = (await git(folder, limits, words, 'to nobody')).split('\n')
  const settings = new Map(lines.map((line) => line.split(/ (.*)/s) as [string, string]))
  const key = [...settings].find(([name, value]) => name.endsWith('.path') && value === path)?.[0]
  return key && settings.get(key.replace(/path$/, 'url'))
}

// As .gitignore has them: 'src/**' is '/src/', '!models/**' takes '/models/' away, '**' is everything.
function pattern(glob: string): string {
  if (glob === '**') return '/*'
  return glob.replace(/^!?/, '$&/').replace(/\*\*$/, '')
}

const UPLOAD_PACK = 'git -c uploadpack.allowFilter=true upload-pack'

async function found(folder: string, limits: Limits): Promise<Found> {
  const parse = (what: string): Promise<string> =>
    git(folder, limits, ['rev-parse', `FETCH_HEAD^{${what}}`], 'to nobody')
  return { commit: await parse('commit'), tree: await parse('tree') }
}

async function configure(
  folder: string,
  limits: Limits,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(settings))
    await git(folder, limits, ['config', name, value], 'to nobody')
}

function git(
  folder: string,
  limits: Limits,
  args: readonly string[],
  talks: Run['talks'],
): Promise<string> {
  const { connectMs, stallMs } = limits
  const safe = ['protocol.ext.allow=never', 'core.hooksPath=/dev/null', 'advice.detachedHead=false']
  const words = ['-C', folder, ...safe.flatMap((setting) => ['-c', setting]), ...args]
  const [connect, stall] = [connectMs, stallMs].map((ms) => Math.ceil(ms / 1000)) as [
    number,
    number,
  ]
  const env = {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    // A server that lets it drip is given up by curl; the watch of ours looks at silence, and is first.
    GIT_HTTP_LOW_SPEED_LIMIT: '1000',
    GIT_HTTP_LOW_SPEED_TIME: String(stall + 1),
    GIT_SSH_COMMAND: `ssh -o BatchMode=yes -o ConnectTimeout=${connect} -o ServerAliveInterval=${stall}`,
  }
  return runLimited('git', words, limits, { talks, env })
}

/** The address without a name or password in it, for people. */
export function shownAddress(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@')
}

/** Refuses what is not what was asked for: a tree where one is pinned, a commit where one was named. */
export function refuseOther(
  { commit, tree }: Found,
  wanted: { readonly ref: string; readonly tree?: string | undefined },
  from: string,
): void {
  const { ref, tree: pinned } = wanted
  if (pinned !== undefined && tree !== pinned)
    throw new FetchFailure(
      `${from} gave another source than the pin: tree ${tree} at ${ref}, the pin says ${pinned}`,
      1,
    )
  if (/^[0-9a-f]{40}$/.test(ref) && commit !== ref)
    throw new FetchFailure(`${from} gave commit ${commit} when asked for ${ref}`, 1)
}
