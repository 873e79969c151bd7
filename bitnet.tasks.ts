// The declared repair graph: every task, every edge, on one page.
//   fetch-source -> cmake-configure -> cmake-build -> gen-detect-constants -> rebuild-tool -> revalidate
import {
  type Command,
  defineGraph,
  type Graph,
  type GraphDefinition,
  type Place,
  root,
  type TaskHandle,
  task,
} from './graph/index.ts'
import {
  BACKEND_NAMES,
  BACKENDS,
  type Backend,
  type BackendName,
  DEVICES,
  type Device,
} from './tasks/backends.ts'
import {
  CARGO_ENV,
  CARGO_PASSED,
  cargoVariables,
  installedFile,
  rebuildXtask,
  revalidateXtask,
  TOOLCHAIN,
  targetFile,
  WORKSPACE_SOURCES,
} from './tasks/cargo.ts'
import {
  buildProbe,
  buildShim,
  buildTools,
  compile,
  compileDoubting,
  configure,
  configured,
} from './tasks/cmake.ts'
import { cmakeInputs } from './tasks/cmake-inputs.ts'
import { writeConstants } from './tasks/constants.ts'
import { givenContract, libraryContract } from './tasks/contracts.ts'
import { FETCH_VARIABLES, fetchSource } from './tasks/git.ts'
import {
  givenBases,
  givenFiles,
  givenWithShim,
  loaderPath,
  loadLibraries,
  nothing,
  probeOf,
  unpackArchive,
  useLibraries,
  useTree,
} from './tasks/given.ts'
import { layOut } from './tasks/lay-out.ts'
import type { RepairOptions, WorkspaceOptions } from './tasks/options.ts'
import {
  fetchFiles,
  givenPlace,
  probeSource,
  roots,
  shimSource,
  step,
  stepFile,
} from './tasks/places.ts'

const BACKEND = { backend: BACKEND_NAMES } as const
const BUILD = { backend: BACKEND_NAMES, device: DEVICES } as const

// Tools print in English, ask nothing, and a repair inside a repair is refused. Without GIT_DIR a build
// would bake in the commit of whatever repository the cache happens to lie in.
const SET = {
  LC_ALL: 'C',
  LANGUAGE: 'C',
  GIT_TERMINAL_PROMPT: '0',
  BITNET_REPAIR_IN_PROGRESS: '1',
}
const BUILD_SET = { ...SET, GIT_DIR: '/dev/null' }
// Decide what a compiler produces; their values are part of the key.
const COMPILER_ENV = [
  'CC',
  'CXX',
  'CFLAGS',
  'CXXFLAGS',
  'LDFLAGS',
  'CUDAARCHS',
  'CUDACXX',
  'NVCC_PREPEND_FLAGS',
]

const MINUTE = 60_000

/**
 * The graph that repairs the backends, for one set of choices.
 *
 * @example const graph = repairGraph({ generator: 'Unix Makefiles' })
 */
export function repairGraph(options: RepairOptions = {}): Graph {
  return defineGraph(repairTasks(options))
}

/** What a graph is made of that repairs the backends: for a graph that does more with them. */
export interface RepairTasks extends GraphDefinition {
  readonly fetchSource: TaskHandle<typeof BACKEND>
  readonly cmakeConfigure: TaskHandle<typeof BUILD>
  readonly cmakeBuild: TaskHandle<typeof BUILD>
  readonly genDetectConstants: TaskHandle<typeof BUILD>
  readonly rebuildTool: TaskHandle<typeof BUILD>
  readonly revalidate: TaskHandle<typeof BUILD>
}

/**
 * The tasks of that graph, each to be needed by tasks of one's own. `prefixOf()` says where a build lies.
 *
 * @example
 * const repair = repairTasks()
 * const size = task('size', () => ({
 *   needs: [repair.cmakeBuild({ backend: 'llama', device: 'cpu' })],
 *   outputs: ['out/size.txt'],
 *   run: sh`du -sk ${prefixOf('llama', 'cpu')} > out/size.txt`,
 * }))
 * export default defineGraph({ ...repair, tasks: [...repair.tasks, size] })
 */
