// How cmake is called: configure, build of the libraries alone, and the consumer tool.
import { argv, type Command, type Place, type Word } from '../graph/index.ts'
import type { Backend, Device } from './backend.ts'
import type { RepairOptions } from './options.ts'
import { probeSource, shimSource, step } from './places.ts'
import { PLATFORM } from './platform.ts'

/** Source and build folder of one backend on one device. */
export interface BuildPaths {
  readonly source: string | Place
  readonly build: string
  /** Where headers lie that the source lacks; see lay-out.ts. */
  readonly headers: readonly Place[]
}

export function configure(
  backend: Backend,
  device: Device,
  { source, build, headers }: BuildPaths,
  options: RepairOptions,
): Command {
  return argv(
    'cmake',
    '-S',
    source,
    '-B',
    build,
    '-G',
    options.generator ?? 'Ninja',
    '-DCMAKE_BUILD_TYPE=Release',
    '-DBUILD_SHARED_LIBS=ON',
    ...backend.options,
    ...deviceOptions(device, options),
    ...besideEachOther(),
    ...compilerOptions(options),
    // A path with '..' leads through the link into the tree itself, where the stand-in is not.
    ...headers.map((folder) => definition('CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES', folder)),
  )
}

// GGML_NATIVE stays at its default ON, as BitNet-rs builds it; the processor is a fact in the key.
function deviceOptions(device: Device, options: RepairOptions): readonly string[] {
  if (device === 'cpu') return ['-DGGML_CUDA=OFF']
  const architectures = options.cudaArchitectures
  return [
    '-DGGML_CUDA=ON',
    ...(options.compilers?.isVersioned
      ? [`-DCMAKE_CUDA_HOST_COMPILER=${options.compilers.cxx}`]
      : []),
    ...(architectures === undefined ? [] : [`-DCMAKE_CUDA_ARCHITECTURES=${architectures}`]),
  ]
}

// Libraries find each other beside themselves: they are copied, and `cmake --install` would strip it.
function besideEachOther(): readonly string[] {
  if (PLATFORM.origin === undefined) return []
  return ['-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON', `-DCMAKE_INSTALL_RPATH=${PLATFORM.origin}`]
}

// cmake looks for cc, gcc and clang by itself, and in CC and CXX; not for clang-18.
function compilerOptions({ compilers }: RepairOptions): readonly string[] {
  if (!compilers?.isVersioned) return []
  return [`-DCMAKE_C_COMPILER=${compilers.c}`, `-DCMAKE_CXX_COMPILER=${compilers.cxx}`]
}

/** The number of jobs is not part of the result: it comes by CMAKE_BUILD_PARALLEL_LEVEL. */
export function compile(build: string, target: string): Command {
  return argv('cmake', '--build', build, '--target', target)
}

/**
 * The same of a tree that is not ours, where a source may come with an older time than what was compiled of the
 * one before: the inner build goes by times.
 */
export function compileDoubting(
  build: string,
  target: string,
  { source, names }: { readonly source: Place; readonly names: readonly string[] },
): readonly Command[] {
  return [
    step('doubt-times', [build, source, ...names]),
    compile(build, target),
    // The builds of now: what was written meanwhile and comes later is no younger than they.
    argv('cmake', '-E', 'touch', `${build}/.sources-seen`),
  ]
}

/** What `configure` writes that a build stands on. */
export function configured(build: string, options: RepairOptions): readonly string[] {
  const isNinja = (options.generator ?? 'Ninja') === 'Ninja'
  return [`${build}/CMakeCache.txt`, `${build}/${isNinja ? 'build.ninja' : 'Makefile'}`]
}

/** The programs that a build calls through cmake. */
export function buildTools(options: RepairOptions): readonly string[] {
  const isNinja = (options.generator ?? 'Ninja') === 'Ninja'
  const { c, cxx } = options.compilers ?? { c: 'cc', cxx: 'c++' }
  return ['cmake', isNinja ? 'ninja' : 'make', c, cxx]
}

/** How bitnet-probe differs for libraries that were not built here. */
export interface ProbeChoices {
  /** Without headers it declares itself the few functions that it calls. */
  readonly hasHeaders: boolean
  /** Base names of what it links; llama alone unless said. */
  readonly libraries: readonly string[]
}

/** Builds bitnet-probe from nothing: it takes a second, and a moved checkout leaves no trace. */
export function buildProbe(
  build: string,
  { prefix, constants, output }: Readonly<Record<'prefix' | 'constants' | 'output', Place>>,
  options: RepairOptions,
  choices?: ProbeChoices,
): readonly Command[] {
  const definitions = [
    definition('PROBE_PREFIX', prefix),
    definition('PROBE_CONSTANTS_DIR', constants),
    definition('PROBE_OUTPUT_DIR', output),
    ...(choices === undefined
      ? []
      : [
          `-DPROBE_HEADERS=${choices.hasHeaders ? 'ON' : 'OFF'}`,
          `-DPROBE_LIBRARIES=${choices.libraries.join(';')}`,
        ]),
  ]
  return fromNothing(probeSource(''), build, definitions, options)
}

/** Builds libbitnet into an installation: the genuine one where the source has it, else ours. */
export function buildShim(
  build: string,
  {
    prefix,
    genuine,
    source,
  }: { readonly prefix: Place; readonly genuine?: Word; readonly source: string },
  options: RepairOptions,
): readonly Command[] {
  const { cudaArchitectures } = options
  const definitions = [
    definition('SHIM_PREFIX', prefix),
    `-DSHIM_SOURCE=${source}`,
    ...(genuine ? [['-DSHIM_GENUINE=', ...[genuine].flat()] as Word] : []),
    ...(genuine && cudaArchitectures ? [`-DCMAKE_CUDA_ARCHITECTURES=${cudaArchitectures}`] : []),
  ]
  return fromNothing(shimSource(''), build, definitions, options)
}

function fromNothing(
  source: Place,
  build: string,
  definitions: readonly Word[],
  options: RepairOptions,
): readonly Command[] {
  const generator = options.generator ?? 'Ninja'
  const type = '-DCMAKE_BUILD_TYPE=Release'
  const compilers = compilerOptions(options)
  return [
    argv('cmake', '-E', 'rm', '-rf', build),
    argv('cmake', '-S', source, '-B', build, '-G', generator, type, ...compilers, ...definitions),
    argv('cmake', '--build', build),
  ]
}

function definition(name: string, path: Place): Word {
  return [`-D${name}=`, path]
}
