import { logName, type Node } from '../../graph/index.ts'
import type { BackendName, Device } from '../../tasks/backends.ts'
import { namesIn } from '../folder-names.ts'
import { repairFolder } from '../folders.ts'
import { detect } from '../preflight/detect.ts'
import type { Verdict } from '../preflight/verdict.ts'

export interface PreflightDocument {
  readonly version: 1
  readonly backends: readonly BackendStatus[]
}

export interface BackendStatus extends Omit<Verdict, 'text'> {
  /** Whether it was there, or a repair made it so; null when it is not there. */
  readonly source: 'PreExisting' | 'Repaired' | null
  /** Of a backend that was repaired. */
  readonly repair?: RepairDetails
}

export interface RepairDetails {
  /** Seconds. */
  readonly duration: number
  /** What fetch, configuration and build printed. */
  readonly setupLogs: readonly string[]
  /** What the rebuild of the consumer tool printed. */
  readonly rebuildLogs: readonly string[]
  readonly librariesFound: readonly string[]
}

/** What became of each backend, for programs. */
export function preflightDocument(verdicts: readonly Verdict[]): PreflightDocument {
  return { version: 1, backends: verdicts.map(statusOf) }
}

function statusOf({ text: _, ...verdict }: Verdict): BackendStatus {
  const { available, how } = verdict
  const isRepaired = how === 'auto-repaired' || how === 'detected after repair'
  const source = available ? (isRepaired ? 'Repaired' : 'PreExisting') : null
  if (how !== 'auto-repaired') return { ...verdict, source }
  return { ...verdict, source, repair: detailsOf(verdict) }
}

const SETUP = ['fetch-source', 'cmake-configure', 'cmake-build', 'gen-detect-constants']

function detailsOf({ backend, folder, seconds = 0 }: Omit<Verdict, 'text'>): RepairDetails {
  const found = detect(backend, folder)
  const manifest = found.state === 'available' ? found.manifest : undefined
  const logs = logsOf(backend, manifest?.device ?? 'cpu')
  return {
    duration: seconds,
    setupLogs: SETUP.flatMap(logs),
    rebuildLogs: ['rebuild-tool', 'rebuild-xtask'].flatMap(logs),
    librariesFound: (manifest?.files ?? [])
      .map(({ path }) => path)
      .filter((path) => path.startsWith('lib/'))
      .map((path) => `${folder}/${path}`),
  }
}

// The logs of a task's node, one for each try. A step that was fresh keeps the one of its last run.
function logsOf(backend: BackendName, device: Device): (task: string) => readonly string[] {
  const folder = `${repairFolder(process.env)}/state/logs`
  const there = namesIn(folder)
  return (task) => {
    const nodes = [`${task}[${backend},${device}]`, `${task}[${backend}]`, task]
    const starts = nodes.map((node) => `${logName({ name: node } as Node)}.`)
    return there
      .filter((name) => starts.some((start) => name.startsWith(start)))
      .map((name) => `${folder}/${name}`)
  }
}
