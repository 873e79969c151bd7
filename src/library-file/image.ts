// What a library says of itself in its headers, whichever the format.

export type Machine = 'x64' | 'ia32' | 'arm64' | 'arm' | 'riscv64' | 'ppc64' | 's390x' | 'other'

export interface LibraryImage {
  readonly format: 'ELF' | 'Mach-O' | 'PE'
  /** Several in a fat Mach-O file; by Node's names. */
  readonly machines: readonly Machine[]
  readonly bits: 32 | 64
  readonly isShared: boolean
  /** SONAME, or the install name on macOS. */
  readonly name: string | undefined
  /** Names of the libraries that it needs; not read of PE. */
  readonly needed: readonly string[]
  /** RUNPATH or RPATH, as written. */
  readonly runpath: string | undefined
}

/** More needs than this no library has, and a damaged one may seem to. */
export const MOST_NEEDED = 256

/** What keeps a program on this machine from loading it, to follow its name: "is for arm64, …". */
export function unfitFor(
  image: LibraryImage,
  { format, machine }: { readonly format: LibraryImage['format']; readonly machine: string },
): string | undefined {
  if (image.format !== format) return `is ${image.format}, and this system loads ${format}`
  if (!image.isShared) return 'is no shared library'
  if ((image.machines as readonly string[]).includes(machine)) return undefined
  return `is for ${image.machines.join(' and ')}, and this machine is ${machine}`
}
