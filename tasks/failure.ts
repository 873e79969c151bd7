// Turns how a command ended and what it printed into a failure class, which decides about a retry
// and about our exit code. The knowledge is in failure-rules.ts; this file reads the text.
import {
  type Cause,
  type FailureClass,
  type Rule,
  type Stage,
  VERDICTS,
} from './failure-rules/rule.ts'
import { RULES } from './failure-rules.ts'

export type { Cause, FailureClass, Stage } from './failure-rules/rule.ts'

export interface Failure {
  readonly class: FailureClass
  /** Finer than the class: for the message. */
  readonly cause: Cause
  readonly retry: boolean
  /** The line that says what is wrong; '' when nothing was printed. */
  readonly firstCause: string
  /** What could not be read or written, when the class is permission and the text names it. */
  readonly path?: string
}

export interface Evidence {
  readonly stage?: Stage
  readonly errno?: string
  readonly exitCode?: number
  readonly signal?: string
  readonly text: string
}

/** Stage, errno and exit status decide first, the text second. Never throws. */
export function classify(evidence: Evidence): Failure {
  const lines = toldLines(evidence.text)
  const lower = lines.map((line) => line.toLowerCase())
  const rule = ruleFor(evidence, lower)
  const { cause } = rule
  const { class: failureClass, retry } = VERDICTS[cause]
  const index = causeIndex(lines, lower, rule)
  const failure = { class: failureClass, cause, retry, firstCause: sentence(lines, index) }
  if (failureClass !== 'permission') return failure
  const path = deniedPath(lines, index)
  return path === undefined ? failure : { ...failure, path }
}

/** The first cause and its neighbourhood, then the last lines: at most `count`, for a person. */
export function relevantLines(text: string, count: number): string[] {
  const lines = toldLines(text)
  const room = Math.max(0, Math.floor(count) || 0)
  if (lines.length <= room) return lines.map(shown)
  if (room < 4) return room === 0 ? [] : lines.slice(-room).map(shown)
  const lower = lines.map((line) => line.toLowerCase())
  const first = Math.max(0, causeIndex(lines, lower, ruleFor({ text }, lower)) - 1)
  const head = Math.ceil(room / 2)
  const tail = room - head - 1
  // No gap between them: one stretch from the cause on.
  if (first + head >= lines.length - tail - 1) return lines.slice(-room).map(shown)
  return [...lines.slice(first, first + head), '...', ...lines.slice(lines.length - tail)].map(
    shown,
  )
}

const BY_ERRNO: ReadonlyMap<string, Cause> = new Map([
  ...pairs('tool-missing', 'ENOENT ENOEXEC'),
  ...pairs('permission', 'EACCES EPERM'),
  ...pairs('read-only fs', 'EROFS'),
  ...pairs('disk', 'ENOSPC EDQUOT EFBIG'),
  ...pairs('resource(oom)', 'ENOMEM EAGAIN EMFILE ENFILE'),
  ...pairs('dest-occupied', 'EEXIST ENOTEMPTY ENOTDIR EISDIR'),
  ...pairs('network', 'ENOTFOUND EAI_AGAIN ECONNREFUSED ECONNRESET ECONNABORTED ETIMEDOUT'),
  ...pairs('network', 'ENETUNREACH ENETDOWN EHOSTUNREACH EHOSTDOWN UND_ERR_CONNECT_TIMEOUT'),
  ...pairs('tls-trust', 'DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN'),
  ...pairs('tls-trust', 'CERT_HAS_EXPIRED UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  ...pairs('tls-trust', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY ERR_TLS_CERT_ALTNAME_INVALID'),
])

const ONLINE: readonly Stage[] = ['fetch', 'configure']

function pairs(cause: Cause, codes: string): [string, Cause][] {
  return codes.split(' ').map((code) => [code, cause])
}

