// Asking for what may not be there.

// ENOTDIR (a file where a folder should be) and ELOOP say the same as ENOENT: nothing is there.
const ABSENT: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP']

export function absentIsUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (ABSENT.includes((error as NodeJS.ErrnoException).code)) return undefined
    throw error
  }
}
