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
    '',
  ].join('\n')
}

/** `✓ llama.cpp AVAILABLE (auto-repaired)`; elapsed in milliseconds. */
export function availableRepaired(title: string, folder: string, elapsedMs: number): string {
  return [
    `✓ ${title} AVAILABLE (auto-repaired)`,
    `  Setup completed in ${(elapsedMs / 1000).toFixed(2)}s`,
    `  Libraries installed: ${folder}/lib`,
    '',
  ].join('\n')
}

/** What a process says that only had to look. */
export function availableAfterRepair(title: string, folder: string): string {
  return [
    `✓ ${title} AVAILABLE (detected after repair)`,
    `  Libraries found at build time: ${folder}/lib`,
    '',
  ].join('\n')
}

/** `2025-10-26 14:32:15 UTC` */
export function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}
