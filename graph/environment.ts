// The environment that commands get: a short list, what the task declares, and nothing else. What a
// task does not declare cannot decide its result unseen.
import type { Host } from './host.ts'
import type { Node } from './node.ts'

/** Reaches every command; decides nothing: where home and temporary files are, how to reach a network. */
export const PASSED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TMP',
  'TEMP',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SYSTEMROOT',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'LOCALAPPDATA',
  'APPDATA',
] as const

/** In the environment of every process of a run, so that what a dead engine left can be found. */
export const MARK = 'GRAPH_RUN_MARK'

/** The passed variables that are set, and the run's mark. */
export function taskEnvironment(host: Host): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of PASSED) {
    const value = host.env[name]
    if (value !== undefined) env[name] = value
  }
  env[MARK] = host.mark
  return env
}

/** Every variable that is set, and the run's mark: what no key holds. */
function wholeEnvironment(host: Host): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(host.env)) if (value !== undefined) env[name] = value
  env[MARK] = host.mark
  return env
}

/** What the commands of a run get, before what each task declares. */
export function commandEnvironment(host: Host, isStrict: boolean): Record<string, string> {
  return isStrict ? taskEnvironment(host) : wholeEnvironment(host)
}

/**
 * What the commands of a node get: `passed`, what it declares, what it sets.
 *
 * @example const { PATH } = nodeEnvironment(node, host)
 */
export function nodeEnvironment(
  { spec }: Node,
  host: Host,
  passed: Readonly<Record<string, string>> = taskEnvironment(host),
): Readonly<Record<string, string>> {
  const names = [...(spec.env ?? []), ...(spec.passEnv ?? [])]
  if (names.length === 0 && spec.set === undefined) return passed
  const own: Record<string, string> = { ...passed }
  for (const name of names) {
    const value = host.env[name]
    if (typeof value === 'string') own[name] = value
  }
  return { ...own, ...spec.set }
}
