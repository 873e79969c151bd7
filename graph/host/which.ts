// Finds a program as a shell would.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, resolve } from 'node:path'

/** Absolute path of a program on a PATH, or undefined. */
export function which(
  name: string,
  path: string,
  endings = endingsOn(process.platform, process.env['PATHEXT']),
): string | undefined {
  const folders = name.includes('/') ? [''] : path.split(delimiter)
  for (const folder of folders)
    for (const ending of endings) {
      // An empty part of PATH means the working directory; nobody wants a program from there.
      if (folder === '' && !name.includes('/')) continue
      const full = isAbsolute(name)
        ? name
        : isAbsolute(folder)
          ? `${folder}/${name}`
          : resolve(folder, name)
      if (isExecutable(full + ending)) return full + ending
    }
  return undefined
}

/** What is tried behind a name: nothing, save on Windows, where PATHEXT says it. */
export function endingsOn(platform: string, pathExt: string | undefined): readonly string[] {
  if (platform !== 'win32') return ['']
  return ['', ...(pathExt || '.COM;.EXE;.BAT;.CMD').toLowerCase().split(';')]
}

function isExecutable(path: string): boolean {
  try {
    // Asking for the file first: most folders of PATH do not have it, and an exception is slow.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
