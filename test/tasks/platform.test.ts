// What differs between the three systems, asked of each of them on any of them.
import * as assert from 'uvu/assert'

import { INSTALL, PLATFORM, platformOf } from '../../tasks/platform.ts'
import { suite } from '../support/suite.ts'

const platform = suite('platform')
const linux = platformOf('linux')
const darwin = platformOf('darwin')
const win32 = platformOf('win32')
const ALL = [linux, darwin, win32]

platform('this process runs on one of them', () => {
  assert.is(PLATFORM, platformOf(process.platform))
})

platform('AC-258 WSL is Linux, and so is a system that we have never heard of', () => {
  const wsl = { WSL_DISTRO_NAME: 'Ubuntu', LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' }
  assert.is(linux.cacheFolder(wsl, '/home/me'), '/home/me/.cache')
  assert.is(linux.shell(wsl), 'sh')
  assert.is(platformOf('freebsd'), linux)
})

platform('AC-186 each has its own cache folder', () => {
  assert.is(linux.cacheFolder({}, '/home/me'), '/home/me/.cache')
  assert.is(linux.cacheFolder({ XDG_CACHE_HOME: '/scratch/me' }, '/home/me'), '/scratch/me')
  assert.is(darwin.cacheFolder({ XDG_CACHE_HOME: '/x' }, '/Users/me'), '/Users/me/Library/Caches')
  assert.is(win32.cacheFolder({}, 'C:\\Users\\me'), 'C:\\Users\\me\\AppData\\Local')
  assert.is(win32.cacheFolder({ LOCALAPPDATA: 'D:\\cache' }, 'C:\\Users\\me'), 'D:\\cache')
})

platform('a relative or empty XDG_CACHE_HOME is ignored', () => {
  for (const XDG_CACHE_HOME of ['', 'cache', './cache'])
    assert.is(linux.cacheFolder({ XDG_CACHE_HOME }, '/home/me'), '/home/me/.cache')
})

platform('AC-052 each names its libraries', () => {
  assert.equal(
    ALL.map(({ library }) => library('ggml-base')),
    ['libggml-base.so', 'libggml-base.dylib', 'ggml-base.dll'],
  )
})

const BASES: readonly (readonly [typeof linux, string, string | undefined])[] = [
  [linux, 'libllama.so', 'llama'],
  [linux, 'libllama.so.0', 'llama'],
  [linux, 'libllama.so.0.5.0', 'llama'],
  [linux, 'libggml-cpu-x64.so', 'ggml-cpu-x64'],
  [linux, 'libllama.so.bak', undefined],
  [linux, 'libllama.so.0~', undefined],
  [linux, 'libllama.a', undefined],
  [linux, 'libllama.dylib', undefined],
  [linux, 'llama.so', undefined],
  [linux, 'lib.so', undefined],
  [darwin, 'libllama.dylib', 'llama'],
  [darwin, 'libllama.0.dylib', 'llama'],
  [darwin, 'libllama.0.5.0.dylib', 'llama'],
  [darwin, 'libllama.so', undefined],
  [darwin, 'libllama.dylib.dSYM', undefined],
  [win32, 'llama.dll', 'llama'],
  [win32, 'LLAMA.DLL', 'LLAMA'],
  [win32, 'libllama.dll', 'llama'],
  [win32, 'llama.lib', undefined],
  [win32, 'libllama.dll.a', undefined],
]
for (const [on, file, base] of BASES)
  platform(`${on.title}: '${file}' is ${base ? `a file of '${base}'` : 'no library'}`, () => {
    assert.is(on.libraryBase(file), base)
  })

platform('what each calls a library, it knows again', () => {
  for (const { library, libraryBase } of ALL)
    for (const base of ['llama', 'ggml-base', 'bitnet']) assert.is(libraryBase(library(base)), base)
})

platform('the file of a compiled program', () => {
  assert.equal(
    ALL.map(({ program }) => program('node')),
    ['node', 'node', 'node.exe'],
  )
})

platform('AC-256 the loader: a variable, a separator, and an RPATH where there is one', () => {
  assert.equal(
    ALL.map(({ loaderVariable, separator, origin }) => [loaderVariable, separator, origin]),
    [
      ['LD_LIBRARY_PATH', ':', '$ORIGIN'],
      ['DYLD_LIBRARY_PATH', ':', '@loader_path'],
      ['PATH', ';', undefined],
    ],
  )
})

platform('AC-110 Windows alone cannot replace a process', () => {
  assert.equal(
    ALL.map(({ canExec }) => canExec),
    [true, true, false],
  )
})

platform('AC-257 the shell on Windows is PowerShell, and sh in Git Bash', () => {
  assert.is(win32.shell({}), 'pwsh')
  assert.is(win32.shell({ MSYSTEM: 'MINGW64' }), 'sh')
  for (const unix of [linux, darwin]) assert.is(unix.shell({ PSModulePath: '/x' }), 'sh')
})

platform('AC-260 what messages tell people to type fits their system', () => {
  assert.ok(linux.installSteps.includes('sudo apt-get install cmake build-essential git'))
  assert.ok(linux.installSteps.includes('sudo yum install cmake gcc-c++ git'))
  assert.ok(darwin.installSteps.includes('xcode-select --install'))
  assert.ok(win32.installSteps.every((step) => step.startsWith('winget install ')))
  assert.equal(
    ALL.map(({ installers }) => installers[0]),
    ['apt-get', 'brew', 'winget'],
  )
  for (const { installers } of ALL)
    for (const name of installers) assert.ok(INSTALL[name].startsWith(name))
  assert.is(linux.showOwner('/a'), 'ls -ld /a')
  assert.is(darwin.takeOver('/a'), 'sudo chown -R $USER /a')
  assert.is(win32.showOwner('C:\\a'), 'icacls C:\\a')
  assert.not.match(win32.takeOver('C:\\a'), /sudo|chown/)
  assert.is(linux.setVariable('A', '~/b'), 'export A=~/b')
  assert.is(win32.setVariable('A', 'C:\\b'), "$env:A = 'C:\\b'")
})

platform.run()
