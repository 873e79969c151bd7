// A disk that is soon full, without root where the kernel lets a user mount.

/** Words in front of a command for which that folder is a disk of its own, empty and that small. */
export function smallDisk(folder: string, kilobytes: number): readonly string[] {
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-Urm']
  const mount = `mount -t tmpfs -o size=${kilobytes}k tmpfs '${folder}' && exec "$@"`
  return [...unshare, 'sh', '-c', mount, 'sh']
}
