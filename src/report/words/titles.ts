// What each cause of a failure is called, in the head of a message: `UNAVAILABLE (network error during repair)`.
import type { Cause } from '../../../tasks/failure.ts'

export const TITLES: Readonly<Record<Cause, string>> = {
  network: 'network error',
  'network-permanent': 'the server refused',
  'tls-trust': 'untrusted certificate',
  auth: 'login refused',
  'source-not-found': 'source not found',
  'source-corrupt': 'damaged source',
  'dest-occupied': 'a folder in the way',
  'stale-lock': 'a lock file left behind',
  'repo-state': "the repository's state",
  disk: 'disk full',
  unknown: 'unknown error',
  permission: 'permission error',
  'read-only fs': 'permission error',
  ownership: 'permission error',
  build: 'build error',
  config: 'build error',
  clock: 'build error',
  crash: 'build error',
  'tool-missing': 'build error',
  'source-incomplete': 'build error',
  'stale-build-dir': 'build error',
  'runtime-link': 'build error',
  'resource(oom)': 'build error',
  interrupted: 'interrupted',
}
