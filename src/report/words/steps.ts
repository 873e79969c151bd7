// What a person reads while a repair goes on, from the first look to the way to use what it made.
import type { Backend } from '../../../tasks/backends.ts'
import { elapsedSeconds } from '../text.ts'
import { again } from './block.ts'

/** The stages of a repair, as its lines name them. */
export type StageWord = 'DETECT' | 'REPAIR' | 'REBUILD' | 'REDETECT' | 'SUCCESS'

/** `[  2.15s] DETECT: Backend …`; milliseconds since the repair began. */
export function stageLine(elapsedMs: number, stage: StageWord, message: string): string {
  return `[${elapsedSeconds(elapsedMs)}] ${stage}: ${message}`
}

/** Before a repair. `usually`: seconds that earlier ones took, if there were any. */
export function announcement(backend: Backend, usually: number | undefined): readonly string[] {
  const long =
    usually === undefined
      ? 'this will take 5-10 minutes on first run'
      : `about ${Math.max(1, Math.round(usually))}s, as earlier repairs`
  return [
    `❌ Backend '${backend.title}' NOT FOUND`,
    `Auto-repairing... (${long})`,
    '[preflight] Backend not detected at build time, starting auto-repair...',
  ]
}

/** `expected`: seconds that the step took before. */
export function installing(expected: number | undefined): string {
  return `[repair] Step 1/3: Installing C++ reference (${estimate(expected, '60-120s')} estimated)`
}

export function cloning(from: string): string {
  return `[setup-cpp-auto] Cloning from ${from}...`
}

/** The same, as the verbose lines say it. */
export function cloningBackend({ name, title }: Backend, from: string): string {
  const place = /^https?:\/\/github\.com\//.test(from) ? 'GitHub' : from
  return `Cloning ${name === 'bitnet' ? 'BitNet.cpp' : title} from ${place}...`
}

export const BUILDING = '[setup-cpp-auto] Building with CMake...'

export function installed(folder: string): string {
  return `[setup-cpp-auto] ✓ C++ reference installed to ${folder}`
}

/** @param tool xtask, or bitnet-probe */
export function rebuildingTool(tool: string, expected: number | undefined): string {
  return `[repair] Step 2/3: Rebuilding ${tool} binary (${estimate(expected, '10-30s')} estimated)`
}

export function runningCommand(command: string): string {
  return `[repair] Running: ${command}`
}

export function toolRebuilt(tool: string): string {
  return `[repair] ✓ ${tool} rebuilt successfully`
}

export const REEXECUTING = '[repair] Step 3/3: Re-executing with updated detection'

// The installation that is replaced stays in the store until the new one has been validated.
export const BACKUP = {
  made: '[repair] Creating backup of existing installation...',
  removed: '[repair] ✓ Installation successful, removing backup...',
  restoring: '[repair] Installation failed, restoring backup...',
  restored: '[repair] ✓ Backup restored',
} as const

/** The end of a repair that went well; milliseconds. */
export function succeeded(backend: Backend, elapsedMs: number, tool: string): readonly string[] {
  const where = tool === 'xtask' ? [] : ['  # in a BitNet-rs checkout']
  return [
    `[preflight] ✓ ${backend.title} AVAILABLE (auto-repaired in ${(elapsedMs / 1000).toFixed(1)}s)`,
    '',
    'To cross-validate:',
    ...where,
    `  ${again(backend)} -- crossval-per-token \\`,
    '    --model model.gguf --tokenizer tokenizer.json --prompt "Test" --max-tokens 4',
    '',
  ]
}

/** Above the rows of a live view, with a bar below it. */
export function repairingTitle(titles: readonly string[]): string {
  return `Repairing ${titles.join(' and ')} backend...`
}

function estimate(seconds: number | undefined, unknown: string): string {
  return seconds === undefined ? unknown : `${Math.max(1, Math.round(seconds))}s`
}
