// What a machine refuses: room, memory, rights.
import { BUSY, DENIED, EXISTS, NO_MEMORY, READ_ONLY } from './errno-texts.ts'
import { any, type Rule } from './rule.ts'

/** What these leave behind looks like a failure of every other kind. */
export const FULL_MACHINE: readonly Rule[] = [
  {
    cause: 'disk',
    pattern: any`no space left on device  disk quota exceeded  \benospc\b  \bedquot\b
      file size limit exceeded  file too large  disk (?:is )?full  out of disk ?space
      not enough (?:free )?(?:disk )?space  failure writing output to  failed writing body
      kein speicherplatz  plattenplatz \(quota\)  die datei ist zu groß
      aucun espace disponible  quota d'espace disque  fichier trop gros`,
  },
  {
    cause: 'resource(oom)',
    pattern: any`${NO_MEMORY}  cannot fork  too many open files  can't start new thread
      (?:fork|thread|spawn|exec|clone)[^\n]{0,120}(?:${BUSY})
      failed to map segment from shared object$`,
  },
  {
    cause: 'resource(oom)',
    pattern: any`killed signal terminated program  unable to execute command: killed
      internal compiler error: killed  terminated with signal 9  \(signal: 9
      died due to signal 9  \*\*\* \[[^\n]{1,400}\] (?:killed|getötet|processus arrêté)
      \*\*\* \[[^\n]{1,400}\] (?:error|fehler|erreur) 137`,
  },
  // ninja ends with 2 after SIGINT and SIGTERM, and so does make when only its child got it.
  {
    cause: 'interrupted',
    pattern: any`interrupted by user  ^keyboardinterrupt
      \*\*\* \[[^\n]{1,400}\] (?:interrupt|terminated|hangup|unterbrechung|beendet|complété)
      \*\*\* \[[^\n]{1,400}\] (?:error|fehler|erreur) 1(?:30|43)
      (?:interrupt|terminated|hangup) signal terminated program
      (?:\(signal:|terminated with signal|died due to signal) (?:1|2|15)\b`,
  },
]

export const PERMISSION: readonly Rule[] = [
  { cause: 'read-only fs', pattern: any`${READ_ONLY}` },
  {
    cause: 'permission',
    pattern: any`${DENIED}  \beacces\b  \beperm\b  insufficient permission`,
  },
  // cmake's own words for it: without an errno, or with a wrong one ("inappropriate ioctl").
  {
    cause: 'permission',
    pattern: any`file cannot create directory  administrative privileges  cannot open file for write
      error creating directory  file for write in copy operation  unable to \(re\)create
      unable to open cache file for save  failed to open for writing`,
  },
  {
    cause: 'permission',
    pattern: any`cannot create directory(?![^\n]{0,400}(?:${EXISTS}|no such file|not a dir))`,
  },
  // cmake says the same of a file that is missing; but what is being installed was configured
  // before, so the file is there and cmake may not read it.
  { cause: 'permission', stages: ['install'], pattern: any`cannot find source file` },
]