export function repairTasks(options: RepairOptions = {}): RepairTasks {
  const given = (name: BackendName) => options.given?.[name]
  const isLocal = (name: BackendName): boolean => given(name)?.kind === 'source'
  const sourceOf = (name: BackendName): string | Place =>
    isLocal(name) ? givenPlace(name)('') : `sources/${name}`
  const where = (name: BackendName, device: Device) => {
    const own = isLocal(name)
      ? `${name}-${device}-local-${shortId(given(name)?.path ?? '')}`
      : `${name}-${device}`
    const generator = options.generator === 'Unix Makefiles' ? '-make' : ''
    return {
      laid: layOut(BACKENDS[name], sourceOf(name), `laid/${own}`),
      build: `build/${own}${generator}`,
      shimBuild: `build/libbitnet-${name}-${device}`,
      prefix: prefixOf(name, device),
      constants: `constants/${name}-${device}`,
      probeBuild: `build/probe-${name}-${device}`,
    }
  }
  const cuda = (device: Device): readonly string[] => (device === 'cuda' ? ['nvcc'] : [])
  const versionOf = (name: BackendName): string =>
    options.ref?.[name] ?? given(name)?.kind ?? BACKENDS[name].pin.ref
  // The one library that the backend's own build does not make.
  const shim = (
    { name, shim: wanted }: Backend,
    device: Device,
    at: ReturnType<typeof where>,
  ): readonly Command[] => {
    if (wanted === undefined) return []
    const genuine = isLocal(name)
      ? givenPlace(name)(wanted.genuine)
      : absolute(`sources/${name}/${wanted.genuine}`)
    const paths = { prefix: absolute(at.prefix), source: versionOf(name) }
    return buildShim(at.shimBuild, device === 'cuda' ? { ...paths, genuine } : paths, options)
  }
  // Which of them another version of it has, cmake says best: only the pinned one must have all.
  const local = (name: BackendName, patterns: readonly string[]) =>
    isLocal(name) ? patterns.map(optional).map(givenPlace(name)) : []

  const fetch = task('fetch-source', BACKEND, ({ backend: name }) => {
    const backend = BACKENDS[name]
    const one = given(name)
    const title = `use the given ${one?.kind} of ${backend.title}`
    // Here and below: what lies beside the declared files, or asks this machine, is done and not restored.
    const common = { title, set: SET, store: false }
    if (one?.kind === 'source') return { ...common, ...useTree(backend) }
    if (one?.kind === 'archive') return { ...common, ...unpackArchive(backend, one.path) }
    if (one?.kind === 'libraries')
      return {
        ...common,
        set: { ...SET, ...loaderPath(one) },
        // A library may hang while it is loaded.
        timeoutMs: MINUTE,
        ...loadLibraries(name, one),
      }
    return {
      title: `fetch ${backend.title}`,
      inputs: fetchFiles(),
      outputs: [`sources/${name}/**`],
      tools: ['git'],
      // Its limits of time are among them; it keeps them itself.
      passEnv: FETCH_VARIABLES,
      set: SET,
      clean: false,
      // 1,600 files and a note beside them; the pin brings them again.
      store: false,
      pool: 'network',
      run: fetchSource(backend, `sources/${name}`, options),
    }
  })

  const configureTask = task('cmake-configure', BUILD, ({ backend: name, device }) => {
    const backend = BACKENDS[name]
    const { laid, build } = where(name, device)
    if (given(name)?.kind === 'libraries') return nothing('configure', backend)
    const run = [configure(backend, device, { ...laid, build }, options)]
    // What is fetched counts as a whole; of a person's tree, what cmake reads beside the files named below.
    const read = isLocal(name) ? cmakeInputs(build, run, { tree: givenPlace(name)('') }) : undefined
    return {
      title: `configure ${backend.title} for ${device}`,
      needs: [fetch({ backend: name })],
      inputs: [
        ...local(name, backend.configureSources),
        ...laid.inputs,
        stepFile('stamp-processor'),
        ...(read ? [stepFile('cmake-inputs')] : []),
      ],
      // The processor is in the result, so that what was compiled for another one is compiled again.
      outputs: [
        ...configured(build, options),
        `${build}/processor.txt`,
        ...laid.outputs,
        ...(read ? [read.depfile] : []),
      ],
      // What it really makes is the whole build folder.
      store: false,
      tools: [...buildTools(options), ...cuda(device)],
      facts: ['cpu'],
      env: COMPILER_ENV,
      set: BUILD_SET,
      timeoutMs: 10 * MINUTE,
      ...(read && { depfile: read.depfile }),
      run: [...laid.commands, step('stamp-processor', [build]), ...(read?.run ?? run)],
    }
  })

  // The build folder stays: ninja does the fine grain. What others see is a copy of the result.
  const build = task('cmake-build', BUILD, ({ backend: name, device }) => {
    const backend = BACKENDS[name]
    const at = where(name, device)
    const one = given(name)
    if (one?.kind === 'libraries') {
      const use = useLibraries(name, one, at.prefix)
      const lacksShim = givenWithShim(backend, one).length > givenBases(one).length
      return {
        title: `use the given libraries of ${backend.title} (${device})`,
        needs: [fetch({ backend: name })],
        ...use,
        // Links to where they lie.
        store: false,
        inputs: [...use.inputs, stepFile('fit-header'), ...(lacksShim ? [shimSource('**')] : [])],
        tools: [...(lacksShim ? buildTools(options) : []), 'nm'],
        env: lacksShim ? COMPILER_ENV : [],
        set: BUILD_SET,
        run: [use.run, fitHeader(at.prefix), ...(lacksShim ? shim(backend, 'cpu', at) : [])],
        contracts: [givenContract(backend, device, at)],
      }
    }
    return {
      title: `compile ${backend.title} for ${device}`,
      needs: [fetch({ backend: name }), configureTask({ backend: name, device })],
      inputs: [
        ...local(name, sourcesOf(backend)),
        stepFile('stage'),
        stepFile('fit-header'),
        stepFile('check-libraries'),
        ...(isLocal(name) ? [stepFile('doubt-times')] : []),
        ...(backend.shim ? [shimSource('**')] : []),
      ],
      outputs: [`${at.prefix}/lib/**`, ...headerFolders(backend, at.prefix)],
      tools: [...buildTools(options), ...cuda(device), 'nm'],
      env: COMPILER_ENV,
      passEnv: ['CMAKE_BUILD_PARALLEL_LEVEL', 'CCACHE_DIR'],
      set: BUILD_SET,
      clean: false,
      pool: 'compiler',
      run: [
        ...(isLocal(name)
          ? compileDoubting(at.build, backend.target, {
              source: givenPlace(name)(''),
              names: [...new Set(sourcesOf(backend).map(withoutGlob))],
            })
          : [compile(at.build, backend.target)]),
        step('stage', [at.laid.source], stageOrder(backend, device, at)),
        fitHeader(at.prefix),
        ...shim(backend, device, at),
      ],
      contracts: [libraryContract(backend, device, at)],
    }
  })

  const constants = task('gen-detect-constants', BUILD, ({ backend: name, device }) => {
    const { prefix, constants: into } = where(name, device)
    const one = given(name)
    return {
      title: `write detection constants of ${BACKENDS[name].title} (${device})`,
      needs: [build({ backend: name, device })],
      inputs: [
        stepFile('write-constants'),
        ...(one?.kind === 'libraries' ? givenFiles(name, one) : []),
      ],
      outputs: [`${into}/detect-constants.json`, `${into}/detect_constants.h`],
      set: SET,
      run: writeConstants(
        BACKENDS[name],
        device,
        { prefix, into },
        { source: versionOf(name), given: one },
      ),
    }
  })

  const tool = task('rebuild-tool', BUILD, ({ backend: name, device }) => {
    const { prefix, constants: header, probeBuild } = where(name, device)
    const one = given(name)
    return {
      title: `rebuild bitnet-probe for ${BACKENDS[name].title} (${device})`,
      needs: [build({ backend: name, device }), constants({ backend: name, device })],
      inputs: [probeSource('**')],
      outputs: [`${prefix}/bin/bitnet-probe`],
      store: one?.kind !== 'libraries',
      tools: buildTools(options),
      env: COMPILER_ENV,
      set: BUILD_SET,
      passEnv: ['CMAKE_BUILD_PARALLEL_LEVEL'],
      run: buildProbe(
        probeBuild,
        {
          prefix: absolute(prefix),
          constants: absolute(header),
          output: absolute(`${prefix}/bin`),
        },
        options,
        one?.kind === 'libraries' ? probeOf(one) : undefined,
      ),
    }
  })

  const revalidate = task('revalidate', BUILD, ({ backend: name, device }) => ({
    title: `revalidate ${BACKENDS[name].title} (${device})`,
    // It asks this machine, now.
    store: false,
    needs: [tool({ backend: name, device }), build({ backend: name, device })],
    inputs: [stepFile('revalidate')],
    outputs: [`validation/${name}-${device}.json`],
    facts: ['cpu'],
    set: SET,
    timeoutMs: MINUTE,
    run: step('revalidate', [prefixOf(name, device), `validation/${name}-${device}.json`]),
  }))

  return {
    fetchSource: fetch,
    cmakeConfigure: configureTask,
    cmakeBuild: build,
    genDetectConstants: constants,
    rebuildTool: tool,
    revalidate,
    tasks: [
      fetch,
      configureTask,
      build,
      constants,
      tool,
      revalidate,
      ...(options.workspace ? xtaskTasks(options.workspace) : []),
    ],
    // A compile has all jobs (CMAKE_BUILD_PARALLEL_LEVEL), so there is one at a time. It takes no part in
    // the jobserver: ninja can from 1.13 on, and most machines have an older one.
    pools: { network: 2, compiler: 1 },
    roots: { ...roots(options.given), ...workspaceRoots(options.workspace) },
  }
}

