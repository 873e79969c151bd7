// preflight: are the backends there, and if not, make it so.
import { existsSync } from 'node:fs'

import { BACKEND_NAMES } from '../../tasks/backends.ts'
import { EXIT } from '../exit-code.ts'
import { lockPath } from '../folders.ts'
import {
  type Candidate,
  candidate,
  isInstalled,
  isThere,
  lookAgain,
  whyMissing,
} from '../preflight/candidate.ts'
import { foundElsewhere } from '../preflight/found-late.ts'
import { isAfterRepair, isInsideRepair } from '../preflight/guards.ts'
import { handedOver } from '../preflight/handed-over.ts'
import { knownHistory, usualSeconds } from '../preflight/history.ts'
import { stagedAt } from '../preflight/install.ts'
import { recursion } from '../preflight/recursion.ts'
import { shouldRepair } from '../preflight/repair-mode.ts'
import {
  choosesSource,
  commandProblem,
  contradiction,
  type PreflightArgs,
  type Request,
  requested,
} from '../preflight/request.ts'
import type { Verdict } from '../preflight/verdict.ts'
import * as verdicts from '../preflight/verdict.ts'
import { workspaceOf } from '../preflight/workspace-options.ts'
import { eprint } from '../report/eprint.ts'
import { preflightDocument } from '../report/preflight-json.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { usesGiven } from '../report/words/found.ts'
import { announcement, stageLine } from '../report/words/steps.ts'
import * as words from '../report/words.ts'
import { givenBy, openRepair } from '../session.ts'
import type { EmitFormat } from './env.ts'

/** Checks, and where asked repairs, each backend; resolves with the exit code. */
export async function preflight(
  given: PreflightArgs,
  command: readonly string[] = [],
): Promise<number> {
  const problem = contradiction(given) ?? commandProblem(given, command)
  if (problem !== undefined) {
    eprint(problem)
    return EXIT.usage
  }
  if (given.watch) return (await import('../preflight/watch.ts')).watchPreflight(given)
  const request = requested(given, command)
  if (given.verbose && !isAfterRepair(process.env))
    request.say(stageLine(0, 'DETECT', 'Detecting backend availability...'))
  const names = given.backend ? [given.backend] : BACKEND_NAMES
  const workspace = workspaceOf(given)
  const replaced = givenBy(request.args)
  const candidates = names.map((name) =>
    candidate(name, given.device, { workspace, given: replaced[name] }),
  )
  const isAfter = isAfterRepair(process.env)
  if (given.verbose && !isAfter) await showSearch(request, candidates)
  const decided = isAfter
    ? await afterRepair(request, candidates)
    : await decide(request, candidates)
  // A fresh process has given the verdict on all of them, in the form that was asked for.
  if (typeof decided === 'number') return decided
  tell(request, decided)
  const code = verdicts.exitCodeOf(decided)
  if (code === EXIT.available && given.emit !== undefined) return emitted(given.emit)
  const isReady = code === EXIT.available && command.length > 0 && !given.dryRun
  return isReady ? runCommand(request, candidates[0] as Candidate) : code
}

async function emitted(emit: EmitFormat): Promise<number> {
  const { env } = await import('./env.ts')
  return env({ emit })
}

// Everything is there: the last step is the person's own.
async function runCommand(
  { args, command, say }: Request,
  { backend, workspace }: Candidate,
): Promise<number> {
  const { runTool } = await import('../preflight/tool-command.ts')
  return runTool({ command, args, workspace, backend, say })
}

async function showSearch({ say }: Request, candidates: readonly Candidate[]): Promise<void> {
  const { searchLines } = await import('../preflight/show-search.ts')
  for (const line of searchLines(candidates, process.env)) say(line)
}

async function decide(
  request: Request,
  candidates: readonly Candidate[],
): Promise<readonly Verdict[] | number> {
  const { args, mode } = request
  const isAsked = choosesSource(args) && mode !== 'never'
  const looked = args.verify ? await verify(request, candidates) : candidates
  const wanted = looked.filter((one) => isAsked || shouldRepair(mode, isThere(one)))
  if (wanted.length === 0) return looked.map(asItIs)
  const refused = await refusal(request, wanted)
  if (refused === undefined) {
    for (const one of wanted) if (!isThere(one)) announce(request, one)
    const { repairAll } = await import('../preflight/repair-all.ts')
    const isForced = wanted.some((one) => one.isBroken)
    const done = await repairAll(isForced ? { ...request, mode: 'always' } : request, wanted)
    return typeof done === 'number' ? done : inOrder(looked, done)
  }
  return inOrder(looked, refused)
}

