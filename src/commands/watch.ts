// watch NODE...: keeps nodes and all they need up to date while their sources change.
import { dirname } from 'node:path'

import {
  type Graph,
  GraphWatch,
  identityOf,
  machine,
  type WatchEvent,
  type WatchOptions,
} from '../../graph/index.ts'
import { EXIT } from '../exit-code.ts'
import { listenForKeys } from '../keys.ts'
import { isLasting, judgeFailure } from '../preflight/judge-failure.ts'
import { print } from '../report/print.ts'
import { isDumb } from '../report/terminal.ts'
import { clean, jsonLine, lastWritten } from '../report/text.ts'
import { WatchView } from '../report/watch-view.ts'
import { graphFileOf, stateFolderOf } from '../sealed.ts'
import { type GraphChoices, repairSetup, SELDOM } from '../session.ts'
import { dieBy, interruptible } from '../signals.ts'
import { furnish } from '../state-folder.ts'
import { loadedWithWords } from '../with-words.ts'
import { keepYoungRoom } from '../young-room.ts'

interface WatchArgs extends GraphChoices {
  readonly keepGoing?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly json?: boolean
  readonly cache?: boolean
  readonly load?: number
  /** More words for the last command of the one node that is named. */
  readonly words?: readonly string[]
}

const LOG_LINES = 40

/** Runs until a key or a signal ends it. */
export async function watch(targets: readonly string[], args: WatchArgs): Promise<number> {
  const place = placeOf(args, targets)
  const { host } = place
  const { quiet = false, verbose = false, keepGoing = false, jobs, load, words } = args
  const { stdin, stderr, env } = process
  const isTerminal = stderr.isTTY === true && !isDumb(env) && !env['CI'] && !args.json
  const view = new WatchView({ quiet, verbose, isTerminal, hasKeys: isTerminal && stdin.isTTY })
  const interruption = interruptible(host)
  const end = new AbortController()
  interruption.signal.addEventListener('abort', () => end.abort())
  const printNext = printer(place.targets)
  const watching = new GraphWatch({
    ...place,
    load: async () => loadedWithWords(await place.load(), targets, words),
    signal: end.signal,
    report: (event) => {
      if (event.type === 'idle') keepYoungRoom()
      if (args.json) printNext(event)
      else view.report(event)
    },
    keepGoing,
    follow: true,
    cache: args.cache !== false,
    seldom: SELDOM,
    ...(jobs === undefined ? {} : { jobs }),
    ...(load === undefined ? {} : { maxLoad: load }),
  })
  const tail = (log: string): string => host.disk.readTail(log, 65_536)
  const keys = isTerminal
    ? listenForKeys({
        onKey: (key) => act(key, { view, watching, tail, quit: () => end.abort() }),
        onLeave: () => view.hide(),
        onReturn: () => view.reveal(),
      })
    : undefined
  try {
    await watching.run()
  } finally {
    keys?.close()
    view.close()
    interruption.release()
  }
  const signal = interruption.caught()
  if (signal !== undefined) dieBy(signal)
  return EXIT.available
}

// The header, which says by which version all that follows is read (docs/schemas/events.json), comes with the
// first event: a watch that cannot begin answers nothing.
function printer(targets: readonly string[]): (event: WatchEvent) => void {
  const at = Date.now()
  let isBegun = false
  return (event) => {
    if (!isBegun) print(jsonLine({ type: 'watch', version: 1, at, targets }))
    isBegun = true
    printEvent(event)
  }
}

function printEvent(event: WatchEvent): void {
  if (event.type !== 'stopped') return print(jsonLine(event))
  const { message, code, hint, place } = event.error
  print(jsonLine({ ...event, error: { message, code, hint, place } }))
}

interface Acting {
  readonly view: WatchView
  readonly watching: GraphWatch
  readonly tail: (log: string) => string
  readonly quit: () => void
}

function act(key: string, { view, watching, tail, quit }: Acting): void {
  switch (key) {
    case 'r':
      return watching.rerun()
    case 'f':
      return watching.force()
    case 'e':
      return view.explain()
    case 'l':
      return showLog(view, tail)
    case 'q':
      return quit()
  }
}

function showLog(view: WatchView, tail: (log: string) => string): void {
  const { logged } = view
  if (logged === undefined) return view.print('nothing has run yet\n')
  const lines = tail(logged.log).trimEnd().split('\n').slice(-LOG_LINES)
  const text = lines.map((line) => `  ${clean(lastWritten(line))}`.trimEnd()).join('\n')
  view.print(
    `${clean(logged.node)}: ${logged.log}\n${text === '' ? '  (it printed nothing)' : text}\n`,
  )
}

type Place = Pick<
  WatchOptions,
  'host' | 'folder' | 'stateFolder' | 'load' | 'targets' | 'retry' | 'onFailure'
>

// A user's graph, or the shipped one for this machine.
function placeOf(args: WatchArgs, named: readonly string[]): Place {
  const file = graphFileOf(args)
  if (file === undefined) return placeOfRepair(args, named)
  const host = machine(process.env)
  const stateFolder = stateFolderOf(file)
  return {
    host,
    folder: dirname(file),
    stateFolder,
    targets: named,
    load: async () => {
      const { evaluateGraphFile } = await import('../load-graph.ts')
      furnish(file)
      return evaluateGraphFile(file, (path) => identityOf(host.disk.stat(path)))
    },
    onFailure: (node, failure, attempt) => {
      const { class: found } = judgeFailure(node.task, failure, attempt)
      return { class: found, isLasting: isLasting(node.task, failure) }
    },
  }
}

function placeOfRepair(args: WatchArgs, named: readonly string[]): Place {
  const { host, stateFolder, open } = repairSetup(args)
  const load = async (): Promise<{ graph: Graph; sources: ReadonlyMap<string, string> }> => ({
    graph: (await open()).graph,
    sources: new Map(),
  })
  return {
    host,
    folder: dirname(stateFolder),
    stateFolder,
    load,
    targets: named.length === 0 ? ['revalidate[cpu]'] : named,
    // What a machine lacks to build C++ stands in no key.
    retry: true,
    onFailure: (node, failure, attempt) => judgeFailure(node.task, failure, attempt),
  }
}