// BitNet-rs compiles against the headers of an installation.
function fitHeader(prefix: string): Command {
  return step('fit-header', [prefix])
}

// In a BitNet-rs checkout xtask is the consumer tool. It is compiled against an installation and not
// against a build of this graph, so nothing here is its need.
function xtaskTasks(workspace: WorkspaceOptions) {
  const rebuild = task('rebuild-xtask', () => ({
    title: `rebuild xtask in ${workspace.path}`,
    inputs: [
      stepFile('rebuild-xtask'),
      ...(workspace.root === undefined ? [] : [installedFile('detect-constants.json')]),
      ...WORKSPACE_SOURCES,
      ...TOOLCHAIN,
    ],
    outputs: [XTASK_REBUILT],
    // The program itself lies in cargo's folder.
    store: false,
    tools: ['cargo', 'rustc'],
    env: [...COMPILER_ENV, ...CARGO_ENV],
    passEnv: CARGO_PASSED,
    set: { ...SET, ...cargoVariables(workspace) },
    pool: 'compiler',
    timeoutMs: 60 * MINUTE,
    run: rebuildXtask(workspace, XTASK_REBUILT),
  }))
  // What somebody builds by hand in between is seen here: the program and its detection are inputs.
  const revalidated = task('revalidate-xtask', () => ({
    title: `revalidate xtask in ${workspace.path}`,
    needs: [rebuild()],
    inputs: [
      stepFile('revalidate-xtask'),
      targetFile('{*,*/*}/xtask{,.exe}?'),
      targetFile('{*,*/*}/build/bitnet-crossval-*/output?'),
    ],
    outputs: ['tool/xtask-validated.json'],
    store: false,
    set: SET,
    timeoutMs: MINUTE,
    run: revalidateXtask(XTASK_REBUILT, 'tool/xtask-validated.json'),
  }))
  return [rebuild, revalidated]
}

