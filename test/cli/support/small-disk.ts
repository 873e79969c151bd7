// A disk that is soon full or read-only, without root where the kernel lets a user mount.

/** Words in front of a command for which that folder is a disk of its own, empty and that small. */
export function smallDisk(folder: string, kilobytes: number): readonly string[] {
  return mounting(`mount -t tmpfs -o size=${kilobytes}k tmpfs '${folder}'`)
}

/** The same of a disk that is empty and read-only. */
export function readOnlyDisk(folder: string): readonly string[] {
  return mounting(`mount -t tmpfs -o ro tmpfs '${folder}'`)
}

function mounting(mount: string): readonly string[] {
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-Urm']
  return [...unshare, 'sh', '-c', `${mount} && exec "$@"`, 'sh']
}
