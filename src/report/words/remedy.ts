// What to do about each cause of a failure: one table, for the message of a failed repair and for `diagnose`.
import type { Cause } from '../../../tasks/failure.ts'
import { installLine } from '../../preflight/packages.ts'
import {
  asked,
  customFolder,
  dependencies,
  gpuSteps,
  MANUAL,
  missingTool,
  otherCache,
  otherSource,
  permission,
  plain,
  repair,
  type Situation,
  setVariable,
  toolSteps,
} from './advice.ts'
import type { Step } from './block.ts'
import { hostIn, quotedIn, urlIn } from './clues.ts'
import { shellWord } from './shell-word.ts'

/** The steps, the most likely first. */
export function remedy(situation: Situation): readonly Step[] {
  return STEPS[situation.cause](situation)
}

const STEPS: Readonly<Record<Cause, (situation: Situation) => readonly Step[]>> = {
  network: ({ firstCause, backend }) => {
    const host = hostIn(firstCause) ?? 'github.com'
    return [
      ['Check internet connectivity:', `ping ${host}`],
      ['Verify firewall allows git clone:', `curl -I https://${host}`],
      ['Retry with backoff (auto-repair will retry 3 times)'],
      ['Without a network, give a source tree:', `${repair(backend)} --source DIR`],
      ['For persistent issues, see manual setup:', MANUAL],
    ]
  },
  'network-permanent': (situation) => [
    [
      'The answer will be the same the next time. Check the address, and proxies:',
      asked(situation).proxies,
    ],
    ...otherSource(situation),
  ],
  'tls-trust': (situation) => [
    ['Check the clock:', asked(situation).clock],
    ['Install the usual authorities:', installLine(situation.machine, ['certificates'])],
    [
      'Behind a proxy that signs certificates itself, name its authority:',
      setVariable(situation, 'GIT_SSL_CAINFO', '/path/to/authority.pem'),
      setVariable(situation, 'NODE_EXTRA_CA_CERTS', '/path/to/authority.pem'),
    ],
    ...otherSource(situation),
  ],
  auth: (situation) => [
    ['Check the address: a repository that asks for a login may be misspelt or private'],
    ['Over ssh, see which keys are offered:', 'ssh-add -l'],
    ['A proxy that answers 407 wants its own login:', asked(situation).proxies],
    ...otherSource(situation),
  ],
  'source-not-found': (situation) => [
    ['Check the address and the version:', `git ls-remote ${addressIn(situation)}`],
    [
      'Without --ref and another repository the pinned source is fetched:',
      repair(situation.backend),
    ],
    ...otherSource(situation),
  ],
  'source-corrupt': (situation) => [
    ['Fetch it again; what was damaged is not used:', repair(situation.backend)],
    ['If it is damaged each time, something on the way changes it (a proxy, a full disk)'],
    ...otherSource(situation),
  ],
  'dest-occupied': ({ backend, firstCause }) => [
    ['Move away what lies there:', `mv ${shellWord(quotedIn(firstCause) ?? 'FOLDER')} ELSEWHERE`],
    ['Retry:', repair(backend)],
  ],
  'stale-lock': (situation) => [
    ['See whether git is running there:', asked(situation).git],
    [
      'If it is not, remove what it left:',
      asked(situation).remove(shellWord(quotedIn(situation.firstCause) ?? 'FILE.lock')),
    ],
    ['Retry:', repair(situation.backend)],
  ],
  'repo-state': (situation) => [
    ['See in which state the repository is:', 'git status'],
    ['Fetch into a folder of its own, as a repair does:', repair(situation.backend)],
  ],
  disk: (situation) => [
    ['See what is full (a repair needs about 400 MB, 1 GB is better):', asked(situation).disk],
    ...otherCache('Move the cache to another disk:', situation),
    ['Retry; what was finished is kept:', repair(situation.backend)],
  ],
  unknown: ({ backend }) => [
    ['Read the whole log; the first error counts'],
    ['Retry repair:', repair(backend)],
    ['If it fails again, report it with that log'],
  ],
  permission: permission,
  'read-only fs': (situation) => [
    ['The file system is mounted read-only: another place is needed'],
    ...customFolder(situation),
    ...otherCache('Or another place for sources and builds:', situation),
  ],
  ownership: permission,
  build: (situation) =>
    situation.node === 'rebuild-xtask'
      ? toolSteps(situation)
      : [...gpuSteps(situation), ...dependencies(situation)],
  config: (situation) => [
    ['An option, a version or a generator does not fit: the first error says which'],
    ...dependencies(situation),
  ],
  clock: (situation) => [
    ['Check the clock:', asked(situation).clock],
    ['Files from the future are built for ever; give them a time of now'],
    ['Retry:', repair(situation.backend)],
  ],
  crash: ({ backend, machine }) => [
    ['A tool crashed. Once more, with less at once:', `${repair(backend)} --jobs 1`],
    [
      'If it crashes at the same file, another compiler helps:',
      machine.platform.setVariable('CC', 'clang'),
      machine.platform.setVariable('CXX', 'clang++'),
      repair(backend),
    ],
  ],
  'tool-missing': (situation) => [
    ...gpuSteps(situation),
    ...missingTool(situation),
    ...dependencies(situation),
  ],
  'source-incomplete': ({ backend }) => [
    [
      'The source tree lacks files. Of a git tree, fetch what belongs to it:',
      'git submodule update --init --recursive',
    ],
    ['Let a repair fetch its own:', `${plain(backend)} --repair=always`],
  ],
  'stale-build-dir': ({ backend }) => [
    [
      'The build folder is of another source or generator: begin a new one',
      'bitnet-tasks clean cmake-configure cmake-build',
    ],
    ['Retry:', repair(backend)],
  ],
  'runtime-link': (situation) => [
    ['See which library is not found, or is another one:', asked(situation).dependencies],
    [
      `Libraries of another program may be in the way: see ${situation.machine.platform.loaderVariable}`,
    ],
    ['Build it again for this machine:', `${plain(situation.backend)} --repair=always`],
  ],
  'resource(oom)': (situation) => [
    ['Memory or processes ran out. Compile less at once:', `${repair(situation.backend)} --jobs 1`],
    ['See what is left, and the limits:', asked(situation).memory],
  ],
  interrupted: ({ backend }) => [
    [
      'It was ended from outside; nothing is broken. Run it again, it goes on where it was:',
      repair(backend),
    ],
  ],
}

function addressIn({ url, firstCause }: Situation): string {
  const found = url ?? urlIn(firstCause)
  return found === undefined ? 'URL' : shellWord(found)
}
