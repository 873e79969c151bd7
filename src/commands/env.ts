// env --emit SHELL: the variables that make a program of the user's find the installation, escaped for
// the shell that will read them.
import { GraphError } from '../../graph/index.ts'
import { PLATFORM } from '../../tasks/platform.ts'
import { EXIT } from '../exit-code.ts'
import { installedVariables, type SearchPath } from '../preflight/installed-variables.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'

export type EmitFormat = 'sh' | 'fish' | 'pwsh' | 'cmd' | 'json' | 'github'

/**
 * Prints the variables of what is installed, for a shell.
 *
 * @throws GraphError 'bad-file' when the loader or the shell cannot hold a folder's name
 */
export function env(args: { readonly emit?: EmitFormat; readonly json?: boolean }): number {
  const variables = installedVariables(process.env)
  if (variables === undefined) {
    eprint('no backend is installed\n  hint: bitnet-tasks preflight\n')
    return EXIT.unavailable
  }
  const { plain, search } = variables
  for (const folder of search.folders) refuseSeparator(folder, search.name)
  const format = args.json ? 'json' : (args.emit ?? PLATFORM.shell(process.env))
  print(emit(format, plain, search, process.env[search.name]))
  return EXIT.available
}

// No loader knows an escape for what stands between two folders.
function refuseSeparator(folder: string, name: string): void {
  if (!folder.includes(PLATFORM.separator)) return
  throw new GraphError(
    `${name} cannot hold '${folder}': '${PLATFORM.separator}' ends a folder there`,
    {
      code: 'bad-file',
      place: folder,
      hint: 'install into a folder without it',
    },
  )
}

/**
 * The text for one shell. An empty old value leaves no trailing separator, which would mean the working
 * directory. `before`: the search path of now, where what is printed is no program and cannot ask for it.
 */
export function emit(
  format: EmitFormat,
  plain: ReadonlyMap<string, string>,
  search: SearchPath,
  before?: string,
): string {
  const rows = [...plain]
  const { name, folders } = search
  switch (format) {
    case 'sh':
      return [
        ...rows.map(([key, value]) => `export ${key}=${single(value)}`),
        `export ${name}=${single(folders.join(':'))}"\${${name}:+:$${name}}"`,
        '',
      ].join('\n')
    case 'fish':
      return [
        ...rows.map(([key, value]) => `set -gx ${key} ${fish(value)}`),
        `set -q ${name}; and test -n "$${name}"; and set -gx ${name} ${fish(folders.join(':'))}:"$${name}"; or set -gx ${name} ${fish(folders.join(':'))}`,
        '',
      ].join('\n')
    case 'pwsh':
      return [
        ...rows.map(([key, value]) => `$env:${key} = ${pwsh(value)}`),
        `$env:${name} = ${pwsh(folders.join(PLATFORM.separator))} + $(if ($env:${name}) { ${pwsh(PLATFORM.separator)} + $env:${name} } else { '' })`,
        '',
      ].join('\n')
    case 'cmd':
      return [
        ...rows.map(([key, value]) => `set "${key}=${cmd(value)}"`),
        `if defined ${name} (set "${name}=${cmd(folders.join(';'))};%${name}%") else (set "${name}=${cmd(folders.join(';'))}")`,
        '',
      ].join('\r\n')
    case 'json':
      return `${JSON.stringify({ version: 1, env: Object.fromEntries(rows), prepend: { [name]: folders } }, null, 2)}\n`
    case 'github':
      return [...rows, [name, joined(folders, before)] as const]
        .map(([key, value]) => github(key, value))
        .join('')
    default:
      return format satisfies never
  }
}

function joined(folders: readonly string[], before: string | undefined): string {
  return [...folders, ...(before ? [before] : [])].join(PLATFORM.separator)
}

function single(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}

function fish(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

// PowerShell takes the typographic quotes for the same as the plain one.
function pwsh(value: string): string {
  return `'${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`
}

// In a batch file % doubles; a line end or a quote cannot be written at all.
function cmd(value: string): string {
  if (/["\r\n]/.test(value))
    throw new GraphError(`cmd cannot hold this value: ${JSON.stringify(value)}`, {
      code: 'bad-file',
      hint: 'use --emit pwsh',
    })
  return value.replaceAll('%', '%%')
}

// The file format of $GITHUB_ENV: a delimiter that the value does not contain.
function github(key: string, value: string): string {
  let delimiter = 'EOF'
  while (value.includes(delimiter)) delimiter += '_'
  return `${key}<<${delimiter}\n${value}\n${delimiter}\n`
}
