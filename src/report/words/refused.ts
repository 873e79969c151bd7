// A repair that does not start: what keeps it, and what the person can do about it.
import type { Backend } from '../../../tasks/backends.ts'
import { again, block } from './block.ts'

export function foreignFolder(backend: Backend, folder: string): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (the folder is not ours)`,
    [
      `${backend.folderVariable} names '${folder}', which this tool did not install and will not replace`,
    ],
    [
      [
        'Give a folder that does not exist yet:',
        `export ${backend.folderVariable}=~/my-custom-${backend.name}`,
      ],
      ['OR use it as a source tree, which is only read:', `${again(backend)} --source ${folder}`],
    ],
    'Exit code: 4 (permission error - manual fix required)',
  )
}

export function repairDisabled(backend: Backend, detail: string): string {
  return `❌ ${backend.title} UNAVAILABLE (repair disabled)
  ${detail}

Quick Fix:
  bitnet-tasks preflight --backend ${backend.name} --repair=auto

Manual Setup:
  See: docs/howto/cpp-setup.md
`
}

export function lockedByAnother(backend: Backend, lock: string, detail: string): string {
  return `❌ Another repair operation for ${backend.name} is in progress (lock: ${lock})\n  ${detail}\n`
}

export function toolsMissing(
  backend: Backend,
  missing: readonly string[],
  install: string,
): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (missing tools; nothing was started)`,
    missing,
    [
      ['Install them:', install],
      ['Then run again:', again(backend)],
    ],
    'Exit code: 5 (build error - install dependencies)',
  )
}

export function repairDeclined(backend: Backend): string {
  return `❌ ${backend.title} UNAVAILABLE (repair declined)\n  hint: ${again(backend)} --yes\n`
}
