// What must be on the disk before the next step: a power cut then finds the old or the new, whole.
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'

import { PLATFORM } from '../../tasks/platform.ts'

/** Replaces a file; when it returns the new one stays. */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  const file = fs.openSync(temporary, 'w', 0o644)
  try {
    fs.writeFileSync(file, text)
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
  fs.renameSync(temporary, path)
  flushFolder(dirname(path))
}

/** Every file and folder below. */
export function flushTree(folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) flushTree(path)
    else if (entry.isFile()) flushFile(path)
  }
  flushFolder(folder)
}

function flushFile(path: string): void {
  const file = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
}

/** What was made, renamed or removed in a folder. */
export function flushFolder(path: string): void {
  // Windows cannot open a folder; its rename is durable by itself.
  if (PLATFORM.name !== 'win32') flushFile(path)
}