function ruleFor(evidence: Evidence, lower: readonly string[]): Rule {
  const byErrno = BY_ERRNO.get(evidence.errno ?? '')
  // ETIMEDOUT of a compiler is a timer of ours, not a connection.
  const offline = evidence.stage !== undefined && !ONLINE.includes(evidence.stage)
  if (byErrno !== undefined && !(byErrno === 'network' && offline)) return { cause: byErrno }
  const exit = evidence.exitCode ?? SIGNAL_EXITS.get(evidence.signal ?? '')
  const text = lower.join('\n')
  return RULES.find((rule) => fits(rule, evidence.stage, exit, text)) ?? { cause: 'unknown' }
}

const SIGNAL_EXITS: ReadonlyMap<string, number> = new Map(
  // Written out, because the numbers of os.constants are those of the machine we run on.
  Object.entries({
    SIGHUP: 129,
    SIGINT: 130,
    SIGQUIT: 131,
    SIGILL: 132,
    SIGABRT: 134,
    SIGBUS: 135,
    SIGFPE: 136,
    SIGKILL: 137,
    SIGSEGV: 139,
    SIGTERM: 143,
    SIGXCPU: 152,
    SIGXFSZ: 153,
  }),
)

function fits(
  rule: Rule,
  stage: Stage | undefined,
  exit: number | undefined,
  text: string,
): boolean {
  const { stages, exit: exits, pattern } = rule
  if (stages && (stage ? !stages.includes(stage) : stages.length > 0)) return false
  if (exits && (exit === undefined || !exits.includes(exit))) return false
  return pattern === undefined || pattern.test(text)
}

// A log can be of any size. What matters is where it breaks first and where it stops.
const HEAD = 256 * 1024
const TAIL = 64 * 1024
// After the noise is gone: what all patterns together read in well under 100 ms.
const TOLD = 128 * 1024
const LINE = 4000

// ESC and C1 forms of CSI and OSC, other escapes, then whatever control characters are left.
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes are what it removes
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

// Progress, warnings and echoes: true of runs that end well, too. Each at the start of a line.
const NOISE = [
  // A build runs with GIT_DIR=/dev/null, so that it bakes in no commit of a repository around it.
  /^fatal: not a git repository: '\/dev\/null'$/,
  /^\$ |^exit code: \d+(?: \(|$)/,
  /^-- (?!configuring incomplete)/i,
  /^\[ *\d+(?:%|\/\d+)\] (?!.*\b(?:error|fatal)\b)/i,
  /^(?:remote: )?(?:counting|compressing|receiving|resolving|enumerating|updating) (?:objects|deltas|files)/i,
  /^(?:cloning into|klone nach|clonage dans) /i,
  // git's optional settings files; the same words as for a host that cannot be reached.
  /^warning: unable to access '\/[^']*': (?!.*\bhttps?:)/i,
  /^warning: spurious network error|^npm warn |^failed to clone [^\n]* retry scheduled/i,
  /^warning: the directory [^\n]* cache has been disabled/i,
  // gcc's and clang's quotations of the source, and their warnings.
  /^ *\d* +\||^[^|]{1,300}:\d+:\d+: (?:warning|note|warnung|attention) ?:/i,
]

function toldLines(text: string): string[] {
  const lines = plainLines(text).filter((line) => line !== '')
  const told = lines.filter((line) => !NOISE.some((noise) => noise.test(line)))
  return bounded(told)
}

function plainLines(text: string): string[] {
  const whole = String(text ?? '')
  const part =
    whole.length <= HEAD + TAIL ? whole : `${whole.slice(0, HEAD)}\n${whole.slice(-TAIL)}`
  return part
    .replace(ESCAPES, '')
    .replaceAll('\u00a0', ' ')
    .split(/[\r\n\u2028\u2029]/)
    .map((line) => middleCut(line.trimEnd()))
}

function middleCut(line: string): string {
  return line.length <= LINE ? line : `${line.slice(0, LINE - 1000)} ... ${line.slice(-1000)}`
}

