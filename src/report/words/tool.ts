// What a person reads while xtask of a BitNet-rs checkout is rebuilt.
import { quote } from '../../../graph/index.ts'
import type { Backend } from '../../../tasks/backends.ts'
import type { ToolBuild } from '../../preflight/tool-features.ts'
import type { ToolConstants, ToolState } from '../../preflight/workspace.ts'
import { detectedLate } from './found.ts'
import { rebuildingTool, toolRebuilt } from './steps.ts'

/** Before the build: what, why with fewer features, and the command. */
export function rebuilding(
  { reducedBy }: ToolBuild,
  clean: boolean,
  command: readonly string[],
): readonly string[] {
  const reduced =
    reducedBy === undefined
      ? []
      : [
          `[repair] '${reducedBy}' declares llama_model_get_vocab: crossval can use it, bitnet-sys cannot`,
          '[repair] so xtask is built with crossval and not with crossval-all (--tool-features chooses others)',
        ]
  return [
    rebuildingTool('xtask', undefined),
    '[repair] Rebuilding xtask to pick up new library detection...',
    ...reduced,
    ...(clean ? ['[repair] Running: cargo clean -p bitnet-crossval'] : []),
    `[repair] Running: ${command.join(' ')}`,
  ]
}

/** After the build: the constants before and now. */
export function rebuilt(
  before: ToolConstants | undefined,
  after: ToolConstants | undefined,
): readonly string[] {
  const row = (name: string, of: (constants: ToolConstants) => string | boolean): string => {
    const [old, now] = [before, after].map((one) => (one ? String(of(one)) : 'none'))
    return old === now ? `${name}=${now}` : `${name}=${old} -> ${now}`
  }
  const constants = [
    row('HAS_BITNET', ({ hasBitnet }) => hasBitnet),
    row('HAS_LLAMA', ({ hasLlama }) => hasLlama),
    row('BACKEND_STATE', ({ state }) => state),
  ]
  return [
    '[repair] ✓ xtask rebuild completed',
    toolRebuilt('xtask'),
    `[repair] ${constants.join(', ')}`,
  ]
}

/** The libraries are there, and xtask does not know: how to make it know. */
export function detectedAtRuntime(
  backend: Backend,
  folder: string,
  { why, constants }: Extract<ToolState, { state: 'disagree' }>,
): string {
  const isOlder = constants !== undefined && !(constants.hasLlama || constants.hasBitnet)
  return detectedLate({
    backend,
    location: `${folder}/lib`,
    tool: 'xtask',
    why: isOlder ? undefined : why,
    rebuild: rebuildXtask(folder),
  })
}

/** The commands that compile xtask against an installation; none where another variable names it already. */
export function rebuildXtask(folder: string | undefined): readonly string[] {
  const variable = folder === undefined ? '' : `BITNET_CPP_DIR=${quote(folder)} `
  return ['touch crossval/build.rs', `${variable}cargo build -p xtask --features crossval-all`]
}
