// Checkouts of BitNet-rs's shape with cargo in them, as a person has them beside an installed backend.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'

import { RUST } from '../../support/rust.ts'

export { RUST }

export interface Constants {
  readonly hasBitnet: boolean
  readonly hasLlama: boolean
  readonly state: string
  /** What libllama itself answers: 16 for the fixture, 0 without it. */
  readonly devices: number
}

/** Runs cargo in a checkout; what it printed for people. Throws when it fails. */
export function cargo(
  workspace: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): string {
  const { status, stderr, error } = spawnSync('cargo', args, {
    cwd: workspace,
    env: { PATH: process.env['PATH'], ...RUST, ...env },
    encoding: 'utf8',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`cargo ${args.join(' ')}: ${status}\n${stderr}`)
  return stderr
}

/** The build that a person makes before there are libraries. */
export const BUILD = [
  'build',
  '-p',
  'xtask',
  '--features',
  'crossval-all',
  '--no-default-features',
] as const

/** Runs the xtask of a checkout with an empty environment; what it printed. */
export function xtask(workspace: string, ...args: readonly string[]): string {
  return execFileSync(program(workspace), args, { env: {}, encoding: 'utf8' })
}

/** What was compiled into it. */
export function constantsOf(workspace: string): Constants | null {
  return JSON.parse(xtask(workspace, 'constants')) as Constants | null
}

export function program(workspace: string): string {
  return join(workspace, 'target/debug/xtask')
}

/** The folders in which a program looks for libraries. */
export function runpath(path: string): readonly string[] {
  const text = execFileSync('readelf', ['-d', path], { encoding: 'utf8' })
  return /\((?:RUNPATH|RPATH)\).*\[(.*)\]/.exec(text)?.[1]?.split(':') ?? []
}

/** Replaces text in a file of a checkout, which must be there. */
export function edit(workspace: string, name: string, from: string, to: string): void {
  const path = join(workspace, name)
  const text = fs.readFileSync(path, 'utf8')
  if (!text.includes(from)) throw new Error(`${name} does not hold: ${from}`)
  fs.writeFileSync(path, text.replace(from, to))
}
