// What a person reads while xtask of a BitNet-rs checkout is rebuilt.
import type { ToolBuild } from '../../preflight/tool-features.ts'
import type { ToolConstants } from '../../preflight/workspace.ts'

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
  return ['[repair] ✓ xtask rebuild completed', `[repair] ${constants.join(', ')}`]
}