function bounded(lines: readonly string[]): string[] {
  const end = countWithin(lines, (TOLD * 3) / 4)
  if (end === lines.length) return [...lines]
  const rest = lines.slice(end).reverse()
  return [...lines.slice(0, end), ...rest.slice(0, countWithin(rest, TOLD / 4)).reverse()]
}

function countWithin(lines: readonly string[], size: number): number {
  let room = size
  for (const [index, line] of lines.entries()) {
    room -= line.length + 1
    if (room < 0) return index
  }
  return lines.length
}

// ninja's "FAILED: target" says only where: what follows says what.
const CAUSE_LINE =
  /(?:^|[\s:(])(?:[a-z]*error|fatal|fehler|schwerwiegend|erreur)\b|\b(?:failed(?!:)|cannot|denied|undefined|not found|unable to|killed)\b/i

// cargo says first which build script failed; what that printed follows, and says why.
const WRAPPER = /^error: failed to run custom build command|process didn't exit successfully/

// The rule found the line; but a build breaks with its first error, whichever the rule knew.
function causeIndex(lines: readonly string[], lower: readonly string[], rule: Rule): number {
  const text = lower.join('\n')
  const at = rule.pattern?.exec(text)?.index
  const matched = at === undefined || text === '' ? -1 : text.slice(0, at).split('\n').length - 1
  if (matched >= 0 && rule.cause !== 'build') return matched
  const first = lines.findIndex((line) => CAUSE_LINE.test(line) && !WRAPPER.test(line))
  if (first >= 0 && WRAPPER.test(lines[matched] ?? '')) return first
  if (first >= 0 && matched >= 0) return Math.min(first, matched)
  return Math.max(first, matched) >= 0 ? Math.max(first, matched) : lines.length - 1
}

function sentence(lines: readonly string[], index: number): string {
  const line = (lines[index] ?? '').trim()
  // cmake writes where and then what; git's own protocol writes the errno on the next line.
  const what = line.endsWith(':') ? ` ${(lines[index + 1] ?? '').trim()}` : ''
  return `${line}${what}`.trim().slice(0, 300)
}

function shown(line: string): string {
  return line.slice(0, 300)
}

const DENIAL =
  /permission denied|not permitted|eacces|eperm|read-only file|access is denied|cannot create|cannot open file for write|creating directory|dubious ownership|keine berechtigung|nur lesbar|permission non|lecture seul|not accessible/i

// What is told on the line itself, else on another line that was refused, else next to it.
function deniedPath(lines: readonly string[], index: number): string | undefined {
  const around = [lines[index] ?? '', ...lines.filter((line) => DENIAL.test(line))]
  for (const line of [...around, ...lines.slice(Math.max(0, index - 3), index + 3)]) {
    const path = pathIn(line)
    if (path !== undefined) return path
  }
  return undefined
}

const PATH_FORMS = [
  /(?:permission denied|access is denied|eacces|eperm|privileges): *((?:\/|~\/|[a-z]:\\)[^'"\n]*)/i,
  // Quoted; an apostrophe inside a word opens nothing.
  /(?<![\p{L}\p{N}])['"`‘“„«] ?([^'"`‘’“”„»\n]*[/\\][^'"`‘’“”„»\n]*?) ?['"`’”“»]/u,
  /(?<![\p{L}\p{N}])['"`‘“„«] ?([^'"`‘’“”„»\s]+) ?['"`’”“»]/u,
  /\b(?:for|write|directory|save|file|opening|create|remove)[:.]? ((?:\.{0,2}\/|[a-z]:\\)[^\s:]+)/i,
  /([^\s:'"()]+)\)?: (?:permission denied|operation not permitted|read-only file|keine ber|das dateisystem ist nur|permission non)/i,
  /\b(?:identity file|lock config file|dependency file) (\S+)/i,
]

function pathIn(line: string): string | undefined {
  for (const form of PATH_FORMS) {
    const path = form.exec(line)?.[1]?.replace(/(?: \(os error \d+\))?[.,:;)\s]*$/, '')
    if (path) return path
  }
  return undefined
}
