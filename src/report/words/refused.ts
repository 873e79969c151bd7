// A repair that does not start: what keeps it, and what the person can do about it.
import type { Backend } from '../../../tasks/backends.ts'
import { PLATFORM } from '../../../tasks/platform.ts'
import { ask } from './ask-system.ts'
import { again, block, type Step } from './block.ts'
import { shellWord } from './shell-word.ts'

export function foreignFolder(backend: Backend, folder: string): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (the folder is not ours)`,
    [
      `${backend.folderVariable} names '${folder}', which this tool did not install and will not replace`,
      `it holds nothing that could be used: no libraries of ${backend.title}, no source tree, no single archive of one`,
    ],
    foreignSteps(backend, folder),
    'Exit code: 4 (permission error - manual fix required)',
  )
}

/** What to do about a folder of somebody else. */
export function foreignSteps(backend: Backend, folder: string): readonly Step[] {
  return [
    [
      'Give a folder that does not exist yet:',
      PLATFORM.setVariable(backend.folderVariable, ask(PLATFORM).ownFolder(backend.name)),
      again(backend),
    ],
    [
      'OR put there what is to be used, which is only read: built libraries, a source tree, or one .tar.gz of it:',
      `ls ${shellWord(folder)}`,
    ],
  ]
}

/** `detail`: why it is not as it was asked for; `isMissing`: nothing usable is there at all. */
export function repairDisabled(
  backend: Backend,
  detail: string,
  { isMissing, mode }: { readonly isMissing: boolean; readonly mode: 'auto' | 'always' },
): string {
  const kind = `Backend '${backend.name}' libraries not found and auto-repair disabled`
  return `❌ ${backend.title} UNAVAILABLE (repair disabled)
  ${isMissing ? `${kind}: ${detail}` : detail}

Quick Fix:
  ${again(backend)} --repair=${mode}

Manual Setup:
  See: docs/howto/cpp-setup.md

❌ Backend unavailable (repair disabled)
Exit code: 1 (unavailable)
`
}

/** `detail`: who holds the lock. */
export function lockedByAnother(backend: Backend, lock: string, detail: string): string {
  return block(
    `❌ Another repair operation for ${backend.name} is in progress (lock: ${lock})`,
    [detail],
    [
      ['Wait for it: without --no-wait and --lock-timeout this one goes on when that one is done'],
      ['A lock of a process that has died is free; nothing needs to be removed'],
    ],
    'Exit code: 1 (another repair is in progress)',
  )
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
  return `❌ ${backend.title} UNAVAILABLE (repair declined)
  hint: ${again(backend)} --yes

Exit code: 1 (unavailable)
`
}
