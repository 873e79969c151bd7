// Every sentence that a person reads about a repair is in the files of words/: one for each kind of end.
export * from './words/asked.ts'
export * from './words/refused.ts'
export * from './words/repair-failed.ts'