async function verify(
  request: Request,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const { verified } = await import('../preflight/verify.ts')
  return verified(request, candidates)
}

function inOrder(candidates: readonly Candidate[], found: readonly Verdict[]): readonly Verdict[] {
  return candidates.map(
    (one) => found.find(({ backend }) => backend === one.backend.name) ?? asItIs(one),
  )
}

function asItIs(one: Candidate): Verdict {
  return isThere(one) ? verdicts.cached(one) : verdicts.disabled(one)
}

// What keeps a repair from starting, or answers in its place.
async function refusal(
  request: Request,
  wanted: readonly Candidate[],
): Promise<readonly Verdict[] | undefined> {
  const { args, mode } = request
  if (isInsideRepair(process.env)) return Promise.all(wanted.map(recursion))
  const session = await openRepair(args)
  if (args.dryRun) {
    const { wouldRepair } = await import('../preflight/would-repair.ts')
    return wouldRepair(request, session, wanted)
  }
  const { lacking } = await import('../preflight/requirements.ts')
  const { isConfirmed } = await import('../preflight/confirm.ts')
  const devices = wanted.map(({ device }) => device)
  const missing = await lacking(session.host, {
    device: devices.includes('cuda') ? 'cuda' : 'cpu',
    backends: mode === 'always' || choosesSource(args) || !wanted.every(isInstalled),
    tool: wanted.some(({ workspace }) => workspace !== undefined),
  })
  if (missing)
    return wanted.map((one) => {
      const text = words.toolsMissing(one.backend, missing.lines, missing.install)
      return verdicts.unavailable(one, EXIT.build, text, missing.lines.join('; '))
    })
  if (await isConfirmed(args)) return undefined
  return wanted.map((one) =>
    verdicts.unavailable(one, EXIT.unavailable, words.repairDeclined(one.backend), 'declined'),
  )
}

// In the fresh process: nothing is repaired, only validated.
async function afterRepair(
  request: Request,
  candidates: readonly Candidate[],
): Promise<readonly Verdict[]> {
  request.say('[repair] Re-exec detected, skipping repair (checking detection only)')
  const standing = handedOver(process.env)
  const found: Verdict[] = []
  for (const one of candidates)
    found.push(
      standing.find(({ backend }) => backend === one.backend.name) ??
        (await validated(request, one)),
    )
  return found
}

async function validated(request: Request, one: Candidate): Promise<Verdict> {
  const isSettled = stagedAt(one.live) === undefined && one.found.state === 'available'
  // Without a lock file no repair was ever here, and the variable was set by the person.
  if (isSettled || !existsSync(lockPath(one.backend, process.env)))
    return settled(request, lookAgain(one))
  // Judging takes the lock, and the repair that started us may hold it and wait for us.
  if (isInsideRepair(process.env)) return recursion(one)
  const { judgeStaged } = await import('../preflight/judge-staged.ts')
  return judgeStaged(request, one)
}

// Nothing is staged: where a rebuild of xtask was all, it says for itself what it knows.
async function settled({ args }: Request, one: Candidate): Promise<Verdict> {
  if (one.workspace === undefined || !isThere(one)) return verdicts.afterwards(one)
  const { revalidateXtask } = await import('../preflight/xtask.ts')
  const session = await openRepair(args)
  const problem = await revalidateXtask(session, one.workspace)
  return problem === undefined ? verdicts.afterwards(one) : verdicts.rejected(one, session, problem)
}

function announce({ args, say, startedAt }: Request, one: Candidate): void {
  const { backend, device } = one
  const usually = usualSeconds(knownHistory(), backend.name, device)
  for (const line of announcement(backend, usually)) say(line)
  const since = Date.now() - startedAt.getTime()
  const why = whyMissing(one)
  say(stageLine(since, 'DETECT', `Backend '${backend.title}' not found at build time (${why})`))
  if (args.verbose)
    say(stageLine(since, 'DETECT', `Backend '${backend.title}' not found, attempting repair...`))
  if (one.given) say(usesGiven(backend, one.given))
  // What is not used is no secret either.
  else for (const line of foundElsewhere(one, process.env)) say(line)
}

function tell({ args, command }: Request, decided: readonly Verdict[]): void {
  if (args.json) print(jsonDocument(preflightDocument(decided)))
  for (const { available, how, text } of decided) {
    const isAnswer = available || how === 'dry-run'
    if (!isAnswer) eprint(text)
    else if (args.json) continue
    // What the command prints is the answer then, or what a shell is to evaluate.
    else if ((command.length === 0 && args.emit === undefined) || args.dryRun) print(text)
    else if (!args.quiet) eprint(text)
  }
}
