// A git repository on disk with a small real CMake project of llama.cpp's shape in it. Neither the
// time nor the person enters: the same files give the same commit id on every machine.
import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface FixtureRepo {
  /** What a `git clone` takes: the plain path. */
  readonly url: string
  readonly commit: string
  readonly tree: string
  readonly tag: string
  readonly dir: string
}

const fixture = join(import.meta.dirname, 'fixture-llama')
const tag = 'v0.5.0'

/** Copies the fixture into `into` (made when missing), commits it there and tags it. */
export function fixtureRepo(
  into: string,
  options: { broken?: 'compile' | 'configure' } = {},
): FixtureRepo {
  const dir = resolve(into)
  mkdirSync(dir, { recursive: true })
  cpSync(fixture, dir, { recursive: true })
  if (options.broken === 'compile') {
    appendFileSync(join(dir, 'src/llama.cpp'), '\nint broken_on_purpose( {\n')
  }
  if (options.broken === 'configure') {
    appendFileSync(join(dir, 'CMakeLists.txt'), '\nmessage(FATAL_ERROR "broken on purpose")\n')
  }

  git(dir, 'init', '--quiet', '--template=', '--initial-branch=master')
  // As the servers of GitHub answer: a fetch of a bare commit id, and clones without blobs.
  git(dir, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
  git(dir, 'config', 'uploadpack.allowFilter', 'true')
  const commit = commitAll(dir, 'fixture of llama.cpp')
  git(dir, 'tag', tag)
  return { url: dir, commit, tree: git(dir, 'rev-parse', 'HEAD^{tree}'), tag, dir }
}

/** Commits whatever is in the work tree and returns the commit id. */
export function commitAll(dir: string, message: string): string {
  git(dir, 'add', '--all', '--force')
  git(dir, 'commit', '--quiet', '--no-verify', '--message', message)
  return git(dir, 'rev-parse', 'HEAD')
}

/** Runs git in a folder with nothing of the person in its environment; what it printed. */
export function git(dir: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: dir, env: gitEnv(dir), encoding: 'utf8' }).trimEnd()
}

// Built from nothing, so that no GIT_DIR of a hook, no ignore file and no signing key of the person
// who runs the tests gets in.
function gitEnv(dir: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: join(dir, '.git'),
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Fixture',
    GIT_AUTHOR_EMAIL: 'fixture@example.invalid',
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
    GIT_COMMITTER_NAME: 'Fixture',
    GIT_COMMITTER_EMAIL: 'fixture@example.invalid',
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  }
}
