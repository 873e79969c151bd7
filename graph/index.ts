// The public API: re-exports only.
export { type Affected, affected, dependents, pathBetween } from './affected.ts'
export { type Assessed, type AssessOptions, assess } from './assess.ts'
export type { CacheCheck, CacheStats, CareOptions } from './cache-care.ts'
export { cacheStats, clearCache, sweepCache, verifyCache } from './cache-care.ts'
export { openCache } from './cache-place.ts'
export {
  argv,
  type Command,
  commandText,
  type Place,
  quote,
  type Roots,
  root,
  sh,
  titled,
  type Word,
} from './command.ts'
export { MARK, nodeEnvironment } from './environment.ts'
export { GraphError, type GraphErrorCode } from './error.ts'
export type { NodeFailure, Outcome, PlannedNode, RunEvent, RunSummary } from './event.ts'
export { type ExpectedOptions, type ExpectedTime, expectTime } from './expect-time.ts'
export { isPattern } from './file-names.ts'
export { recordedTools } from './fingerprint.ts'
export { notePath } from './follow.ts'
export { type ForetellOptions, type Foretold, foretell } from './foretell.ts'
export { forgetNodes, recordedOutputs } from './forget.ts'
export { declaredNames, defineGraph, type Graph, type GraphDefinition } from './graph.ts'
export { Hints } from './hints.ts'
export { type History, lastMs, lastOutputs, likelyMs, type NodeRecord } from './history.ts'
export { machine } from './host/index.ts'
export type { Captured, Exit, Host, Lock, LockOwner } from './host.ts'
export { identityOf } from './identity.ts'
export { outputFiles } from './look.ts'
export type { SealOptions } from './look-recorder.ts'
export { nearest } from './nearest.ts'
export type { Node, NodeName } from './node.ts'
export { Noting } from './noting.ts'
export { packGraph, unpackGraph } from './pack.ts'
export { plan } from './plan.ts'
export type { Reason } from './reason.ts'
export { runGraph } from './run.ts'
export type { RunOptions, Verdict } from './run-options.ts'
export { listRuns, type PastRun, parseRun, type RunHeader, readRun } from './runs.ts'
export { refuseMissing, type Scope, scopeOf } from './scope.ts'
export { type CheckedSeal, checkSeal, sealedAnswer } from './seal.ts'
export { SealRecorder } from './seal-recorder.ts'
export { select } from './select.ts'
export { keepSnapshot, logName, type Memory, recall, type Session } from './state.ts'
export { type Sights, sightsOf } from './survey.ts'
export {
  type Bound,
  type Params,
  type ProbeSpec,
  probe,
  type Ref,
  type TaskHandle,
  type TaskSpec,
  task,
} from './task.ts'
export { GraphWatch } from './watch.ts'
export type { LoadedGraph, WatchEvent, WatchOptions } from './watch-options.ts'
export { addWords } from './words.ts'
