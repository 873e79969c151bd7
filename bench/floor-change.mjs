// Little more than the least that a build of what changed takes in Node: stat every file, compare with the last run, feed what is
// stale to two shells in order, write one file. No hashes, no lock, no log, no record of a run, no reasons; a kill
// makes it lie. In the harness: --peers floor-node-change.
import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'

const JOBS = 2
const { tasks } = JSON.parse(readFileSync('graph.json', 'utf8'))
const state = read('state.json')

const stale = new Set()
tasks.forEach(({ deps, files }, i) => {
  if (deps.some((dep) => stale.has(dep)) || files.some(isOther)) stale.add(i)
})
if (stale.size > 0) run()

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {}
  }
}

function isOther(path) {
  const known = state[path]
  const stat = statSync(path, { throwIfNoEntry: false })
  return !known || !stat || known[0] !== stat.mtimeMs || known[1] !== stat.size
}

function run() {
  const users = new Map([...stale].map((i) => [i, []]))
  const waiting = new Map()
  const ready = []
  for (const i of stale) {
    const needs = tasks[i].deps.filter((dep) => stale.has(dep))
    waiting.set(i, needs.length)
    for (const need of needs) users.get(need).push(i)
    if (needs.length === 0) ready.push(i)
  }
  let left = stale.size
  const idle = []
  const shells = []
  const feed = () => {
    while (ready.length > 0 && (idle.length > 0 || shells.length < JOBS))
      (idle.pop() ?? shell())(ready.shift())
  }
  const shell = () => {
    const child = spawn('/bin/sh', [], { stdio: ['pipe', 'pipe', 'inherit'] })
    shells.push(child)
    let current
    const give = (i) => {
      current = i
      child.stdin.write(`(${tasks[i].command}) </dev/null >/dev/null; echo $?\n`)
    }
    child.stdout.on('data', (answer) => {
      if (String(answer) !== '0\n') process.exit(1)
      done(current)
      idle.push(give)
      feed()
      if (--left === 0) end()
    })
    return give
  }
  const done = (i) => {
    for (const path of tasks[i].files) {
      const { mtimeMs, size } = statSync(path)
      state[path] = [mtimeMs, size]
    }
    for (const user of users.get(i)) {
      waiting.set(user, waiting.get(user) - 1)
      if (waiting.get(user) === 0) ready.push(user)
    }
  }
  feed()
}

function end() {
  writeFileSync('state.json', JSON.stringify(state))
  process.exit()
}
