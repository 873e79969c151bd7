// Preloaded in front of bin.ts. Node writes what was covered when a process ends by itself: so it is
// written before one becomes another, or dies by a signal; and whatever it starts is counted as well.
const { ChildProcess } = require('node:child_process')
const { takeCoverage } = require('node:v8')

const folder = process.env.NODE_V8_COVERAGE
const { execve, kill } = process
const { spawn } = ChildProcess.prototype

if (execve)
  process.execve = (file, args, env) => {
    takeCoverage()
    execve.call(process, file, args, { ...env, NODE_V8_COVERAGE: folder })
  }
process.kill = (pid, signal) => {
  if (pid === process.pid) takeCoverage()
  return kill.call(process, pid, signal)
}
ChildProcess.prototype.spawn = function (options) {
  if (!options.envPairs?.some((pair) => pair.startsWith('NODE_V8_COVERAGE=')))
    options.envPairs?.push(`NODE_V8_COVERAGE=${folder}`)
  return spawn.call(this, options)
}
