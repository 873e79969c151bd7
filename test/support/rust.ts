// Where cargo's toolchain lies. rustup looks below HOME, and a test, or whoever runs the tests, may have another.
import { existsSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

const places = [homedir(), userInfo().homedir].map((home) => join(home, '.rustup'))

/** What cargo needs beside HOME and PATH, with nothing of the person who runs the tests but the toolchain. */
export const RUST: Readonly<Record<string, string>> = {
  RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? places.find(existsSync) ?? (places[0] as string),
  CARGO_NET_OFFLINE: 'true',
}
