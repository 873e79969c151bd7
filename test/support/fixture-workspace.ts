// A git checkout on disk of BitNet-rs's shape: a small cargo workspace without dependencies.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join, sep } from 'node:path'

const fixture = join(import.meta.dirname, 'fixture-workspace')

/** Copies the fixture into `into` (made when missing) and commits it there. */
export function fixtureWorkspace(into: string): string {
  mkdirSync(into, { recursive: true })
  const isSource = (path: string): boolean => !path.includes(`${sep}target${sep}`)
  cpSync(fixture, into, { recursive: true, filter: isSource })
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: into, env: GIT_ENV, encoding: 'utf8' })
  git('init', '--quiet', '--template=')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'fixture of BitNet-rs')
  return into
}

/** What git says has changed in a checkout. */
export function changesIn(workspace: string): string {
  return execFileSync('git', ['status', '--porcelain'], {
    cwd: workspace,
    env: GIT_ENV,
    encoding: 'utf8',
  })
}

const GIT_ENV = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Fixture',
  GIT_AUTHOR_EMAIL: 'fixture@example.invalid',
  GIT_COMMITTER_NAME: 'Fixture',
  GIT_COMMITTER_EMAIL: 'fixture@example.invalid',
}
