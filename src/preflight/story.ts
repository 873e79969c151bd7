// Tells a repair as the person sees it: three steps, made from what the graph's nodes do.
import { commandText, type RunEvent, type Session, select } from '../../graph/index.ts'
import type { Backend } from '../../tasks/backends.ts'
import { clean } from '../report/text.ts'
import * as words from '../report/words/steps.ts'
import type { Candidate } from './candidate.ts'
import { toolOf } from './tool-name.ts'

export interface Teller {
  readonly candidates: readonly Candidate[]
  readonly session: Session
  readonly verbose: boolean
  /** What --source chooses. */
  readonly source: string | undefined
  /** Milliseconds since 1970: when the repair began. */
  readonly since: number
  readonly say: (line: string) => void
}

/** Takes the events of a repair's runs and says each step when it begins. */
export function storyOf(teller: Teller): (event: RunEvent) => void {
  const story = new Story(teller)
  return (event) => story.see(event)
}

const INSTALL = ['fetch-source', 'cmake-configure', 'cmake-build', 'gen-detect-constants']

class Story {
  private readonly teller: Teller
  private readonly said = new Set<string>()
  private readonly expected = new Map<string, number | undefined>()

  constructor(teller: Teller) {
    this.teller = teller
  }

  see(event: RunEvent): void {
    if (event.type === 'planned')
      for (const { node, expectedMs } of event.nodes) this.expected.set(node, expectedMs)
    else if (event.type === 'started') this.started(event.node, event.at)
    else if (event.type === 'finished') this.finished(event)
  }

  private started(node: string, at: number): void {
    const { backend, task } = this.part(node)
    if (backend === undefined) return
    if (INSTALL.includes(task)) this.once('install', words.installing(this.took(INSTALL)))
    if (task === 'fetch-source') this.fetching(backend, at)
    if (task === 'cmake-configure' || task === 'cmake-build') {
      this.once(`build ${backend.name}`, words.BUILDING)
      this.aside(`build ${backend.name}`, at, 'REPAIR', 'Building C++ libraries...')
    }
    if (task === 'rebuild-tool') this.rebuilding(node, at)
    if (task === 'revalidate')
      this.aside('revalidate', at, 'REDETECT', 'Re-validating backend availability...')
  }

  private fetching(backend: Backend, at: number): void {
    // Sources or libraries that a person gave are not fetched from anywhere; that they are used is said before.
    if (this.teller.session.graph.roots[`given-${backend.name}`] !== undefined) return
    const from = placeOf(backend, this.teller.source)
    this.once(`fetch ${backend.name}`, words.cloning(from))
    this.aside(`fetch ${backend.name}`, at, 'REPAIR', words.cloningBackend(backend, from))
  }

  // xtask of a checkout is rebuilt later, by cargo, and says so itself.
  private rebuilding(node: string, at: number): void {
    const tool = this.tool()
    if (tool === 'xtask') return
    this.once('rebuild', words.rebuildingTool(tool, this.took(['rebuild-tool'])))
    this.aside('rebuild', at, 'REBUILD', `Rebuilding ${tool} to detect libraries...`)
    const command = this.command(node)
    if (command !== undefined) this.once(`run ${node}`, words.runningCommand(command))
  }

  private finished({ node, outcome }: Extract<RunEvent, { type: 'finished' }>): void {
    const { task } = this.part(node)
    const isMade = outcome === 'changed' || outcome === 'unchanged'
    if (task === 'rebuild-tool' && isMade && this.tool() !== 'xtask')
      this.once(`rebuilt ${node}`, words.toolRebuilt(this.tool()))
  }

  private part(node: string): { backend: Backend | undefined; task: string } {
    const [, task = '', name] = /^([^[]*)(?:\[(\w+))?/.exec(node) ?? []
    const found = this.teller.candidates.find(({ backend }) => backend.name === name)
    return { backend: found?.backend, task }
  }

  private tool(): string {
    const [first] = this.teller.candidates
    return first === undefined ? 'bitnet-probe' : toolOf(first)
  }

  // Seconds that nodes of these tasks took the last time; undefined when one of them never ran.
  private took(tasks: readonly string[]): number | undefined {
    const nodes = [...this.expected].filter(([node]) => tasks.includes(node.replace(/\[.*/, '')))
    const times = nodes.map(([, ms]) => ms)
    if (times.length === 0 || times.includes(undefined)) return undefined
    return times.reduce((sum: number, ms) => sum + (ms ?? 0), 0) / 1000
  }

  private command(node: string): string | undefined {
    const { graph, folder } = this.teller.session
    const last = select(graph, [node])[0]?.commands.at(-1)
    return last && clean(commandText(last, { ...graph.roots, '': folder })).slice(0, 300)
  }

  private once(key: string, line: string): void {
    if (this.said.has(key)) return
    this.said.add(key)
    this.teller.say(line)
  }

  private aside(key: string, at: number, stage: words.StageWord, message: string): void {
    if (!this.teller.verbose) return
    this.once(`verbose ${key}`, words.stageLine(at - this.teller.since, stage, message))
  }
}

// The first place that is asked; a password in its address is nobody's business.
function placeOf(backend: Backend, source: string | undefined): string {
  const chosen = backend.mirrors.filter(({ kind }) => kind === source)
  const [first] = chosen.length > 0 ? chosen : backend.mirrors
  const address = first?.kind === 'git' ? first.url : (first?.spec ?? backend.title)
  const place = process.env[backend.repositoryVariable] || address
  return clean(place.replace(/\/\/[^/@]*@/, '//***@'))
}
