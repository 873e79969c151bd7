// doctor: what this machine offers, what is installed, and what would stand in the way of a repair.
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'

import { type Host, machine, quote } from '../../graph/index.ts'
import { BACKENDS, type Backend } from '../../tasks/backends.ts'
import { EXIT } from '../exit-code.ts'
import { liveFolder, lockPath, repairFolder } from '../folders.ts'
import { detect } from '../preflight/detect.ts'
import { givenFor, originFor } from '../preflight/given-for.ts'
import { INSIDE } from '../preflight/guards.ts'
import { lacking } from '../preflight/requirements.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'

interface Finding {
  readonly what: string
  readonly ok: boolean
  readonly detail: string
  readonly hint?: string
}

const TOOLS = [
  'git',
  'cmake',
  'ninja',
  'make',
  'c++',
  'cc',
  'nm',
  'nvcc',
  'cargo',
  'npm',
  'tar',
  'flock',
] as const

export async function doctor(args: { json?: boolean }): Promise<number> {
  const host = machine(process.env)
  const findings = [
    { what: 'node', ok: true, detail: `${process.version} ${process.execPath}` },
    ...(await Promise.all(TOOLS.map((name) => tool(host, name)))),
    ...folders(),
    ...Object.values(BACKENDS).map(installed),
  ]
  const missing = await lacking(host, { device: 'cpu' })
  if (missing)
    findings.push({
      what: 'repair',
      ok: false,
      detail: missing.lines.join('; '),
      hint: missing.install,
    })
  else findings.push({ what: 'repair', ok: true, detail: 'everything that a repair needs is here' })
  if (args.json) print(jsonDocument({ version: 1, findings }))
  else
    for (const { what, ok, detail, hint } of findings)
      print(`${ok ? '✓' : '✗'} ${what.padEnd(10)} ${detail}${hint ? `\n  hint: ${hint}` : ''}\n`)
  return missing ? EXIT.build : EXIT.available
}

async function tool(host: Host, name: string): Promise<Finding> {
  const path = host.shell.which(name)
  if (path === undefined) return { what: name, ok: false, detail: 'not on PATH' }
  const { stdout, exit } = await host.shell.capture([path, '--version'], {
    cwd: '/',
    env: { ...INSIDE, PATH: host.env['PATH'] ?? '', LC_ALL: 'C', HOME: host.env['HOME'] ?? '/' },
    timeoutMs: 10_000,
  })
  const line = stdout.split('\n').find((row) => /\d+\.\d+/.test(row)) ?? ''
  const version =
    exit.how === 'exited' && exit.code === 0 ? /\d+\.\d+[\w.+-]*/.exec(line)?.[0] : undefined
  return { what: name, ok: true, detail: `${version ?? ''} ${path}`.trim() }
}

function folders(): Finding[] {
  const env = process.env
  const places = [
    repairFolder(env),
    ...Object.values(BACKENDS).flatMap((backend) => [
      dirname(liveFolder(backend, env)),
      dirname(lockPath(backend, env)),
    ]),
  ]
  return [...new Set(places)].map((path) => {
    const trouble = unwritable(path)
    return trouble === undefined
      ? { what: 'folder', ok: true, detail: `${path} can be written` }
      : { what: 'folder', ok: false, detail: `${path}: ${trouble}`, hint: `ls -ld ${quote(path)}` }
  })
}

// The nearest folder that exists decides: the rest would be made.
function unwritable(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' && dirname(path) !== path ? unwritable(dirname(path)) : code
  }
}

function installed(backend: Backend): Finding {
  const folder = liveFolder(backend, process.env)
  const found = detect(backend.name, folder)
  if (found.state === 'missing')
    return {
      what: backend.name,
      ok: false,
      detail: `not installed (${found.detail})${offered(backend)}`,
      hint: `bitnet-tasks preflight --backend ${backend.name}`,
    }
  const { device, source, installedAt } = found.manifest
  return {
    what: backend.name,
    ok: true,
    detail: `${folder} (${device}, ${source['ref'] ?? 'unknown source'}, ${installedAt})${source['given'] ? `, stands for ${source['given']}` : ''}`,
  }
}

// What lies in the folder of somebody else that a repair would use.
function offered(backend: Backend): string {
  const origin = originFor(backend, process.env)
  if (origin === undefined) return ''
  const given = givenFor(backend, process.env)
  return given ? `; ${given.kind} to use: ${given.path}` : `; nothing to use in ${origin}`
}
