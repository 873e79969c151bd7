// A git server on 127.0.0.1 that fails as it is told: git's own http-backend behind a small proxy.
// A try is counted, and its time taken, where a fetch begins: at the request for `info/refs`.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/**
 * What becomes of one try: the whole answer, a status, a closed connection, half of the objects; a
 * connection on which nothing comes, or a byte now and then without an end.
 */
export type Answer = 'good' | 'reset' | 'cut' | 'silent' | 'drip' | number

export interface GitServer {
  readonly url: string
  /** When each try began and when its fate was sealed, in milliseconds of `performance.now()`. */
  readonly tries: readonly { readonly beganAt: number; readonly endedAt: number }[]
  readonly close: () => Promise<void>
}

const backend = join(
  execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(),
  'git-http-backend',
)

/** Serves the repository in `dir`; the n-th try gets the n-th answer, and later ones the last. */
export async function gitServer(dir: string, answers: readonly Answer[]): Promise<GitServer> {
  const tries: { beganAt: number; endedAt: number }[] = []
  const server: Server = createServer((request, response) => {
    if (request.url?.includes('/info/refs')) tries.push({ beganAt: performance.now(), endedAt: 0 })
    const current = tries.at(-1)
    if (current) response.on('close', () => (current.endedAt = performance.now()))
    const answer = answers[Math.min(tries.length, answers.length) - 1] ?? 'good'
    answerWith(answer, dir, request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${port}/repo.git`, tries, close }
}

function answerWith(
  answer: Answer,
  dir: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (answer === 'silent') return
  if (answer === 'reset') return void request.socket.destroy()
  if (answer === 'drip') {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
    const drip = setInterval(() => response.write('#'), 200)
    return void response.on('close', () => clearInterval(drip))
  }
  if (typeof answer === 'number') {
    response.writeHead(answer, { 'content-type': 'text/plain' })
    return void response.end('not now\n')
  }
  // Refs are small: only the pack that follows them is worth cutting.
  const isCut = answer === 'cut' && request.method === 'POST'
  void forward(dir, request, response, isCut)
}

// CGI: the request goes in by variables and stdin, a head and a body come out.
async function forward(
  dir: string,
  request: IncomingMessage,
  response: ServerResponse,
  isCut: boolean,
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://x')
  const child = spawn(backend, {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: dir,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      HOME: dir,
      PATH_INFO: pathname.replace(/^\/repo\.git/, '/.git'),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(child.stdin)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  const whole = Buffer.concat(chunks)
  const end = whole.indexOf('\r\n\r\n')
  const body = whole.subarray(end + 4)
  const head = whole.subarray(0, end).toString().split('\r\n')
  const fields = head.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])
  const status = Number.parseInt(fields.find(([name]) => name === 'Status')?.[1] ?? '200', 10)
  const headers = Object.fromEntries(fields.filter(([name]) => name !== 'Status'))
  response.writeHead(status, { ...headers, 'content-length': body.length })
  if (!isCut || !body.includes('PACK')) return void response.end(body)
  // Half of the objects, and then the line is dead.
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy())
}
