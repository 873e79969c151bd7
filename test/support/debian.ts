// Programs that some tests need and no test can bring along: on Debian, as root, they are installed; elsewhere
// whoever runs the tests is told what is missing.
import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/**
 * The absolute path of a program, installed from its package when it is missing.
 *
 * @throws Error that names the command that would install it
 */
export function debianProgram(program: string, packageName: string = program): string {
  const found = onPath(program)
  if (found !== undefined) return found
  const install = `apt-get install -y --no-install-recommends ${packageName}`
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined)
    throw new Error(`this test needs '${program}'\n  hint: ${install}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const script = `(${install} || { apt-get update -q && ${install}; }) >&2`
  // Two test files may want one at the same time; dpkg does not wait for itself.
  execFileSync('flock', ['/tmp/bitnet-tasks-apt.lock', 'sh', '-c', script], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 280_000,
  })
  const installed = onPath(program)
  if (installed === undefined) throw new Error(`'${packageName}' brought no '${program}'`)
  return installed
}

function onPath(program: string): string | undefined {
  const places = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, program))
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
