#!/usr/bin/env node
// An old Node is answered in one line: syntax here is what Node 12 can parse, the rest comes later.
var version = process.versions.node.split('.').map(Number)
var major = version[0] || 0
var minor = version[1] || 0
var patch = version[2] || 0
var isSupported =
  major >= 26 ||
  (major === 24 && minor >= 15) ||
  (major === 22 && (minor > 22 || (minor === 22 && patch >= 2)))
if (!isSupported) {
  process.stderr.write(
    'bitnet-tasks needs Node 22.22.2, 24.15, or 26 and newer; this is ' + process.version + '\n',
  )
  process.exitCode = 5
} else {
  require('./start.cjs')
}
