// A page as a PNG, by headless Chromium and its DevTools protocol: pages that draw late are waited for.
// https://chromedevtools.github.io/devtools-protocol/
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

import { HEADLESS } from '../../test/support/chromium.ts'

const FLAGS = [...HEADLESS, '--hide-scrollbars', '--remote-debugging-port=0']

/** Sizes are of the page; `scale` dots for each of them; `waitMs` after it was opened. */
export async function photograph(html, file, { width, height, scale = 1, waitMs = 500 }) {
  const profile = mkdtempSync(join(tmpdir(), 'bitnet-browser-'))
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const closed = once(child, 'close')
  try {
    const send = await connect(await addressOf(child))
    await send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: scale,
      mobile: false,
    })
    await send('Page.navigate', { url: pathToFileURL(html).href })
    await sleep(waitMs)
    const { data } = await send('Page.captureScreenshot', { format: 'png' })
    writeFileSync(file, Buffer.from(data, 'base64'))
  } finally {
    child.kill()
    await closed
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  }
}

// Chromium says it on stderr: `DevTools listening on ws://127.0.0.1:PORT/…`.
async function addressOf(child) {
  let said = ''
  for await (const piece of child.stderr) {
    said += piece
    const [, host] = /DevTools listening on ws:\/\/([^/]+)/.exec(said) ?? []
    if (host) return `http://${host}`
  }
  throw new Error(`chromium ended at once\n${said}`)
}

async function connect(address) {
  const pages = await (await fetch(`${address}/json`)).json()
  const socket = new WebSocket(pages.find(({ type }) => type === 'page').webSocketDebuggerUrl)
  await once(socket, 'open')
  const waiting = new Map()
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(data)
    const { resolve, reject } = waiting.get(id) ?? {}
    if (error) reject?.(new Error(error.message))
    else resolve?.(result)
  })
  return (method, params) => {
    const promise = Promise.withResolvers()
    const id = waiting.size + 1
    waiting.set(id, promise)
    socket.send(JSON.stringify({ id, method, params }))
    return promise.promise
  }
}
