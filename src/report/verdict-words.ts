// The sentences of an available backend; few, because the quick answer loads them.
import type { Manifest } from '../preflight/detect.ts'
import type { ToolState } from '../preflight/workspace.ts'

/** `✓ llama.cpp AVAILABLE (cached)` with where and since when its consumer tool knows it. */
export function availableCached(
  title: string,
  folder: string,
  manifest: Manifest,
  tool: ToolState | undefined,
): string {
  const builtAt = tool?.constants?.program?.builtAt
  const built =
    builtAt === undefined
      ? `Last bitnet-probe build: ${utc(manifest.toolBuiltAt)}`
      : `Last xtask build: ${utc(new Date(builtAt).toISOString())}`
  return [
    `✓ ${title} AVAILABLE (cached)`,
    `  Libraries found at build time: ${folder}/lib`,
    `  ${built}`,
    ...libbitnetLines(manifest.constants.libbitnet),
    '',
  ].join('\n')
}

/** `✓ llama.cpp AVAILABLE (auto-repaired)`; elapsed in milliseconds. */
export function availableRepaired(
  title: string,
  folder: string,
  elapsedMs: number,
  libbitnet: Libbitnet,
): string {
  return [
    `✓ ${title} AVAILABLE (auto-repaired)`,
    `  Setup completed in ${(elapsedMs / 1000).toFixed(2)}s`,
    `  Libraries installed: ${folder}/lib`,
    ...libbitnetLines(libbitnet),
    '',
  ].join('\n')
}

/** What a process says that only had to look. */
export function availableAfterRepair(title: string, folder: string, libbitnet: Libbitnet): string {
  return [
    `✓ ${title} AVAILABLE (detected after repair)`,
    `  Libraries found at build time: ${folder}/lib`,
    ...libbitnetLines(libbitnet),
    '',
  ].join('\n')
}

type Libbitnet = Manifest['constants']['libbitnet']

// Upstream builds none for the CPU: nobody shall take ours for it.
function libbitnetLines(kind: Libbitnet): readonly string[] {
  if (kind === undefined) return []
  return kind === 'shim'
    ? ['  libbitnet: a shim of bitnet-tasks; the BitNet kernels are in libggml']
    : ["  libbitnet: the genuine one, of the source's own kernels"]
}

/** `2025-10-26 14:32:15 UTC` */
export function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}