/** What the rebuild of xtask wrote down: the program, its constants and where they stand. */
export const XTASK_REBUILT = 'tool/xtask.json'

function workspaceRoots(workspace: WorkspaceOptions | undefined): Record<string, string> {
  if (workspace === undefined) return {}
  const { path, root: installation, rustup, target } = workspace
  return { workspace: path, rustup, target, ...(installation ? { installation } : {}) }
}

/** Where the graph puts a finished build, below its folder; an installation is a copy of it. */
export function prefixOf(backend: BackendName, device: Device): string {
  return `prefix/${backend}-${device}`
}

/** Absolute path of a step, to run it outside the graph. */
export function stepPath(name: string): string {
  const { root: where, path } = stepFile(name)
  return `${roots()[where]}/${path}`
}

// Submodules of a tree on this machine lie in it.
function sourcesOf({ sources, submodules }: Backend): readonly string[] {
  const inside = submodules.flatMap((one) => one.sources.map((glob) => `${one.path}/${glob}`))
  return [...sources, ...inside]
}

function optional(pattern: string): string {
  return pattern.endsWith('?') ? pattern : `${pattern}?`
}

function withoutGlob(pattern: string): string {
  return pattern.replace(/\?$/, '').replace(/\/\*\*$/, '')
}

function headerFolders({ includes }: Backend, prefix: string): readonly string[] {
  return [...new Set(includes.map(({ to }) => `${prefix}/${to}/**`))]
}

function stageOrder(
  { libraries, pieces, libraryFolders, includes }: Backend,
  device: Device,
  { build, prefix }: { readonly build: string; readonly prefix: string },
): object {
  const wanted = libraries[device]
  return { build, prefix, libraries: wanted, pieces, libraryFolders, includes }
}

// CMake wants absolute folders here; the key holds them relative to the graph's folder.
const absolute = root('')

function shortId(path: string): string {
  let hash = 0
  for (const char of path) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0
  return hash.toString(36)
}

export { cargoBuild, cargoClean, cargoVariables } from './tasks/cargo.ts'
export { cmakeInputs, cmakeRoots } from './tasks/cmake-inputs.ts'

export default repairGraph()
