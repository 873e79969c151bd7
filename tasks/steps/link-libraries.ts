// A program: makes a prefix of libraries that somebody else has built, without copying or touching them:
// links to the libraries, copies of the headers. Usage: link-libraries FOLDER ORDER-AS-JSON
import * as fs from 'node:fs'
import { basename, join } from 'node:path'

import type { LinkOrder } from '../given.ts'

const folder = process.argv[2] ?? ''
const { prefix, links, headers } = JSON.parse(process.argv[3] ?? '') as LinkOrder

// An empty folder of headers would look to BitNet-rs like headers.
const below = headers.length > 0 ? ['lib', 'include', 'ggml/include'] : ['lib']
for (const name of ['lib', 'include', 'ggml'])
  fs.rmSync(join(prefix, name), { recursive: true, force: true })
for (const name of below) fs.mkdirSync(join(prefix, name), { recursive: true })
for (const { name, target } of links) link(join(folder, target), join(prefix, 'lib', name))
for (const name of headers) copyHeaders(join(folder, name))

// Windows lets only some people make links.
function link(target: string, path: string): void {
  try {
    fs.symlinkSync(target, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    fs.copyFileSync(target, path)
  }
}

// In /usr/include lie the headers of a whole system: ours are known by their names.
function copyHeaders(from: string): void {
  for (const name of fs.readdirSync(from)) {
    const into = /^(?:llama|bitnet)[\w-]*\.(?:h|hpp)$/.test(name)
      ? 'include'
      : /^(?:ggml[\w-]*|gguf)\.(?:h|hpp)$/.test(name)
        ? 'ggml/include'
        : undefined
    if (into !== undefined) fs.copyFileSync(join(from, name), join(prefix, into, basename(name)))
  }
}
