// Finds a program as a shell would.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, resolve } from 'node:path'

/** Absolute path of a program on a PATH, or undefined. */
export function which(name: string, path: string): string | undefined {
  const folders = name.includes('/') ? [''] : path.split(delimiter)
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : ['']
  for (const folder of folders)
    for (const ending of endings) {
      // An empty part of PATH means the working directory; nobody wants a program from there.
      if (folder === '' && !name.includes('/')) continue
      const full = isAbsolute(name) ? name : resolve(folder, name)
      if (isExecutable(full + ending)) return full + ending
    }
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
