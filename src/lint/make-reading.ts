// GNU make lists a folder for one of two things: a pattern in a makefile, as `$(wildcard src/*.c)` or
// `app: src/*.c`, which it expands while it reads, and looking up names, before that and when it decides
// what to make. It begins to decide with the makefiles themselves: it asks for the state of each under the
// name by which it had opened it, and a pattern never asks so. (Seen of 4.3.)
// Each folder is listed once. So a pattern that it expands later, in a recipe, looks as a look-up does, and
// one of the folder where it stands goes unseen, unless -f names the makefile: it listed that one to find it.
import type { Call } from './talks.ts'

/** Which makes read their makefiles. */
export class MakeReading {
  private readonly opened = new Map<number, Set<string>>()
  private readonly deciding = new Set<number>()

  /** A successful call of a make. */
  see({ pid, name, args }: Call): void {
    // It starts itself anew when it has made a makefile.
    if (name.startsWith('execve')) {
      this.opened.delete(pid)
      this.deciding.delete(pid)
    } else if (name.startsWith('open')) {
      if (isMakefile(args)) this.opened.set(pid, this.namesOf(pid).add(nameIn(args)))
    } else if (isStat(name, args) && this.namesOf(pid).has(nameIn(args))) this.deciding.add(pid)
  }

  isReading(pid: number): boolean {
    return this.opened.has(pid) && !this.deciding.has(pid)
  }

  private namesOf(pid: number): Set<string> {
    return this.opened.get(pid) ?? new Set()
  }
}

// Libraries and texts in other languages are opened otherwise.
function isMakefile(args: string): boolean {
  return (
    !args.includes('O_DIRECTORY') && (!args.includes('O_CLOEXEC') || !nameIn(args).startsWith('/'))
  )
}

function isStat(name: string, args: string): boolean {
  return /^(?:stat|newfstatat|statx)$/.test(name) && !/AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH/.test(args)
}

// As it is written, not where it leads.
function nameIn(args: string): string {
  return /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1] ?? ''
}
