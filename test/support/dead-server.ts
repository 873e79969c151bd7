// Servers on 127.0.0.1 that fail a fetch by their silence: one takes no connection, one answers nothing,
// one never comes to an end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface DeadServer {
  readonly url: string
  /** Resolves when somebody has connected. */
  readonly connected: Promise<void>
  readonly close: () => Promise<void>
}

/** Takes the connection and says nothing. */
export function silentServer(): Promise<DeadServer> {
  return server(() => {})
}

/** Answers, fast enough for every limit of speed, and never finishes. */
export function endlessServer(): Promise<DeadServer> {
  return server((socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n',
    )
    const drip = setInterval(() => socket.write('0'.repeat(20_000)), 200)
    socket.on('close', () => clearInterval(drip))
  })
}

async function server(answer: (socket: Socket) => void): Promise<DeadServer> {
  const sockets = new Set<Socket>()
  let tell: () => void = () => {}
  const connected = new Promise<void>((done) => {
    tell = done
  })
  const one = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      tell()
      answer(socket)
    })
  })
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    one.close()
    await once(one, 'close')
  }
  return { url: addressOf((one.address() as AddressInfo).port), connected, close }
}

/**
 * Takes no connection: a process that listens and is stopped. When the kernel's queue for it is full,
 * whoever connects gets no answer at all, as behind a firewall that drops.
 */
export async function unreachableServer(): Promise<DeadServer> {
  const program = `const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
      process.stdout.write(server.address().port + '\\n'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line)
  child.kill('SIGSTOP')
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {})
  await once(sockets[0] as Socket, 'connect')
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  return { url: addressOf(port), connected: new Promise(() => {}), close }
}

function addressOf(port: number): string {
  return `http://127.0.0.1:${port}/repo.git`
}
