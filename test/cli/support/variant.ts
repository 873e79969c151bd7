// The fixture's repository with a change in it, as an upstream might publish one.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { commitAll, type FixtureRepo, fixtureRepo } from '../../support/fixture-repo.ts'

type Edits = Readonly<Record<string, (text: string) => string>>

/** Makes the repository in `into` with some of its files edited; the tag is on the change. */
export function variant(into: string, edits: Edits): FixtureRepo {
  const repo = fixtureRepo(into)
  for (const [name, edit] of Object.entries(edits)) {
    const path = join(repo.dir, name)
    const text = readFileSync(path, 'utf8')
    const edited = edit(text)
    if (edited === text) throw new Error(`the edit of ${name} changed nothing`)
    writeFileSync(path, edited)
  }
  const commit = commitAll(repo.dir, 'changed')
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', repo.dir, ...args], { encoding: 'utf8' }).trimEnd()
  git('tag', '--force', repo.tag)
  return { ...repo, commit, tree: git('rev-parse', 'HEAD^{tree}') }
}

/** An edit that adds lines at the end. */
export function added(text: string): (old: string) => string {
  return (old) => `${old}${text}\n`
}
