// Addresses and refs that a person gives: what git may not be told is refused before anything has started.
import { GraphError } from '../graph/index.ts'

/**
 * Refuses what is no address: `ext::sh -c …` starts a shell, `-…` and a host `-…` are options; and
 * what is in the key is in the journal and on the screen, so a password must not be.
 *
 * @throws GraphError that names the variable
 */
export function refuseOddRepository(url: string, variable: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const isOdd = /^-|[\x00-\x1f\x7f]|^[\w+.-]+::|^ssh:\/\/(?:[^/]*@)?-/i.test(url)
  const hasSecret = /^https?:\/\/[^/?#]*@|^[\w+.-]+:\/\/[^/@]*:[^/]*@/i.test(url)
  if (isOdd) throw refused(variable, url, 'this is no address of a repository')
  if (hasSecret)
    throw refused(variable, url.replace(/\/\/[^/]*@/, '//***@'), 'it holds a name or a password')
  if (/^file:/i.test(url)) throw refused(variable, url, 'give the plain path of a folder')
  if (isLinkLocal(hostOf(url))) throw refused(variable, url, 'no repository is at such a host')
}

// What answers there is the machine itself, or the cloud it runs in, with its credentials.
function isLinkLocal(host: string): boolean {
  const isAddress = /^(?:169\.254\.|::ffff:a9fe:|fe[89ab][0-9a-f]:|fd00:ec2:)/.test(host)
  return isAddress || /^metadata(?:\.|$)/.test(host)
}

function hostOf(url: string): string {
  // host:path, as ssh has it.
  if (!url.includes('://')) return /^(?:[^/@:]+@)?([^/:]+):/.exec(url)?.[1]?.toLowerCase() ?? ''
  try {
    // As http: URL then reads 0xa9fea9fe as the 169.254.169.254 that it is.
    return new URL(url.replace(/^[^:]+/, 'http')).hostname.replace(/^\[/, '').toLowerCase()
  } catch {
    return ''
  }
}

/**
 * Refuses what is no ref: `--upload-pack=CMD` runs CMD; the rest are signs that no name of a ref can hold.
 *
 * @throws GraphError that names --ref
 */
export function refuseOddRef(ref: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/^[-+]|[\x00-\x20\x7f:*?^~[\\]/.test(ref)) throw refused('--ref', ref, 'this is no ref')
}

function refused(option: string, value: string, why: string): GraphError {
  return new GraphError(`${option} ${JSON.stringify(value).slice(0, 200)} is refused: ${why}`, {
    code: 'bad-file',
    place: option,
    hint: 'give a plain address, tag or commit; or clone it by hand and give --source DIR',
  })
}
